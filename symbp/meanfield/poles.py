"""Points at which phi^2 or phi'^2 has no bound: whether it can be integrated there, and jumps of phi."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from symbp.meanfield.activation import Activation
from symbp.meanfield.jets import Array, values
from symbp.meanfield.panels import Panels, sample

SHELLS = (2.0**-28, 2.0**-20, 2.0**-10)  # distances from a point, by its distance from 0
CENTRAL = (2.0**-60, 2.0**-30, 2.0**-12)  # and around 0: rounding spoils the first ones alone
SIDES = np.array([-1.0, 1.0])
DOUBLED = np.array([0.0, 1.0, 3.0])  # from w to 2 w to 4 w
DIVERGES = 0.995  # ratio of integrals over halved distances; 1 is 1/distance, 1/2 is a constant
UNBOUNDED = 0.55
JUMP = 1e-9


@dataclass(frozen=True)
class Pole:
    """A point beside which phi^2 (``which`` 0) or phi'^2 (1) has no finite integral."""

    x: float
    which: int


def mended(activation: Activation, panels: Panels, points: Array) -> tuple[Panels, list[Pole]]:
    """The panels, with what the pieces beside an integrable pole miss; and the other poles.

    Beside a pole phi^2 is about c/distance**a: its integrals over halved distances have the ratio
    r = 2**(a - 1), and what is left below the last one is r/(1 - r) of it.
    """
    squares, errors, poles = panels.squares.copy(), panels.errors.copy(), []
    ratios = _ratios(activation, points)
    for (i, j), side in np.ndenumerate(np.broadcast_to(SIDES, (len(points), 2))):
        k = _touching(panels, float(points[i]), float(side))
        for which in (0, 1):
            ratio = ratios[i, j, 0, which]
            if (ratios[i, j, :, which] >= DIVERGES).all():
                poles.append(Pole(float(points[i]), which))
                errors[k, which] = 0.0
            elif UNBOUNDED < ratio < DIVERGES:
                width = panels.right[k] - panels.left[k]
                above = _shells(activation, points[i], side, width)[0, which]
                missing = above * ratio / (1 - ratio) - panels.integrals[k, which]
                squares[k, :, which] += missing / width
                errors[k, which] = abs(missing) * 1e-6
    return replace(panels, squares=squares, errors=errors), poles


def _ratios(activation: Activation, points: Array) -> Array:
    """Integrals of phi^2 and phi'^2 from w to 2 w over those from 2 w to 4 w: (points, sides, widths,
    2). A point where they are finite has 1/2; infinite is what cannot be told."""
    widths = np.where(points[:, None] == 0, CENTRAL, np.multiply.outer(abs(points), SHELLS))
    near, far = np.moveaxis(
        _shells(activation, points[:, None, None], SIDES[:, None], widths[:, None]), -2, 0
    )
    with np.errstate(all="ignore"):
        ratio = np.where(far > 0, near / far, 0.5)
    return np.where(np.isfinite(near), ratio, np.inf)


def _touching(panels: Panels, point: float, side: float) -> int:
    """The piece that begins or ends at a point."""
    ends = panels.left if side > 0 else panels.right
    return int(np.argmin(abs(ends - point)))


def _shells(activation: Activation, point: Array, side: Array, width: Array) -> Array:
    """Integrals of phi^2 and phi'^2 (..., 2, 2) over distances w to 2 w and 2 w to 4 w from points."""
    ends = (
        np.asarray(point + side * width)[..., None] + np.asarray(side * width)[..., None] * DOUBLED
    )
    left, right = (
        np.minimum(ends[..., :-1], ends[..., 1:]),
        np.maximum(ends[..., :-1], ends[..., 1:]),
    )
    with np.errstate(invalid="ignore"):
        found = sample(activation, left.ravel(), right.ravel()).integrals
    return found.reshape(*left.shape, 2)


def jumps(activation: Activation, panels: Panels, points: Array) -> list[tuple[float, float]]:
    """(x, phi(x+)^2 - phi(x-)^2) wherever phi jumps."""
    step = np.where(points == 0, 1e-300, 4e-16 * abs(points))
    below, above = (values(activation, points + side * step)[0] ** 2 for side in (-1, 1))
    heights = above - below
    inside = (abs(panels.x) < 1) & np.isfinite(panels.phi)
    scale = np.maximum(above + below, panels.squares[inside, 0].max(initial=0.0))
    large = np.isfinite(heights) & (abs(heights) > JUMP * scale)
    return [(float(x), float(h)) for x, h in zip(points[large], heights[large], strict=True)]
