"""Moments in closed form, where SymPy can have them: expectations of exponentials, derived from one.

E[exp(a x)] is known with and without limits, with a factor exp(b x^2), and with erf beside it; powers
of x come from derivatives by a, or by the variance q (the heat equation of the normal density).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import sympy as sp

from symbp.meanfield.smooth import Interval, NoForm, X

Q = sp.Symbol("q", positive=True)
_A = sp.Symbol("a")
MOST_TERMS = 40  # but of a polynomial
MOST_OPERATIONS = 80
DIGITS = 30
HIGHEST = 12  # power of x beside limits or erf


def expectation(parts: list[Interval]) -> sp.Expr:
    """E of a function that is ``value`` on each interval, for x normal with variance Q.

    Raises NoForm where a term is of no known kind.
    """
    total = sp.S.Zero
    for part in parts:
        terms = sp.Add.make_args(_expanded(part.value))
        for term in terms:
            if term != 0:
                total += _of_term(term, part.left, part.right)
    return _tidy(_real(total))


def _expanded(value: sp.Expr) -> sp.Expr:
    if _count(value) > MOST_TERMS and not value.is_polynomial(X):
        raise NoForm
    return sp.expand(value)


def _count(value: sp.Expr) -> int:
    """No fewer terms than the expanded expression has."""
    if value.is_polynomial(X):
        return int(sp.degree(value, X)) + 1 if value.has(X) else 1
    if value.is_Add:
        return sum(map(_count, value.args))
    if value.is_Mul:
        return int(sp.prod(map(_count, value.args)))
    if value.is_Pow and value.exp.is_Integer and value.exp > 0:
        return _count(value.base) ** int(value.exp)
    return 1


@dataclass(frozen=True)
class _Term:
    """scale * x**power * exp(linear*x + square*x**2) * erf(c*x + d) for (c, d) in ``erfs``."""

    scale: sp.Expr
    power: int = 0
    linear: sp.Expr = sp.S.Zero
    square: sp.Expr = sp.S.Zero
    erfs: tuple[tuple[sp.Expr, sp.Expr], ...] = ()


def _read(term: sp.Expr) -> _Term:
    scale, rest = term.as_independent(X, as_Add=False)
    power, linear, square = 0, sp.S.Zero, sp.S.Zero
    erfs: list[tuple[sp.Expr, sp.Expr]] = []
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if base == X and exponent.is_Integer and exponent > 0:
            power += int(exponent)
        elif base == sp.E and exponent.is_polynomial(X) and sp.degree(exponent, X) <= 2:
            constant, one, two = (exponent.expand().coeff(X, k) for k in range(3))
            scale, linear, square = scale * sp.exp(constant), linear + one, square + two
        elif isinstance(base, sp.erf) and exponent.is_Integer and 0 < exponent <= 2:
            inner = sp.Poly(base.args[0], X) if base.args[0].is_polynomial(X) else None
            if inner is None or inner.degree() != 1:
                raise NoForm
            erfs += [tuple(inner.all_coeffs())] * int(exponent)
        elif factor != 1:
            raise NoForm
    return _Term(scale, power, linear, square, tuple(erfs))


def _of_term(expr: sp.Expr, left: sp.Expr, right: sp.Expr) -> sp.Expr:
    term = _read(expr)
    whole = left == -sp.oo and right == sp.oo
    hard = term.erfs or not whole
    if (hard and term.power > HIGHEST) or (not whole and (term.erfs or not term.linear.is_real)):
        raise NoForm
    narrowed = Q / (
        1 - 2 * term.square * Q
    )  # exp(b x^2) makes a normal density of another variance
    scale = term.scale / sp.sqrt(1 - 2 * term.square * Q)
    if len(term.erfs) == 2:
        value = _two_erfs(term)
    elif not hard and term.linear == 0:
        value = 0 if term.power % 2 else sp.factorial2(term.power - 1) * Q ** (term.power // 2)
    else:
        value = _generating(term, left, right).diff(_A, term.power).subs(_A, term.linear)
    return scale * sp.sympify(value).subs(Q, narrowed)


def _generating(term: _Term, left: sp.Expr, right: sp.Expr) -> sp.Expr:
    """E[exp(a x)] between limits, or E[exp(a x) erf(c x + d)]: complete the square."""
    value = sp.exp(_A**2 * Q / 2)
    if term.erfs:
        ((c, d),) = term.erfs
        return value * sp.erf((d + c * _A * Q) / sp.sqrt(1 + 2 * c**2 * Q))
    upper, lower = (
        sp.sign(end) if end.is_infinite else sp.erf((end - _A * Q) / sp.sqrt(2 * Q))
        for end in (right, left)
    )
    return value * (upper - lower) / 2


def _two_erfs(term: _Term) -> sp.Expr:
    """E[x**k erf(c x) erf(d x)] (Williams 1998, eq. 11, for k = 0); E[x^2 f] = 2 q^2 dE[f]/dq + q E[f]."""
    (c, shift), (d, other) = term.erfs
    if shift != 0 or other != 0 or term.linear != 0:
        raise NoForm
    if term.power % 2:
        return sp.S.Zero
    spread = sp.sqrt(1 + 2 * c**2 * Q) * sp.sqrt(1 + 2 * d**2 * Q)
    value = 2 / sp.pi * sp.asin(2 * c * d * Q / spread)
    for _ in range(term.power // 2):
        value = 2 * Q**2 * value.diff(Q) + Q * value
    return value


def _real(total: sp.Expr) -> sp.Expr:
    """Without the complex exponentials that sines were written in."""

    def by_parts(power: sp.Expr) -> sp.Expr:
        real, angle = power.args[0].as_real_imag()
        return sp.exp(real) * (sp.cos(angle) + sp.I * sp.sin(angle))

    if total.has(sp.I):
        total = sp.expand(total.replace(lambda e: isinstance(e, sp.exp) and e.has(sp.I), by_parts))
    if total.has(sp.I):
        raise NoForm
    return total


def _tidy(total: sp.Expr) -> sp.Expr:
    """Roots of quotients apart, as sqrt(1 - q^2/(1 + q)^2) is sqrt(1 + 2 q)/(1 + q); sums together."""
    total = sp.expand_mul(total)
    if total.count_ops() > MOST_OPERATIONS or not any(_rooted(p) for p in total.atoms(sp.Pow)):
        return total
    apart = total.replace(_rooted, lambda p: sp.factor(p.base) ** p.exp)
    return sp.Add(*(sp.factor(term) for term in sp.Add.make_args(apart)))


def _rooted(expr: sp.Expr) -> bool:
    return expr.is_Pow and expr.base.is_Add and expr.base.has(Q) and not expr.exp.is_Integer


def value(formula: sp.Expr, q: float) -> float:
    """A closed form at one variance; NaN where it has no finite value there."""
    found = sp.N(formula.subs(Q, sp.Float(q, DIGITS)), DIGITS)
    return float(found) if found.is_Float or found.is_Rational else math.nan
