"""An elementwise function as smooth pieces between its kinks, in SymPy's own functions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import sympy as sp

from symbp.calculus.equation import Unit
from symbp.calculus.expression import Reduction, entries
from symbp.calculus.functions import U
from symbp.network.graph import Node
from symbp.writers.plain_sympy import plain

X = sp.Symbol("x", real=True)


@dataclass(frozen=True)
class Smooth:
    """``value`` in X, between ``low`` and ``high``."""

    low: sp.Expr
    high: sp.Expr
    value: sp.Expr


def function_of(node: Node) -> sp.Expr | None:
    """An elementwise node's output as an expression in X, its learnable scalars at their first values;
    None where the node is no function of one variable."""
    unit = node.template.training.unit
    (first, *others) = unit.inputs
    init = node.template.definition.init
    values = {name: init[name] for name in unit.parameters if name in init}
    known: dict[str, sp.Expr] = {first: X}
    for name, value in values.items():
        if not isinstance(value, str) and not unit.letters[name]:
            known[name] = sp.Rational(str(value))
    if others or any(not _entrywise(e.rhs, unit, first) for e in unit.equations):
        return None
    for equation in unit.equations:
        if any(r.name not in known for r in entries(equation.rhs)):
            return None
        known[equation.name] = plain(equation.rhs, unit.functions, known.__getitem__)
    return known[unit.output].xreplace({U: X})


def _entrywise(rhs: sp.Expr, unit: Unit, first: str) -> bool:
    own = unit.letters[first]
    same = all(r.indices in ((), own) for r in entries(rhs))
    return same and not rhs.has(Reduction)


def pieces(function: sp.Expr) -> tuple[Smooth, ...] | None:
    """The smooth pieces from left to right; None where a kink cannot be found exactly."""
    kinks: set[sp.Expr] = set()
    for condition in function.atoms(sp.core.relational.Relational):
        found = _roots(condition.lhs - condition.rhs)
        if found is None:
            return None
        kinks |= found
    for bent in function.atoms(sp.Abs, sp.sign):
        found = _roots(bent.args[0])
        if found is None:
            return None
        kinks |= found
    edges = [-sp.oo, *sorted(kinks, key=lambda k: float(k)), sp.oo]
    return tuple(
        Smooth(low, high, _branch(function, _between(low, high))) for low, high in pairwise(edges)
    )


def _roots(expr: sp.Expr) -> set[sp.Expr] | None:
    if not expr.has(X):
        return set()
    if not expr.is_polynomial(X) or sp.degree(expr, X) > 8:
        return None
    return set(sp.real_roots(sp.Poly(expr, X)))


def _between(low: sp.Expr, high: sp.Expr) -> sp.Expr:
    if low == -sp.oo:
        return sp.S.Zero if high == sp.oo else sp.floor(high) - 1
    return sp.ceiling(low) + 1 if high == sp.oo else (low + high) / 2


def _branch(expr: sp.Basic, point: sp.Expr) -> sp.Expr:
    """The expression without choices, as it is around ``point``."""
    if isinstance(expr, sp.Piecewise):
        for value, condition in expr.args:
            if condition == True or condition.xreplace({X: point}) == True:  # noqa: E712
                return _branch(value, point)
    if not expr.args:
        return expr
    args = [_branch(a, point) for a in expr.args]
    if isinstance(expr, sp.Abs | sp.sign):
        sign = sp.sign(args[0].xreplace({X: point}))
        return sign * args[0] if isinstance(expr, sp.Abs) else sign
    return expr.func(*args)


__all__ = ["Smooth", "X", "function_of", "pieces"]
