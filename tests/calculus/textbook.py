"""Expressions by their definitions: what a stable form must equal."""

from __future__ import annotations

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Compare, Entry, MaxOver, SumOver, Where, letter, rebuild
from symbp.calculus.functions import U
from symbp.calculus.unary import Abs, Apply, Expm1, Log1p
from symbp.network.template import named_bodies

K, M = map(letter, "km")
POSITIVE = sp.Symbol("v", positive=True)


def textbook(expr: sp.Basic, u: sp.Expr) -> sp.Basic:
    """Stable nodes by their definitions, for an argument ``u`` whose sign is known."""
    if expr == U:
        return u
    if not expr.args:
        return expr
    if isinstance(expr, Where):
        condition, then, otherwise = expr.args
        return textbook(then if holds(condition, u) else otherwise, u)
    if isinstance(expr, Apply):
        return textbook(named_bodies()[expr.function], textbook(expr.argument, u))
    arguments = [textbook(a, u) for a in expr.args]
    if isinstance(expr, Log1p):
        return sp.log(1 + arguments[0])
    if isinstance(expr, Expm1):
        return sp.exp(arguments[0]) - 1
    if isinstance(expr, Abs):
        return arguments[0] if arguments[0].is_nonnegative else -arguments[0]
    return rebuild(expr, arguments)


def holds(condition: sp.Basic, u: sp.Expr) -> bool:
    if isinstance(condition, Compare):
        left, right = (textbook(a, u) for a in condition.args[1:])
        answer = sp.Rel(left, right, condition.op)
        assert answer in (sp.true, sp.false), answer
        return bool(answer)
    parts = [holds(part, u) for part in condition.args[1:]]
    return all(parts) if condition.op == "and" else any(parts)


def softmax_unit() -> Unit:
    """Softmax and the cross-entropy of one sample, over three classes."""
    e, s, y = Entry("e", K), Entry("s"), Entry("y", K)
    loss = -SumOver(Entry("t", K) * sp.log(y), K)
    equations = (
        Equation(e, sp.exp(Entry("x", K))),
        Equation(s, SumOver(Entry("e", M), M)),
        Equation(y, e / s),
        Equation(Entry("L"), loss),
    )
    letters = {"x": (K,), "e": (K,), "s": (), "y": (K,), "t": (K,), "L": ()}
    return Unit(equations, ("x",), (), letters, {"k": 3, "m": 3}, {"k": "k", "m": "k"})


def spelled(expr: sp.Basic, equations: dict[str, Equation], at: dict[sp.Symbol, int]) -> sp.Expr:
    """The formula entry by entry, inputs as symbols; a maximum is any number whatever."""
    if isinstance(expr, MaxOver):
        return sp.Symbol("c", real=True)
    if isinstance(expr, SumOver):
        (index,) = expr.letters
        return sp.Add(*(spelled(expr.body, equations, {**at, index: k}) for k in range(3)))
    if isinstance(expr, Entry):
        places = [at[i] for i in expr.indices]
        if expr.name not in equations:
            return sp.Symbol(f"{expr.name}{places}", real=True)
        found = equations[expr.name]
        return spelled(found.rhs, equations, dict(zip(found.target.indices, places, strict=True)))
    if not expr.args:
        return expr
    return rebuild(expr, [spelled(a, equations, at) for a in expr.args])
