"""Where an activation bends, jumps, has a pole or makes a step: the points to cut integrals at."""

from __future__ import annotations

import numpy as np

from symbp.meanfield.activation import Activation
from symbp.meanfield.jets import Array
from symbp.meanfield.jets import marks as marks_of

MOST = 100  # landmarks, those closest to 0
HALVINGS = 64
_NEAR = np.arange(-64, 64, 2.0**-6) + 2.0**-11  # not where people put kinks
_FAR = 2.0 ** np.arange(-32, 22, 2.0**-4)
SEARCHED = np.unique(np.concatenate([_NEAR, _FAR, -_FAR]))


def landmarks(activation: Activation) -> Array:
    """The zeros and the extrema of whatever the formula compares, divides by or calls a function of.

    Sign changes on a fine grid, each halved down to neighbouring floats: exact to the last bit.
    """
    signs = _signs(activation, SEARCHED)
    changes = signs[..., 1:] != signs[..., :-1]
    changes[:, 1] = (
        signs[:, 1, 1:] * signs[:, 1, :-1] == -1
    )  # a slope that fades out is no extremum
    marks, kinds, at = np.nonzero(changes)
    found = _halved(activation, marks, kinds, SEARCHED[at], SEARCHED[at + 1])
    points = np.unique(np.append(found, 0.0))
    return np.sort(points[np.argsort(abs(points), kind="stable")][:MOST])


def _halved(activation: Activation, marks: Array, kinds: Array, left: Array, right: Array) -> Array:
    """The points between ``left`` and ``right`` at which a mark's value or slope changes sign."""

    def sign(x: Array) -> Array:
        return _signs(activation, x)[marks, kinds, np.arange(len(x))]

    if not left.size:
        return left
    start = sign(left)
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        same = sign(middle) == start
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return np.where(sign(right) == 0, right, np.where(sign(left) == 0, left, right))


def _signs(activation: Activation, x: Array) -> Array:
    """Of every mark's value and slope (marks, 2, points): -1, 0 or 1, and 2 where there is none."""
    known = np.array(marks_of(activation, x)).reshape(-1, 2, len(x))
    return np.where(np.isnan(known), 2.0, np.sign(known))
