"""Critical initialisations: where gradients keep their size from layer to layer (chi = 1).

On the critical line sigma_w^2 = 1/E[phi'^2] and sigma_b^2 = q - sigma_w^2 E[phi^2], taken at the fixed
point q. Where the variance map also has slope 1 there, neither gradients nor variances grow or decay
exponentially (Roberts, Yaida and Hanin 2022, section 5.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbp.errors import InputError
from symbp.meanfield.activation import Activation
from symbp.meanfield.jets import Array
from symbp.meanfield.mean_field import check_variance
from symbp.meanfield.moments import GRID, Moments, moments
from symbp.meanfield.roots import Sample, roots

ROUNDING = 4e-15
SAME = 1e-11  # relative: slopes that differ by less count as equal
TINY = 1e-12  # of q: a variance of the biases that small is rounding


@dataclass(frozen=True)
class Critical:
    """A point of the critical line; all None where there is none, for the ``reason`` given.

    ``q_star`` is 0 for a limit as q goes to 0, and None where every q will do.
    """

    activation: str
    sigma_w2: float | None
    sigma_b2: float | None
    q_star: float | None
    reason: str = ""


def critical(
    activation: str | Activation,
    q: float | None = None,
    sigma_b2: float | None = None,
    scalars: Mapping[str, float] | None = None,
) -> Critical:
    """Where chi and the slope of the variance map are both 1; with ``q`` the point of the critical
    line (chi = 1) that has this fixed point, with ``sigma_b2`` the one with these biases.

    Raises InputError for both at once, for negative ones, and for an activation without moments.
    """
    known = moments(activation, scalars)
    if q is not None and sigma_b2 is not None:
        raise InputError(
            "give q or sigma_b2, not both: each alone fixes a point of the critical line"
        )
    if known.survey.steep:
        return _none(known, f"phi' is not square-integrable at x = {known.survey.steep[0]:.6g}")
    if not known.table.slope.any():
        return _none(known, "phi is constant wherever it has a derivative")
    if q is not None:
        check_variance("q", q)
        return _at(known, q)
    if sigma_b2 is not None:
        check_variance("sigma_b2", sigma_b2)
        return _with_biases(known, sigma_b2)
    return _critical(known)


def _none(known: Moments, reason: str) -> Critical:
    return Critical(known.activation.text, None, None, None, reason)


def _at(known: Moments, q: float) -> Critical:
    """The point of the critical line with fixed point q."""
    share = known.proportional
    if share is not None:
        return Critical(known.activation.text, 1 / share, 0.0, q)
    if q == 0 and known.keeps_zero:
        return _limit(known)
    sigma_w2, sigma_b2 = _line(known, q)
    if not math.isfinite(sigma_w2) or not sigma_w2:
        return _none(known, f"E[phi'(sqrt(q) z)^2] is {known.slope(q):g} at q = {q:g}")
    if sigma_b2 < -TINY * q:
        return _none(known, f"at q = {q:g} chi is 1 only for sigma_b2 = {sigma_b2:.7g}, below 0")
    return Critical(known.activation.text, sigma_w2, max(sigma_b2, 0.0), q)


def _line(known: Moments, q: float) -> tuple[float, float]:
    """(sigma_w^2, sigma_b^2) of the critical line at q; the second is negative where there is none."""
    slope = known.slope(q)
    sigma_w2 = 1 / slope if slope else math.inf
    return sigma_w2, q - sigma_w2 * known.second(q)


def _with_biases(known: Moments, sigma_b2: float) -> Critical:
    """The point of the critical line with these biases; of several the one with the largest q, but a
    stable fixed point, where the variance map has a slope of at most 1, before any other."""
    share = known.proportional
    if share is not None:
        if sigma_b2 == 0:
            return Critical(known.activation.text, 1 / share, 0.0, None)
        return _none(
            known, "chi is 1 only at sigma_w2 = %.7g, where q grows with any biases" % (1 / share)
        )
    if sigma_b2 == 0 and known.keeps_zero:
        return _limit(known)
    table = known.table
    with np.errstate(all="ignore"):
        line = GRID - table.second / table.slope
        errors = (table.errors[0] + table.errors[1] * table.second / table.slope) / table.slope
    samples = _samples(line - sigma_b2, errors + TINY * GRID)
    found = roots(samples, lambda q: _line(known, q)[1] - sigma_b2, lambda q: math.nan)
    stable = [r.q for r in found if known.rise(r.q) <= known.slope(r.q) * (1 + SAME)]
    chosen = stable or [r.q for r in found]
    if not chosen:
        return _none(known, f"chi is 1 at no fixed point with sigma_b2 = {sigma_b2:g}")
    return Critical(known.activation.text, _line(known, chosen[-1])[0], sigma_b2, chosen[-1])


def _critical(known: Moments) -> Critical:
    """Where chi and the slope of the variance map are 1 at the same q > 0, else in the limit q -> 0."""
    share = known.proportional
    if share is not None:
        return Critical(known.activation.text, 1 / share, 0.0, None)
    table = known.table
    with np.errstate(all="ignore"):
        differences = table.slope - table.rise
        errors = SAME * (table.slope + abs(table.rise)) + table.errors.sum(axis=0)
        errors += ROUNDING * np.sqrt(table.second * table.slope / GRID)  # of E[phi phi' z]/sqrt(q)
    samples = _samples(differences, errors)
    found = roots(samples, lambda q: known.slope(q) - known.rise(q), lambda q: math.nan)
    points = [_at(known, root.q) for root in found]
    allowed = [point for point in points if point.sigma_w2 is not None]
    if allowed:
        return allowed[-1]
    if known.keeps_zero:
        return _limit(known)
    if points:
        return points[-1]
    return _none(known, "at no q are chi and the slope of the variance map both 1")


def _samples(values: Array, errors: Array) -> list[Sample]:
    known = np.isfinite(values) & np.isfinite(errors)
    rows = zip(GRID[known], values[known], errors[known], strict=True)
    return [Sample(float(q), float(v), float(e)) for q, v, e in rows]


def _limit(known: Moments) -> Critical:
    return Critical(known.activation.text, 1 / known.slope(0.0), 0.0, 0.0)
