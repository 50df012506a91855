"""Indices of a tensor: letters, steps beside them (t-1, l+1), windows (2p+u), and plain numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from symbp.judge.text.values import Array, Misfit

TERM = re.compile(r"([+-]?)(\d*)([a-z]?)")
AFFINE = re.compile(r"[+-]?(?:\d*[a-z]|\d+)(?:[+-](?:\d*[a-z]|\d+))*")
RUN = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Index:
    """``sum of coefficient * letter + offset``."""

    terms: tuple[tuple[int, str], ...]
    offset: int = 0

    @property
    def letter(self) -> str:
        """Of an index that is one letter alone, else empty."""
        plain = len(self.terms) == 1 and self.terms[0][0] == 1
        return self.terms[0][1] if plain and not self.offset else ""


def index(text: str) -> Index:
    terms, offset = [], 0
    for sign, count, letter in TERM.findall(text):
        value = int(count or 1) * (-1 if sign == "-" else 1)
        if letter:
            terms.append((value, letter))
        elif count:
            offset += value
    return Index(tuple(terms), offset)


def split(
    base: str, below: str, above: str, known: Callable[[str], bool]
) -> tuple[str, tuple[str, ...]] | None:
    """A name's key and its indices: ``W_{1,ij}^{(l)}`` is W1 at l, i, j. None for no known name."""
    for label, upper in _labels(above):
        for own, lower in _labels(below):
            for key in (base + own + label, base + label + own):
                if known(key):
                    return key, (*upper, *lower)
    return None


def _labels(script: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every way in which a script may be a label, then indices; the longest label first."""
    parts = [part for part in script.split(",") if part]
    found = []
    for count in range(len(parts), -1, -1):
        indices = _indices(parts[count:])
        if indices is not None:
            found.append(("".join(parts[:count]), indices))
        match = re.fullmatch(r"(.*\d)([a-z]+)", parts[count - 1]) if count else None
        if match:  # a number and the letters behind it
            rest = _indices([match[2], *parts[count:]])
            if rest is not None:
                found.append(("".join([*parts[: count - 1], match[1]]), rest))
    return found


def _indices(parts: list[str]) -> tuple[str, ...] | None:
    made: list[str] = []
    for part in parts:
        if RUN.fullmatch(part):
            made += part
        elif AFFINE.fullmatch(part):
            made.append(part)
        else:
            return None
    return tuple(made) if len({*made}) == len(made) else None


def read(
    data: Array,
    axes: Mapping[int, str],
    sizes: Mapping[str, int],
    *,
    padded: bool,
    start: int,
) -> Array:
    """The array with the axes of ``axes`` replaced by the letters of their indices, in the order in
    which ``letters`` gives them, in front.

    ``sizes`` are those of letters that an index beside a letter runs over; with ``padded`` what lies
    outside is zero, as in front of the first step. Raises Misfit.
    """
    order = letters(axes)
    shape = [sizes.get(letter, 0) for letter in order]
    if 0 in shape:
        raise Misfit(f"how far {order[shape.index(0)]} runs is told by nothing", start, "unknown")
    places, inside = [], np.ones(shape, dtype=bool)
    for axis, text in sorted(axes.items()):
        own = index(text)
        place = np.full(shape, own.offset)
        for coefficient, letter in own.terms:
            along = [-1 if other == letter else 1 for other in order]
            place = place + coefficient * np.arange(sizes[letter]).reshape(along)
        inside &= (place >= 0) & (place < data.shape[axis])
        places.append(np.clip(place, 0, data.shape[axis] - 1))
    if not inside.all() and not padded:
        raise Misfit("an index runs beyond its axis", start)
    moved = np.moveaxis(data, sorted(axes), range(len(axes)))
    found = moved[tuple(places)]
    return found * inside.reshape((*shape, *[1] * (found.ndim - len(shape))))


def beside(indices: tuple[str, ...]) -> str:
    """What tells h^{(l+1)} and h^{(12)} from h^{(l)}: the indices that are no letters."""
    return "".join(f"[{text}]" for text in indices if not index(text).letter)


def letters(axes: Mapping[int, str]) -> tuple[str, ...]:
    """The letters of all indices, each once, in the order of the axes."""
    return tuple(dict.fromkeys(a for _, text in sorted(axes.items()) for _, a in index(text).terms))


def placed(
    indices: tuple[str, ...], own: tuple[str | None, ...], ndim: int
) -> dict[int, str] | None:
    """Which axis each index stands for: all of them in order, or some by the letter that the axis has
    in the layer's formula; the first axis counts the samples. None where that is not told."""
    if len(indices) == ndim:
        return dict(enumerate(indices))
    found: dict[int, str] = {}
    for text in indices:
        names = {letter for _, letter in index(text).terms}
        by_name = [k for k, letter in enumerate(own) if letter in names and k not in found]
        free = [k for k in range(ndim) if k not in found]
        if not by_name and not free:
            return None
        found[by_name[0] if by_name else free[0]] = text
    return found
