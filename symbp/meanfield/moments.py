"""Moments of an activation under a normal distribution of any variance q, from its formula alone.

With z standard normal: ``second`` is E[phi(sqrt(q) z)^2], ``slope`` E[phi'(sqrt(q) z)^2], ``rise``
the derivative of ``second`` by q, ``mean`` E[phi(sqrt(q) z)]. The theory of wide random networks needs
no more (Poole et al. 2016, eq. 3; Schoenholz et al. 2017, sections 3 and 4).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache

import numpy as np
import sympy as sp

from symbp.meanfield import closed
from symbp.meanfield.activation import Activation, read
from symbp.meanfield.closed import expectation
from symbp.meanfield.expectation import Values
from symbp.meanfield.jets import Array, values
from symbp.meanfield.smooth import Interval, NoForm, X, intervals
from symbp.meanfield.survey import Survey, survey

# Eight variances for every factor 10. In log q the moments are analytic in a strip of half-width
# pi/2 (the density allows to turn q in the complex plane), so that nothing happens in between.
GRID = np.exp(np.linspace(math.log(1e-12), math.log(1e10), 181))
CHECKED = (0.2, 1.3, 7.0)  # variances at which closed forms are held against the numbers
TINY = 1e-30  # an x next to 0
NEAR_ZERO = 1e-4  # relative: how far moments at the smallest variance may be from their limits
CONSTANT = 0.02  # powers of q below it count as none


@dataclass(frozen=True, eq=False)
class Moments:
    """Of one activation, from what a survey found out about it."""

    activation: Activation
    survey: Survey

    def at(self, q: Array) -> Values:
        """All moments at variances q (k,) between the ends of GRID."""
        values = self.survey.expectations.at(q)
        values.second[q >= self.survey.limit] = np.inf
        values.slope[(q >= self.survey.limit) | bool(self.survey.steep)] = np.inf
        return values

    @cached_property
    def proportional(self) -> float | None:
        """c where E[phi(sqrt(q) z)^2] is c*q at every q, as phi(k x) is k phi(x) for k > 0."""
        values = self.table
        parts = np.stack([values.second / GRID, values.slope])
        if not np.isfinite(parts).all() or np.ptp(parts) > 1e-12 * parts.max():
            return None
        exact = self.slope_formula
        return float(values.slope[0] if exact is None else exact)

    def over(self, q: Array) -> Values:
        """All moments at variances in any order, those beyond GRID as at its ends."""
        order = np.argsort(q)
        back = np.argsort(order)
        found = self.at(np.clip(q[order], GRID[0], GRID[-1]))
        return Values(*(getattr(found, f.name)[..., back] for f in fields(Values)))

    @cached_property
    def table(self) -> Values:
        """The moments on GRID."""
        return self.at(GRID)

    @cached_property
    def second_formula(self) -> sp.Expr | None:
        """E[phi(sqrt(q) z)^2] as an expression of closed.Q; None where there is no closed form."""
        return self._formula("second", lambda part: part.value**2)

    @cached_property
    def slope_formula(self) -> sp.Expr | None:
        """E[phi'(sqrt(q) z)^2] in the same way."""
        return self._formula("slope", lambda part: part.value.diff(X) ** 2)

    def _formula(self, name: str, square: Callable[[Interval], sp.Expr]) -> sp.Expr | None:
        """A closed form that agrees with the numbers."""
        known = getattr(self.at(np.array(CHECKED)), name)
        try:
            parts = intervals(self.activation, self.survey.landmarks)
            formula = expectation([replace(part, value=square(part)) for part in parts])
        except NoForm:
            return None
        made = [closed.value(formula, q) for q in CHECKED]
        return formula if np.allclose(made, known, rtol=1e-9, atol=1e-200) else None

    def second(self, q: float) -> float:
        """E[phi(sqrt(q) z)^2]; inf where it diverges or is beyond a float."""
        return self._one("second", q)

    def slope(self, q: float) -> float:
        """E[phi'(sqrt(q) z)^2]; at q = 0 its limit."""
        return self._one("slope", q) if q else self._steepness_at_zero

    def rise(self, q: float) -> float:
        """The derivative of ``second`` by q; at q = 0 its limit."""
        if q == 0 and self.keeps_zero:
            return self.slope(0.0)
        return self._one("rise", q)

    @cached_property
    def keeps_zero(self) -> bool:
        """Whether phi(0) = 0, and phi goes there linearly, with one slope on each side, not both 0."""
        slope, rise = self.table.slope[0], self.table.rise[0]
        tends = self._one("second", 0.0) == 0
        return bool(tends and 0 < slope < math.inf and abs(rise / slope - 1) < NEAR_ZERO)

    @cached_property
    def _steepness_at_zero(self) -> float:
        """The mean of phi'(0+)^2 and phi'(0-)^2, where numbers close by agree with it."""
        _, slopes = values(self.activation, np.array([-TINY, TINY]))
        exact, close = float(np.mean(slopes**2)), self._one("slope", 0.0)
        return exact if abs(exact - close) < NEAR_ZERO * close else close

    def mean(self, q: float) -> float:
        """E[phi(sqrt(q) z)]"""
        return self._one("mean", q)

    def error(self, q: float) -> float:
        """The larger error that ``second`` and ``slope`` may have at q."""
        inside = min(max(q, GRID[0]), GRID[-1])
        of_second, of_slope = self.at(np.array([inside])).errors[:, 0]
        return float(of_second if self.survey.steep else max(of_second, of_slope))

    def power(self, name: str, end: int) -> float:
        """The power of q that a moment goes with at an end of GRID: 0 the first, -1 the last."""
        outer, inner = end, 1 if end == 0 else -2
        values = getattr(self.table, name)
        ratio = values[inner] / values[outer] if 0 < abs(values[outer]) < math.inf else 0.0
        if not 0 < ratio < math.inf:
            return 0.0
        power = math.log(ratio) / math.log(GRID[inner] / GRID[outer])
        return power if abs(power) > CONSTANT else 0.0

    def _one(self, name: str, q: float) -> float:
        """A moment at one variance, continued as a power of q beyond GRID."""
        if GRID[0] <= q <= GRID[-1]:
            return float(getattr(self.at(np.array([q])), name)[0])
        end = 0 if q < GRID[0] else -1
        power, value = self.power(name, end), float(getattr(self.table, name)[end])
        if not power or not value:
            return value
        if q == 0:
            return 0.0 if power > 0 else math.copysign(math.inf, value)
        return value * math.exp(min(power * math.log(q / GRID[end]), 700.0))


def moments(activation: str | Activation, scalars: Mapping[str, float] | None = None) -> Moments:
    """The moments of an activation: a name, a formula in x, or one that was read already.

    Raises InputError for what is no activation, has no real value at some x, or has no second moment
    at any variance.
    """
    return _moments(read(activation, scalars) if isinstance(activation, str) else activation)


@lru_cache(maxsize=64)
def _moments(activation: Activation) -> Moments:
    return Moments(activation, survey(activation))
