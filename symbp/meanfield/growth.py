"""How fast an activation grows: which moments of it exist."""

from __future__ import annotations

import math

import numpy as np

from symbp.meanfield.activation import Activation
from symbp.meanfield.jets import steepness
from symbp.meanfield.panels import Panels

STEPS = (2.0**10, 2.0**6, 2.0**3, 2.0)  # beyond the largest float
NEAR_TWO = 0.02


def largest_variance(activation: Activation, panels: Panels) -> float:
    """The q from which E[phi(sqrt(q) z)^2] diverges: inf for none, 0 for all.

    |phi| that passes every float grows like exp(c*|x|**p): x phi'/phi is c*p*|x|**p there. The moment
    exists for p < 2, for p = 2 while 2 c < 1/(2 q), and never for p > 2.
    """
    return min(_on_one_side(activation, panels, side) for side in (-1.0, 1.0))


def _on_one_side(activation: Activation, panels: Panels, side: float) -> float:
    lost = np.isinf(panels.squares[..., 0]) & (panels.x * side > 0)
    if not lost.any():
        return math.inf
    edge = float(abs(panels.x[lost]).min())
    for step in STEPS:
        x = side * edge * step * np.array([1.0, 2.0])
        near, far = steepness(activation, x)
        if math.isfinite(far) and near > 0 and far > 0:
            power = math.log2(far / near)
            if abs(power - 2) < NEAR_TWO:
                return float(x[1] ** 2 / (2 * far))
            return math.inf if power < 2 else 0.0
    return 0.0
