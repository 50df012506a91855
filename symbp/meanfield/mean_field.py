"""Wide random networks: where the variance of pre-activations settles, and how gradients fare there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from symbp.errors import InputError
from symbp.meanfield.activation import Activation
from symbp.meanfield.fixed_points import HALF, STABLE, FixedPoint, VarianceMap
from symbp.meanfield.moments import Moments, moments

ORDERED, CHAOTIC, CRITICAL = "ordered", "chaotic", "critical"
NEAR_ONE = 1e-8  # as close to 1 chi counts as 1


@dataclass(frozen=True)
class MeanField:
    """The figures of an infinitely wide network of one activation (Schoenholz et al. 2017, section 3).

    ``q_star`` is the largest stable fixed point of the variance map, or the largest half-stable one,
    or None; ``chi`` the factor on the squared norm of the gradient from layer to layer; ``xi_q`` and
    ``xi_gradient`` the depths, in layers, over which a deviation from q_star and the squared norm of
    the gradient change by a factor e (inf: never). ``reason`` says why there is no q_star, ``error``
    how far q_star and chi may be off.
    """

    activation: str
    sigma_w2: float
    sigma_b2: float
    q_star: float | None
    chi: float | None
    xi_q: float | None
    xi_gradient: float | None
    phase: str | None  # ordered | chaotic | critical
    fixed_points: tuple[FixedPoint, ...]
    error: float
    reason: str = ""


def mean_field(
    activation: str | Activation,
    sigma_w2: float,
    sigma_b2: float,
    scalars: Mapping[str, float] | None = None,
) -> MeanField:
    """The figures at weights of variance sigma_w2/fan-in and biases of variance sigma_b2.

    Raises InputError for negative variances, and where the activation has no moments.
    """
    check_variance("sigma_w2", sigma_w2)
    check_variance("sigma_b2", sigma_b2)
    known = moments(activation, scalars)
    to_next = VarianceMap(known, sigma_w2, sigma_b2)
    points = tuple(to_next.fixed_points())
    chosen = _chosen(points)
    reason = _reason(to_next) if chosen is None else ""
    q = None if chosen is None else chosen.q
    chi = _chi(to_next, q)
    return MeanField(
        activation=known.activation.text,
        sigma_w2=sigma_w2,
        sigma_b2=sigma_b2,
        q_star=q,
        chi=chi,
        xi_q=None if chosen is None else depth(chosen.slope),
        xi_gradient=None if chi is None else depth(chi),
        phase=None if chi is None else phase(chi),
        fixed_points=points,
        error=_error(to_next, chosen),
        reason=reason or _steep(known),
    )


def check_variance(name: str, value: float) -> None:
    """Raises InputError for what is no variance."""
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{name} is a variance, a finite number of at least 0, not {value:g}")


def depth(factor: float) -> float:
    """1/|log factor| layers: the depth scale of what changes by a factor from layer to layer
    (Schoenholz et al. 2017, sections 3 and 4)."""
    if factor in (0.0, math.inf):
        return 0.0
    return math.inf if abs(abs(factor) - 1) < NEAR_ONE else 1 / abs(math.log(abs(factor)))


def phase(chi: float) -> str:
    if abs(chi - 1) < NEAR_ONE:
        return CRITICAL
    return ORDERED if chi < 1 else CHAOTIC


def _chosen(points: tuple[FixedPoint, ...]) -> FixedPoint | None:
    for stability in (STABLE, HALF):
        found = [p for p in points if p.stability == stability]
        if found:
            return found[-1]
    return None


def _chi(to_next: VarianceMap, q: float | None) -> float | None:
    """chi at q; where it is the same at every q, it is known without one."""
    share = to_next.moments.proportional
    if share is None and q is not None:
        share = to_next.moments.slope(q)
    return None if share is None else to_next.sigma_w2 * share


def _error(to_next: VarianceMap, point: FixedPoint | None) -> float:
    """Of q_star and chi, to first order in the errors of the moments."""
    if point is None:
        return 0.0
    known, q = to_next.moments, point.q
    off = to_next.sigma_w2 * known.error(q)
    moved = off / max(abs(1 - point.slope), math.sqrt(max(off, 1e-30)))
    bent = (known.slope(q * 1.001) - known.slope(q)) / (0.001 * q) if q else 0.0
    spread = abs(to_next.sigma_w2 * bent * moved) if math.isfinite(bent) else 0.0
    return max(moved, off + spread)


def _reason(to_next: VarianceMap) -> str:
    share = to_next.moments.proportional
    if share is not None and to_next.sigma_w2 * share == 1 and to_next.sigma_b2 == 0:
        return "every q is a fixed point"
    if to_next.moments.survey.limit < math.inf:
        return (
            f"q grows without bound: E[phi(sqrt(q) z)^2] diverges from q = "
            f"{to_next.moments.survey.limit:.6g} on"
        )
    return "q grows without bound: the variance map has no stable fixed point"


def _steep(known: Moments) -> str:
    if not known.survey.steep:
        return ""
    return (
        f"E[phi'(sqrt(q) z)^2] diverges: the slope of phi is not square-integrable at x = "
        f"{known.survey.steep[0]:.6g}"
    )
