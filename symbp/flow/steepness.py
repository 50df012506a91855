"""How steep an activation is at most, max |phi'|, and how large, found by SymPy from its formula.

The slope is largest where its own derivative is zero, at a kink, or far out. Exact where the slope is
rational in one exponential, in one angle, or where its derivative splits into polynomials and factors
without roots; else searched for in numbers, which is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from symbp.flow.pieces import Smooth, X, pieces
from symbp.flow.search import searched

DEGREE = 12  # of polynomials whose roots are looked for
LONG = 300  # operations; of a longer formula the maximum is searched for


@dataclass(frozen=True)
class Steepness:
    """``exact`` is max |phi'| as SymPy found it, None where ``number`` was searched for with an error of
    1e-9; an unbounded slope has the number infinity."""

    number: float
    exact: sp.Expr | None = None

    @property
    def bounded(self) -> bool:
        return self.number < float("inf")

    @property
    def plain(self) -> str:
        if not self.bounded:
            return "∞"
        if self.exact is not None and self.exact.is_Rational and self.exact.q < 1000:
            return str(self.exact)
        return f"{self.number:.4g}"


@lru_cache(maxsize=256)
def steepest(function: sp.Expr) -> Steepness | None:
    """max |d/dx of function(x)| over the real line, kinks left out; None where there is no telling."""
    parts = pieces(function)
    if parts is None:
        return None
    return _of_pieces([Smooth(p.low, p.high, sp.diff(p.value, X)) for p in parts])


@lru_cache(maxsize=256)
def largest(function: sp.Expr) -> Steepness | None:
    """max |function(x)| over the real line; None where there is no telling."""
    parts = pieces(function)
    return None if parts is None else _of_pieces(parts)


def _of_pieces(parts: Sequence[Smooth]) -> Steepness | None:
    found = [_of_piece(part.value, part) for part in parts]
    if any(f is None for f in found):
        return None
    return max((f for f in found if f is not None), key=lambda f: (f.number, f.exact is not None))


def _of_piece(slope: sp.Expr, part: Smooth) -> Steepness | None:
    if not slope.has(X):
        return Steepness(abs(float(slope)), abs(slope))
    number = searched(part.low, part.high, slope, fine=_short(slope))
    if number is None or number == float("inf"):
        return None if number is None else Steepness(number)
    for candidates in (_of_exponential, _of_angle, _of_factors) if _short(slope) else ():
        exact = candidates(slope, part)
        if exact is not None and abs(float(exact) - number) < 1e-6:
            return Steepness(float(exact), exact)
    return Steepness(number)


def _short(slope: sp.Expr) -> bool:
    return bool(slope.count_ops() <= LONG)


# -- exact ------------------------------------------------------------------------------------------


def _of_exponential(slope: sp.Expr, part: Smooth) -> sp.Expr | None:
    """The slope is rational in g = e^(c x): its derivative has the roots of a polynomial in g."""
    plain = slope.rewrite(sp.exp)
    powers = {p.args[0].coeff(X) for p in plain.atoms(sp.exp)}
    if any(p.args[0].coeff(X) * X != p.args[0] for p in plain.atoms(sp.exp)) or not powers:
        return None
    if any(not c.is_Rational for c in powers):
        return None
    unit = sp.gcd(list(powers))
    g = sp.Symbol("g", positive=True)
    in_g = sp.together(plain.replace(sp.exp, lambda a: g ** (a.coeff(X) / unit)))
    low, high = (
        sp.exp(unit * end) if end.is_finite else _infinite(end) for end in (part.low, part.high)
    )
    return _rational(in_g, g, low, high)


def _infinite(end: sp.Expr) -> sp.Expr:
    return sp.oo if end == sp.oo else sp.S.Zero


def _of_angle(slope: sp.Expr, part: Smooth) -> sp.Expr | None:
    """The slope is made of the sine and cosine of one angle; t is the tangent of its half."""
    angles = {a.args[0] for a in slope.atoms(sp.sin, sp.cos)}
    if len(angles) != 1 or part.low.is_finite or part.high.is_finite:
        return None
    t = sp.Symbol("t", real=True)
    half = {sp.sin: 2 * t / (1 + t**2), sp.cos: (1 - t**2) / (1 + t**2)}
    (angle,) = angles
    if not angle.diff(X).is_number:
        return None
    in_t = slope.xreplace({f(angle): value for f, value in half.items()})
    return _rational(sp.together(in_t), t, -sp.oo, sp.oo)


def _rational(value: sp.Expr, g: sp.Symbol, low: sp.Expr, high: sp.Expr) -> sp.Expr | None:
    """The largest |value| of a rational function of g between two ends, these included."""
    if value.has(X) or not value.is_rational_function(g):
        return None
    value = sp.cancel(value)
    numerator = sp.Poly(sp.numer(sp.cancel(sp.diff(value, g))), g)
    if numerator.degree() > DEGREE:
        return None
    places = list(sp.real_roots(numerator)) if numerator.degree() > 0 else []
    inside = [p for p in places if low < p < high]
    ends = [sp.limit(value, g, low, "+"), sp.limit(value, g, high, "-")]
    return _largest([*(value.subs(g, p) for p in inside), *ends])


def _of_factors(slope: sp.Expr, part: Smooth) -> sp.Expr | None:
    """Each factor of the slope's derivative is a polynomial, or an exponential, which has no root."""
    places: list[sp.Expr] = []
    for factor in sp.Mul.make_args(sp.factor(sp.together(sp.diff(slope, X)))):
        base = factor.base if factor.is_Pow and not isinstance(factor, sp.exp) else factor
        if isinstance(base, sp.exp) or not base.has(X):
            continue
        if not base.is_polynomial(X) or sp.degree(base, X) > DEGREE:
            return None
        places += sp.real_roots(sp.Poly(base, X))
    inside = [p for p in places if part.low < p < part.high]
    ends = [slope.subs(X, end) for end in (part.low, part.high) if end.is_finite]
    return _largest([slope.subs(X, p) for p in inside] + ends)


def _largest(values: Iterable[sp.Expr]) -> sp.Expr | None:
    finite = [sp.Abs(v) for v in values if v.is_number and v.is_finite]
    return sp.simplify(max(finite, key=lambda v: float(v))) if finite else None
