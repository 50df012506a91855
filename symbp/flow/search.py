"""The largest size of a smooth expression, searched for in numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import sympy as sp

from symbp.flow.pieces import X

Number = Any  # of mpmath
Size = Callable[[Number], float]

REACH = 40  # what has no end is searched between -REACH and REACH
FAR = (1e2, 1e4, 1e8)  # and these places tell whether it grows without end
FINE, COARSE, ROUNDS = 240, 60, 6  # places of a round, the next one around the best of the last
DIGITS = 20
ERROR = 1e-9  # of what is found


def searched(low: sp.Expr, high: sp.Expr, expr: sp.Expr, *, fine: bool) -> float | None:
    """max |expr| for X between two ends; infinity where it grows without bound, far out or towards an end
    or a pole; None where it has no value."""
    evaluate = sp.lambdify(X, expr, "mpmath")  # of an expression of our own, not of text

    def size(x: Number) -> float:
        try:
            value = abs(evaluate(x))
        except (ZeroDivisionError, OverflowError, ValueError):
            return float("nan")
        return float(value) if mpmath.isfinite(value) else float("inf")

    with mpmath.workdps(DIGITS):
        left, right = _number(low, -REACH), _number(high, REACH)
        count = FINE if fine else COARSE
        best, place = _on_grid(size, left, right, count)
        if best is None:
            return None
        beyond = [
            *(x for x in FAR if not high.is_finite),
            *(-x for x in FAR if not low.is_finite),
            *_beside(left, right),
        ]
        outside = max((v for v in map(size, map(mpmath.mpf, beyond)) if v == v), default=0.0)
        if outside > 2 * best + 1e-3:
            return float("inf")
        return max(_closing_in(size, best, place, left, right, count), outside)


def _closing_in(
    size: Size, best: float, place: Number, left: Number, right: Number, count: int
) -> float:
    step = (right - left) / count
    before = best
    for _ in range(ROUNDS):
        before = best
        found, there = _on_grid(size, max(left, place - step), min(right, place + step), count)
        if found is not None and found >= best:
            best, place = found, there
        step /= count / 4
    return best if best <= 1.01 * before else float("inf")  # a pole: the nearer, the larger


def _on_grid(size: Size, left: Number, right: Number, count: int) -> tuple[float | None, Number]:
    """The largest value between two ends, and where; None where there is no value at all."""
    places = [left + (right - left) * (k + mpmath.mpf(1) / 2) / count for k in range(count)]
    known = [(v, x) for v, x in ((size(x), x) for x in places) if v == v]
    return max(known) if known else (None, left)


def _beside(left: Number, right: Number) -> list[Number]:
    """Places very near to the ends."""
    width = right - left
    near = (width / mpmath.mpf(10) ** k for k in (6, 12))
    return [place for d in near for place in (left + d, right - d)]


def _number(end: sp.Expr, reach: float) -> Number:
    return mpmath.mpf(reach) if not end.is_finite else mpmath.mpf(str(sp.N(end, DIGITS)))
