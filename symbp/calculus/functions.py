"""Derivatives of named functions, worked out from their formulas and written in their own output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from symbp.calculus.expression import rebuild
from symbp.calculus.unary import Apply, Prime

U = sp.Symbol("u")  # the argument in a function's body
A = sp.Symbol("a")  # the function's value


@dataclass(frozen=True)
class FunctionDerivative:
    """``raw`` is d(body)/du; ``result`` is the same in u and the value a, the shorter way."""

    raw: sp.Expr
    result: sp.Expr
    in_value: bool


@lru_cache(maxsize=256)
def derivative(body: sp.Expr) -> FunctionDerivative:
    """Differentiate ``body`` by u and write it in its own value where that is exact.

    A body that is linear-fractional in e^u has exactly one e^u for each value, so e^u may be replaced;
    nothing else is inverted (an inverse with branches would be wrong somewhere).
    """
    raw = body.diff(U)
    folded = raw.xreplace({body: A})
    if folded.has(A) and not folded.has(U):
        return FunctionDerivative(raw, folded, True)
    generator = sp.Dummy("g", positive=True)
    value = sp.numer(sp.together(_in_generator(body, generator) - A))
    slope = _in_generator(raw, generator)
    if not value.has(U) and not slope.has(U):
        solution = solve_linear(value, generator)
        if solution is not None:
            result = sp.factor(sp.cancel(slope.xreplace({generator: solution})))
            return FunctionDerivative(raw, result, True)
    return FunctionDerivative(raw, raw, False)


def solve_linear(numerator: sp.Expr, unknown: sp.Symbol) -> sp.Expr | None:
    """The root of a numerator that is a polynomial of degree one in ``unknown``; None otherwise."""
    try:
        polynomial = sp.Poly(numerator, unknown)
    except sp.PolynomialError:
        return None
    if polynomial.degree() != 1:
        return None
    slope, constant = polynomial.all_coeffs()
    if slope.has(unknown) or constant.has(unknown):
        return None
    return -constant / slope


def _in_generator(expr: sp.Expr, generator: sp.Symbol) -> sp.Expr:
    """Write e^(k u) as generator^k."""

    def power(node: sp.Basic) -> sp.Basic:
        if isinstance(node, sp.exp):
            count = node.args[0].as_coefficient(U)
            if count is not None and count.is_Integer:
                return generator**count
        if not node.args:
            return node
        return rebuild(node, [power(a) for a in node.args])

    return power(expr)


def by_name(expr: sp.Expr, bodies: Mapping[str, sp.Expr]) -> sp.Expr:
    """``f(u)`` where an expression in u is the body of a named function f, written in e^u; else itself.

    So softplus'(u) = e^u/(1 + e^u) is sigmoid(u).
    """
    generator = sp.Dummy("g", positive=True)
    mine = _in_generator(expr, generator)
    if mine.has(U):
        return expr
    for name, body in bodies.items():
        theirs = _in_generator(body, generator)
        if not theirs.has(U) and sp.cancel(mine - theirs) == 0:
            return Apply(name, U)
    return expr


def work_out(expr: sp.Basic, bodies: Mapping[str, sp.Expr], in_value: bool = True) -> sp.Basic:
    """Replace every ``f'(u)`` by its derivative; with ``in_value`` by the form in f(u)."""
    if not expr.args:
        return expr
    arguments = [work_out(a, bodies, in_value) for a in expr.args]
    if isinstance(expr, Prime):
        known = derivative(bodies[expr.function])
        form = known.raw
        if in_value:
            form = known.result if known.in_value else by_name(known.result, bodies)
        value = Apply(expr.args[0], arguments[1])
        return form.xreplace({U: arguments[1], A: value})
    return rebuild(expr, arguments)
