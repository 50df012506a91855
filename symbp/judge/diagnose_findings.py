"""What is looked at, and what is found: data of the diagnosis, and how two arrays compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from symbp.judge.evaluate import Array
from symbp.judge.mutations_mistake import Mutation

EXACT = 1e-9  # of the largest entry: as near as rounding lets two ways of computing come
Mistakes = tuple[Mutation, ...]


@dataclass(frozen=True, eq=False)
class Observed:
    """What an answer says at every point: gradients by the parameters' tensors, and adjoints of
    activations by theirs, where the answer names them.

    ``wrong`` are the parameters to be explained, from the loss towards the input. ``exact`` is how near
    a mistake has to come, relative to the largest entry.
    """

    gradients: Mapping[str, tuple[Array, ...]]
    adjoints: Mapping[str, tuple[Array, ...]]
    wrong: tuple[str, ...]
    right: frozenset[str]
    exact: float = EXACT


@dataclass(frozen=True, eq=False)
class Finding:
    """One explanation: mistakes that combine, one or two, and the parameters that they explain, those
    nearest the loss first. ``also`` are other names for the same; ``partial`` where the mistake was made
    only in what flows into these."""

    mistakes: Mistakes
    parameters: tuple[str, ...]
    also: Mistakes = ()
    partial: bool = False


def close(
    found: Array | None, wanted: Array | None, scale: float = 0.0, exact: float = EXACT
) -> bool:
    """Whether two arrays agree to ``exact`` of the larger of ``scale`` and the wanted entries."""
    if found is None or wanted is None or found.shape != wanted.shape:
        return False
    if not (np.isfinite(found).all() and np.isfinite(wanted).all()):
        return False
    largest = max(float(np.abs(wanted).max(initial=0)), scale)
    return bool(np.abs(found - wanted).max(initial=0) <= exact * largest)


def ratio(value: Array, wanted: Array | None, exact: float = EXACT) -> float | None:
    """The one constant that makes ``wanted`` the value, if there is one."""
    if wanted is None or value.shape != wanted.shape or value.size < 1:
        return None
    square = float(np.vdot(wanted, wanted))
    if not square or not np.isfinite(square) or not np.isfinite(value).all():
        return None
    found = float(np.vdot(wanted, value)) / square
    return found if found and close(value, found * wanted, exact=exact) else None


def plain(value: float) -> Fraction | float:
    """A number as a fraction of small numbers where it is one."""
    near = Fraction(value).limit_denominator(64)
    return near if abs(float(near) - value) <= 1e-7 * abs(value) else value
