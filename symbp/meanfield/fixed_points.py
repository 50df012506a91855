"""Fixed points of the variance map V(q) = sigma_w^2 E[phi(sqrt(q) z)^2] + sigma_b^2, solved for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symbp.meanfield.moments import GRID, Moments
from symbp.meanfield.roots import Root, Sample, roots

STABLE, UNSTABLE, HALF = "stable", "unstable", "half-stable"
TOUCHING = 1e-10  # of q: closer to the diagonal than this, the map touches it
ROUNDING = 4e-15
NEAR_ONE = 1e-9
FARTHEST = 1e200


@dataclass(frozen=True)
class FixedPoint:
    """``slope`` is V'(q); layer by layer a deviation from q shrinks by it."""

    q: float
    slope: float
    stability: str  # stable | unstable | half-stable


@dataclass(frozen=True)
class VarianceMap:
    """V of Poole et al. (2016), eq. 3: from a layer's pre-activation variance to the next one's."""

    moments: Moments
    sigma_w2: float
    sigma_b2: float

    def __call__(self, q: float) -> float:
        return self.sigma_w2 * self.moments.second(q) + self.sigma_b2

    def slope(self, q: float) -> float:
        return self.sigma_w2 * self.moments.rise(q)

    def excess(self, q: float) -> float:
        """V(q) - q; its roots are the fixed points."""
        return self(q) - q

    def samples(self) -> list[Sample]:
        """The excess on the grid, at 0 and far out."""
        table = self.moments.table
        values = self.sigma_w2 * table.second + self.sigma_b2
        errors = self.sigma_w2 * table.errors[0] + ROUNDING * (GRID + values)
        slopes = self.sigma_w2 * table.rise - 1
        inside = [
            Sample(q, v - q, e if math.isfinite(v) else 0.0, s)
            for q, v, e, s in zip(*map(_floats, (GRID, values, errors, slopes)), strict=True)
        ]
        first = Sample(0.0, self(0.0), 0.0, self.slope(0.0) - 1)
        far = self.excess(FARTHEST)  # continued as a power: near the diagonal it tells nothing
        last = Sample(FARTHEST, far, FARTHEST / 100, self.slope(FARTHEST) - 1)
        return [first, *inside, last]

    def fixed_points(self) -> list[FixedPoint]:
        """In rising order; none where every q or no q is one."""
        share = self.moments.proportional
        if share is not None:
            return self._linear(self.sigma_w2 * share)
        samples = self.samples()
        found = roots(samples, self.excess, lambda q: self.slope(q) - 1, TOUCHING)
        made = [self._judged(root) for root in found]
        if self(0.0) == 0:
            behind = next((s.sign for s in samples if s.sign), 0)
            made.insert(0, self._judged(Root(0.0, behind)))
        return made

    def _linear(self, slope: float) -> list[FixedPoint]:
        """V(q) = slope*q + sigma_b^2."""
        if slope < 1:
            return [FixedPoint(self.sigma_b2 / (1 - slope), slope, STABLE)]
        if slope > 1 and self.sigma_b2 == 0:
            return [FixedPoint(0.0, slope, UNSTABLE)]
        return []

    def _judged(self, root: Root) -> FixedPoint:
        """By the sign behind the root: V'(q) is at least -1/2 at a fixed point, as sqrt(q) E[phi^2]
        grows with q for any phi, so that nothing oscillates."""
        slope = self.slope(root.q)
        if root.crossing == 0:
            return FixedPoint(root.q, slope, HALF)
        stable = root.crossing < 0
        return FixedPoint(self._polished(root.q), slope, STABLE if stable else UNSTABLE)

    def _polished(self, q: float) -> float:
        """One step of Newton's from a root that is known to a few digits less than it may be."""
        slope = self.slope(q) - 1
        step = self.excess(q) / slope if math.isfinite(slope) and abs(slope) > NEAR_ONE else 0.0
        return q - step if abs(step) < 1e-9 * q else q


def _floats(values: object) -> list[float]:
    return [float(v) for v in values]  # type: ignore[attr-defined]
