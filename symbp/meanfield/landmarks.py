"""Where an activation bends, jumps, has a pole or makes a step: the points to cut integrals at."""

from __future__ import annotations

import numpy as np

from symbp.meanfield.activation import Activation
from symbp.meanfield.jets import Array, marks

MOST = 100  # landmarks, those closest to 0
HALVINGS = 64
_NEAR = np.arange(-64, 64, 2.0**-6) + 2.0**-11  # not where people put kinks
_FAR = 2.0 ** np.arange(-32, 22, 2.0**-4)
SEARCHED = np.unique(np.concatenate([_NEAR, _FAR, -_FAR]))


def landmarks(activation: Activation) -> Array:
    """The zeros and the extrema of whatever the formula compares, divides by or calls a function of.

    Sign changes on a fine grid, each halved down to neighbouring floats: exact to the last bit.
    """
    found = [np.zeros(1)]
    first = marks(activation, SEARCHED)
    for k, (value, slope) in enumerate(first):
        changes = _sign(value)[1:] != _sign(value)[:-1]
        turns = _sign(slope)[1:] * _sign(slope)[:-1] == -1
        for kind, where in enumerate((changes, turns)):
            at = np.flatnonzero(where)
            if at.size:
                found.append(_halved(activation, k, kind, SEARCHED[at], SEARCHED[at + 1]))
    points = np.unique(np.concatenate(found))
    return np.sort(points[np.argsort(abs(points), kind="stable")][:MOST])


def _halved(activation: Activation, mark: int, kind: int, left: Array, right: Array) -> Array:
    """The points between ``left`` and ``right`` at which a mark's value or slope changes sign."""

    def sign(x: Array) -> Array:
        return _sign(marks(activation, x)[mark][kind])

    start = sign(left)
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        same = sign(middle) == start
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return np.where(sign(right) == 0, right, np.where(sign(left) == 0, left, right))


def _sign(value: Array) -> Array:
    """-1, 0 or 1, and 2 where there is no value."""
    return np.where(np.isnan(value), 2.0, np.sign(value))
