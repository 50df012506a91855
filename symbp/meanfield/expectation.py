"""Expectations under normal densities: sums over the points at which an activation is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symbp.meanfield.jets import Array
from symbp.meanfield.panels import Panels

ROUNDING = 4e-15
HIGHEST = 700.0  # the logarithm of phi^2 where it leaves the floats
NEGLIGIBLE = 34.0  # a part of exp(-34) is below a float's last digit
CHUNK = 64  # variances at once


@dataclass(frozen=True)
class Values:
    """Arrays over variances: E[phi^2], E[phi'^2], the derivative of the first by the variance,
    E[phi], and the error (2, variances) that each of the first two may have."""

    second: Array
    slope: Array
    rise: Array
    mean: Array
    errors: Array


def expectations(panels: Panels, jumps: tuple[tuple[float, float], ...], q: Array) -> Values:
    """The moments at variances q (k,); inf where phi leaves the floats before the density ends it."""
    parts = [_some(panels, jumps, q[k : k + CHUNK]) for k in range(0, len(q), CHUNK)]
    return Values(
        *(np.concatenate([getattr(p, name) for p in parts], axis=-1)
          for name in ("second", "slope", "rise", "mean", "errors"))
    )  # fmt: skip


def _some(panels: Panels, jumps: tuple[tuple[float, float], ...], q: Array) -> Values:
    x, weights = panels.x.ravel(), panels.weights.ravel()
    squares = panels.squares.reshape(-1, 2)
    with np.errstate(all="ignore"):
        moved = np.nan_to_num(x * panels.phi.ravel() * panels.slope.ravel(), posinf=0, neginf=0)
        columns = np.column_stack([squares, moved, panels.phi.ravel()]) * weights[:, None]
        columns[~np.isfinite(columns)] = 0.0
        second, slope, moved, mean = (density(x, q) @ columns).T
        rise = moved / q
        for point, height in jumps:
            rise += height * point * density(np.array([point]), q)[:, 0] / (2 * q)
    inner = np.minimum(abs(panels.left), abs(panels.right))
    errors = (density(inner, q) @ panels.errors).T + ROUNDING * np.stack([second, slope])
    for k, moment in enumerate((second, slope)):
        beyond = np.isinf(squares[:, k])
        if beyond.any():
            least = HIGHEST - abs(x[beyond]).min() ** 2 / (2 * q)
            moment[least > np.log(np.maximum(moment, 1e-300)) - NEGLIGIBLE] = np.inf
    return Values(second, slope, rise, mean, errors)


def density(x: Array, q: Array) -> Array:
    """Of normal numbers of variances q at the points x: (variances, points)."""
    variance = q[:, None]
    with np.errstate(under="ignore"):
        return np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
