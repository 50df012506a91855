"""Expectations under normal densities: sums over the points at which an activation is known."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from symbp.meanfield.jets import Array
from symbp.meanfield.panels import Panels

ROUNDING = 4e-15
HIGHEST = 700.0  # the logarithm of phi^2 where it leaves the floats
NEGLIGIBLE = 34.0  # a part of exp(-34) is below a float's last digit
REACH = 40.0  # standard deviations: what lies farther is no float
CHUNK = 32  # variances at once


@dataclass(frozen=True)
class Values:
    """Arrays over variances: E[phi^2], E[phi'^2], the derivative of the first by the variance,
    E[phi], and the error (2, variances) that each of the first two may have."""

    second: Array
    slope: Array
    rise: Array
    mean: Array
    errors: Array


@dataclass(frozen=True, eq=False)
class Expectations:
    """What an activation's panels and jumps, (x, phi(x+)^2 - phi(x-)^2), give for every variance."""

    panels: Panels
    jumps: tuple[tuple[float, float], ...]

    def at(self, q: Array) -> Values:
        """The moments at variances q (k,) in rising order; inf where phi leaves the floats before
        the density ends it."""
        parts = [self._some(q[k : k + CHUNK]) for k in range(0, len(q), CHUNK)]
        whole = {f.name: [getattr(part, f.name) for part in parts] for f in fields(Values)}
        return Values(**{name: np.concatenate(found, axis=-1) for name, found in whole.items()})

    @cached_property
    def _columns(self) -> Array:
        """phi^2, phi'^2, x phi phi' and phi at all points, times the weights of the points."""
        p = self.panels
        with np.errstate(all="ignore"):
            moved = p.x * p.phi * p.slope
            columns = np.stack([p.squares[..., 0], p.squares[..., 1], moved, p.phi], axis=2)
            columns = columns * p.weights[..., None]
        return np.where(np.isfinite(columns), columns, 0.0).reshape(-1, 4)

    @cached_property
    def _centres(self) -> Array:
        """Where on each piece phi^2 and phi'^2 lie (pieces, 2), and with them their errors."""
        p = self.panels
        whole = np.where(p.squares < 1e280, p.squares, 0.0) * p.weights[..., None]
        sums, moved = whole.sum(axis=1), (whole * p.x[..., None]).sum(axis=1)
        middle = np.broadcast_to((p.left + p.right)[:, None] / 2, sums.shape)
        return np.divide(moved, sums, out=middle.copy(), where=sums > 0)

    @cached_property
    def _beyond(self) -> list[float]:
        """How close to 0 phi^2 and phi'^2 leave the floats."""
        lost = np.isinf(self.panels.squares)
        return [abs(self.panels.x[lost[..., k]]).min(initial=np.inf) for k in (0, 1)]

    def _some(self, q: Array) -> Values:
        x = self.panels.x.ravel()
        reach = REACH * np.sqrt(q[-1])
        near = slice(np.searchsorted(x, -reach), np.searchsorted(x, reach))
        second, slope, moved, mean = (density(x[near], q) @ self._columns[near]).T
        rise = moved / q
        for point, height in self.jumps:
            rise += height * point * density(np.array([point]), q)[:, 0] / (2 * q)
        errors = ROUNDING * np.stack([second, slope])
        for k in (0, 1):
            errors[k] += density(self._centres[:, k], q) @ self.panels.errors[:, k]
        for moment, edge in zip((second, slope), self._beyond, strict=True):
            least = HIGHEST - edge**2 / (2 * q)
            moment[least > np.log(np.maximum(moment, 1e-300)) - NEGLIGIBLE] = np.inf
        return Values(second, slope, rise, mean, errors)


def density(x: Array, q: Array) -> Array:
    """Of normal numbers of variances q at the points x: (variances, points)."""
    variance = q[:, None]
    with np.errstate(under="ignore"):
        return np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
