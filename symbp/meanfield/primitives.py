"""The operations that a formula is made of: SymPy expressions, their derivatives, and numbers of both.

Derivatives are SymPy's, one operation at a time; the chain rule in jets.py does the rest, so that no
formula is too long. Values are computed by NumPy, and by mpmath where a float cannot hold what lies
on the way (the quotient exp(-x)/(1 + exp(-x))**2 at x = -1000).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symbp.calculus import interpreter
from symbp.calculus.unary import Abs, Erf, Sign
from symbp.calculus.values import FUNCTIONS

Array = np.ndarray  # of floats, or of mpmath's numbers
A, B = sp.symbols("a b")
OPERATIONS: dict[str, Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "**": lambda a, b: a**b,
}  # fmt: skip
UNARY: Mapping[str, Callable[[sp.Expr], sp.Expr]] = {
    **FUNCTIONS, "tanh": sp.tanh, "sin": sp.sin, "negative": lambda a: -a,
}  # fmt: skip
DIGITS = 30  # of mpmath's numbers
FARTHEST = 10.0**15  # exp of more is infinite, also to mpmath


@cache
def function(name: str) -> sp.Expr:
    """A function of one variable, in A."""
    return UNARY[name](A)


@cache
def operation(op: str, exponent: sp.Expr | None = None) -> sp.Expr:
    """``A op B``, or A to a constant exponent."""
    return OPERATIONS[op](A, B if exponent is None else exponent)


@cache
def partial(expr: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    return expr.diff(variable)


@cache
def edges(name: str) -> tuple[sp.Expr, ...]:
    """Where a function of one variable bends, leaves the real numbers or has a pole: the zeros of
    these expressions in A."""
    value = function(name)
    forms = (value.rewrite(sp.cos), partial(value, A))
    powers = {p.base for f in forms for p in f.atoms(sp.Pow) if p.exp.is_negative and p.base.has(A)}
    bent = {argument for f in forms for node in f.atoms(Abs, Sign) for argument in node.args}
    return tuple(sorted(powers | bent, key=str))


def evaluate(expr: sp.Expr, at: Mapping[sp.Symbol, Any], wide: bool) -> Any:
    """The value of an expression in A and B, entry by entry; ``wide``: of mpmath's numbers.

    NumPy does sums and products: a number of mpmath's own would try to read the array beside it.
    """
    if expr.is_Symbol:
        return at[expr]
    if expr.is_number and not expr.args:
        return constant(expr, wide)
    values = [evaluate(a, at, wide) for a in expr.args]
    if expr.is_Add or expr.is_Mul:
        total = values[0]
        for value in values[1:]:
            total = np.add(total, value) if expr.is_Add else np.multiply(total, value)
        return total
    if expr.is_Pow and not isinstance(expr, sp.exp):
        return WIDE_POWER(*values) if wide else values[0] ** values[1]
    return (WIDE if wide else interpreter.FUNCTIONS)[expr.func](*values)


def constant(value: sp.Expr, wide: bool) -> Any:
    if not wide:
        return np.float64(value)
    if value.is_Rational:
        return mpmath.mpf(value.p) / value.q
    return mpmath.mpf(sp.N(value, DIGITS))


def _real(value: Callable[..., Any]) -> Callable[..., Any]:
    """mpmath's function of real numbers, NaN where it has no real value."""

    def real(a: Any) -> Any:
        found = value(a)
        return mpmath.nan if isinstance(found, mpmath.mpc) else found

    return np.frompyfunc(real, 1, 1)


def _periodic(value: Callable[..., Any]) -> Callable[..., Any]:
    """mpmath's function; of a number so large that its phase is not known, at any phase."""

    def of_phase(a: Any) -> Any:
        known = not mpmath.isfinite(a) or abs(a) < FARTHEST
        return value(a if known else mpmath.mpf(a.man % int(FARTHEST)))

    return np.frompyfunc(of_phase, 1, 1)


def _exp(a: Any) -> Any:
    if abs(a) < FARTHEST:
        return mpmath.exp(a)
    return mpmath.nan if mpmath.isnan(a) else mpmath.inf if a > 0 else mpmath.mpf(0)


def _log(a: Any) -> Any:
    return mpmath.log(a) if a > 0 else mpmath.nan if a != 0 else -mpmath.inf


def _bounded(value: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that is as good as constant beyond a million."""
    return lambda a: value(max(min(a, 10**6), -(10**6)))


def _power(a: Any, b: Any) -> Any:
    if mpmath.isnan(a) or mpmath.isnan(b) or (a < 0 and not mpmath.isint(b)):
        return mpmath.nan
    if a == 0 or b == 0:
        return mpmath.mpf(0) if b > 0 else mpmath.inf if b < 0 else mpmath.mpf(1)
    if mpmath.isint(b) and abs(b) < 10**4:
        return a ** int(b)
    size = _exp(b * mpmath.log(abs(a)))
    return -size if a < 0 and int(b) % 2 else size


WIDE_POWER = np.frompyfunc(_power, 2, 1)
WIDE: dict[type, Callable[[Any], Any]] = {
    sp.exp: np.frompyfunc(_exp, 1, 1),
    sp.log: np.frompyfunc(_log, 1, 1),
    sp.tanh: np.frompyfunc(_bounded(mpmath.tanh), 1, 1),
    Erf: np.frompyfunc(_bounded(mpmath.erf), 1, 1),
    sp.sinh: np.frompyfunc(lambda a: (_exp(a) - _exp(-a)) / 2, 1, 1),
    sp.cosh: np.frompyfunc(lambda a: (_exp(a) + _exp(-a)) / 2, 1, 1),
    Abs: np.frompyfunc(abs, 1, 1),
    Sign: np.frompyfunc(mpmath.sign, 1, 1),
    sp.sin: _periodic(mpmath.sin),
    sp.cos: _periodic(mpmath.cos),
    sp.tan: _periodic(mpmath.tan),
    sp.asin: _real(mpmath.asin),
    sp.acos: _real(mpmath.acos),
    sp.atan: np.frompyfunc(mpmath.atan, 1, 1),
}
