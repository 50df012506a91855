"""The size of every letter and of every axis.

Exact sources first, to a fixpoint: a bare letter has the size of its axis, a group ``(h,d)``
divides it. Where that stops, one weaker source is used and the exact ones go on: the extent of a
``+=`` target, a bare letter under ``pad``, the affine rule for a letter open in ``c*p + ...``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from symbp.language.program import Program
from symbp.language.recurrence import Recurrence
from symbp.language.spots import Place, Size, Sizes, Spot, reach, spots
from symbp.language.tree import Affine, Group
from symbp.language.walk import show


def infer(
    program: Program, given: Mapping[str, int], recurrences: Mapping[str, Recurrence]
) -> Sizes:
    """Every size there is; letters and axes that stay open are missing. Raises InputError."""
    known: dict[str, Size] = {**given, program.batch[0]: None}
    sizes = Sizes(program, spots(program, recurrences), known)
    sizes.origin = dict.fromkeys(given, "sizes") | {program.batch[0]: "the batch"}
    for name, axes in program.given.items():
        for axis, size in enumerate(axes):
            if not isinstance(size, str):
                sizes.axes[name, axis] = size
    while _exact(sizes) or _extent(sizes) or _padded(sizes) or _affine(sizes):
        pass
    return sizes


def _exact(sizes: Sizes) -> bool:
    """One round of the exact sources; whether anything became known."""
    news = False
    for name, axes in sizes.program.given.items():
        for axis, letter in enumerate(axes):
            if isinstance(letter, str):
                news |= sizes.unite(letter, (name, axis), None)
    for spot in sizes.spots:
        position = spot.position
        if not spot.exact:
            continue
        if isinstance(position, Affine) and position.letter:
            news |= sizes.unite(position.letter, spot.place, spot)
        elif isinstance(position, Group):
            news |= _group(sizes, spot, position)
        elif (
            spot.use.written
            and position == Affine()
            and not (spot.free or spot.place in sizes.axes)
        ):
            sizes.axes[spot.place] = 1  # y[n,0] = ... has one entry
            news = True
    return news


def _group(sizes: Sizes, spot: Spot, group: Group) -> bool:
    """``(h,d)``: the size of the axis is the product of those of its letters."""
    letters = _bare(sizes, spot, group)
    if letters is None:
        return False
    open_ = [letter for letter in letters if letter not in sizes.letters]
    known = [letter for letter in letters if letter in sizes.letters]
    if None in [sizes.letters[letter] for letter in known]:
        problem = f"'{show(group)}' groups the batch; group the axes of one sample"
        sizes.program.fail(spot.use.equation, problem)
    product = math.prod(sizes.letters[letter] or 1 for letter in known)
    size = sizes.axes.get(spot.place, 0) if len(open_) < 2 else 0
    name, axis = spot.place
    if size is None:
        problem = f"'{show(group)}' splits the batch, axis {axis + 1} of {name}"
        sizes.program.fail(spot.use.equation, f"{problem}; write {sizes.program.batch[0]}")
    if size and size % product:
        factors = "*".join(f"size({letter})" for letter in known)
        problem = f"axis {axis + 1} of {name} has size {size}"
        sizes.program.fail(spot.use.equation, f"{problem}, not divisible by {factors} = {product}")
    if size and open_:
        sizes.letters[open_[0]] = size // product
        sizes.origin[open_[0]] = f"{show(group)}, axis {axis + 1} of {name}"
        return True
    if size and size != product:
        problem = f"{show(group)} has {product} positions, axis {axis + 1} of {name} has {size}"
        sizes.program.fail(spot.use.equation, f"{problem}; make them equal")
    if not size and not open_:
        sizes.axes[spot.place] = product
        return True
    return False


def _bare(sizes: Sizes, spot: Spot, group: Group) -> list[str] | None:
    """The letters of a group; None where its first part is more than a letter.

    The others must be letters: their sizes are the strides.
    """
    letters = [part.letter if isinstance(part, Affine) else None for part in group.parts]
    if None in letters[1:]:
        problem = f"'{show(group)}' has more than a letter behind its first part"
        sizes.program.fail(spot.use.equation, f"{problem}; write letters there, or a sum")
    return None if letters[0] is None else [letter for letter in letters if letter]


def _extent(sizes: Sizes) -> bool:
    """The target of ``+=`` reaches as far as it is written."""
    ends: dict[Place, list[int | None]] = {}
    for spot in sizes.spots:
        if spot.use.written and not spot.exact and spot.place not in sizes.axes:
            span = reach(sizes, spot.position)
            ends.setdefault(spot.place, []).append(span and span[1])
    for place, found in ends.items():
        known = [end for end in found if end is not None]
        if len(known) == len(found):
            sizes.axes[place] = max(known) + 1
            return True
    return False


def _padded(sizes: Sizes) -> bool:
    """A bare letter under ``pad`` has the size of its axis, where nothing else says its size."""
    for spot in sizes.spots:
        letter = spot.position.letter if isinstance(spot.position, Affine) else None
        if spot.use.padded and letter and letter not in sizes.letters and spot.place in sizes.axes:
            return sizes.unite(letter, spot.place, spot)
    return False


def _affine(sizes: Sizes) -> bool:
    """One open letter p in ``c*p + rest``: the most positions that stay inside the axis.

    size(p) = floor((S - 1 - high)/c) + 1, high the largest value of the rest; under ``pad`` its
    lowest value counts too, so that both sides are padded alike. Reads of one axis count together.
    """
    spans: dict[str, dict[tuple[Place, int, bool], list[tuple[int, int, Spot]]]] = {}
    for spot in sizes.spots:
        position = spot.position
        if not isinstance(position, Affine) or spot.use.written or spot.place not in sizes.axes:
            continue
        open_ = [(c, letter) for c, letter in position.terms if letter not in sizes.letters]
        if len(open_) != 1 or open_[0][0] < 1 or (spot.free and not spot.use.padded):
            continue
        coefficient, letter = open_[0]
        span = reach(sizes, _without(position, letter))
        if span is not None:
            key = spot.place, coefficient, spot.use.padded
            spans.setdefault(letter, {}).setdefault(key, []).append((*span, spot))
    for letter, groups in spans.items():
        sizes.letters[letter] = min(_most(sizes, key, reads) for key, reads in groups.items())
        sizes.origin[letter] = show(next(iter(groups.values()))[0][2].use.read)
        return True
    return False


def _most(sizes: Sizes, key: tuple[Place, int, bool], reads: list[tuple[int, int, Spot]]) -> int:
    (name, axis), coefficient, padded = key
    low, high = min(low for low, _, _ in reads), max(high for _, high, _ in reads)
    size = sizes.axes[name, axis]
    spot = reads[0][2]
    if size is None:
        problem = f"'{show(spot.use.read)}' moves along the batch, axis {axis + 1} of {name}"
        sizes.program.fail(spot.use.equation, f"{problem}; write {sizes.program.batch[0]}")
    most = (size - 1 - high + (-low if padded else 0)) // coefficient + 1
    if most < 1:
        problem = f"axis {axis + 1} of {name} has size {size}, too short for {show(spot.position)}"
        sizes.program.fail(spot.use.equation, f"{problem}; make it longer, or pad it")
    return most


def _without(position: Affine, letter: str) -> Affine:
    terms = tuple(term for term in position.terms if term[1] != letter)
    return Affine(terms, position.constant, position.sizes)
