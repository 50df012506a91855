"""All that is found out about an activation before a variance is known; refused is what has no moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symbp.errors import InputError
from symbp.meanfield.activation import Activation
from symbp.meanfield.expectation import Expectations
from symbp.meanfield.growth import largest_variance
from symbp.meanfield.jets import Array, values, without_value
from symbp.meanfield.landmarks import landmarks
from symbp.meanfield.panels import cut
from symbp.meanfield.poles import Pole, jumps, mended

ROUND = (-1.0, 1.0, -2.0, 2.0, -10.0, 10.0, 0.5, -0.5)  # numbers to show a mistake at


@dataclass(frozen=True, eq=False)
class Survey:
    """``landmarks`` are where phi bends, jumps or makes a step; ``steep`` those of them beside which
    E[phi'^2] diverges; ``limit`` is the variance from which E[phi^2] diverges (inf: none)."""

    landmarks: tuple[float, ...]
    expectations: Expectations
    steep: tuple[float, ...]
    limit: float


def survey(activation: Activation) -> Survey:
    """Raises InputError where phi has no real value somewhere, or no second moment at any variance."""
    _check_real(activation, np.array(ROUND))
    points = landmarks(activation)
    panels = cut(activation, points)
    lost = panels.x[np.isnan(panels.phi)]
    _check_real(activation, lost[np.argsort(abs(lost))][:1])
    panels, poles = mended(activation, panels, points)
    limit = largest_variance(activation, panels)
    _check_moments(activation, poles, limit)
    steep = tuple(sorted({pole.x for pole in poles}, key=abs))
    sums = Expectations(panels, tuple(jumps(activation, panels, points)))
    return Survey(tuple(map(float, points)), sums, steep, limit)


def _check_real(activation: Activation, points: Array) -> None:
    """Raises InputError for the first of the points at which phi has no value."""
    phi, _ = values(activation, points)
    missing = points[np.isnan(phi)]
    if missing.size:
        x = float(missing[0])
        raise InputError(
            f"'{activation.text}' has no real value at x = {x:g}, for {without_value(activation, x)} "
            "has none; an activation needs one at every x"
        )


def _check_moments(activation: Activation, poles: list[Pole], limit: float) -> None:
    what = f"E[phi(sqrt(q) z)^2] diverges for '{activation.text}'"
    found = sorted((pole.x for pole in poles if pole.which == 0), key=abs)
    if found:
        raise InputError(f"{what}: phi has a pole at x = {found[0]:.6g}")
    if limit == 0:
        raise InputError(f"{what} at every q > 0: phi grows faster than exp(c*x**2) for any c")
