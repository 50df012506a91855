"""Choices by a condition: what a choice decides stands inside it, since 0 times infinity is no number.

``[c] e`` with ``e = exp(x)`` would be NaN where e overflows and c does not hold; ``where(c, e, 0)`` is 0.
"""

from __future__ import annotations

from collections.abc import Container

import sympy as sp

from symbp.calculus.expression import Compare, Entry, Iverson, Reduction, Where, entries, rebuild


def gather_choices(expr: sp.Basic, finite: Container[str]) -> sp.Basic:
    """Terms that one condition decides become one choice; factors that may be infinite where the
    condition does not hold move inside. Tensors in ``finite`` (and adjoints) never are."""
    if not expr.has(Where, Iverson):
        return expr
    if isinstance(expr, (Reduction, Where)) or expr.is_Pow or (expr.is_Mul and not _choices(expr)):
        return rebuild(expr, [gather_choices(a, finite) for a in expr.args])
    groups: dict[tuple[sp.Basic, sp.Expr], list[_Choice]] = {}
    rest: list[sp.Expr] = []
    for term in sp.Add.make_args(expr):
        choice = _decompose(term, finite)
        if choice is None:
            inner = term if term == expr else gather_choices(term, finite)
            rest.append(inner)
        else:
            groups.setdefault((choice.condition, choice.outside), []).append(choice)
    return sp.Add(*rest, *(_joined(members, finite) for members in groups.values()))


class _Choice:
    """``outside * where(condition, then, otherwise)``; ``term`` is how it was written."""

    def __init__(self, term: sp.Expr, condition: sp.Basic, outside: sp.Expr) -> None:
        self.term, self.condition, self.outside = term, condition, outside
        self.then: sp.Expr = sp.S.Zero
        self.otherwise: sp.Expr = sp.S.Zero
        self.risky = False


def _choices(term: sp.Expr) -> list[sp.Expr]:
    return [f for f in sp.Mul.make_args(term) if isinstance(f, (Where, Iverson))]


def _decompose(term: sp.Expr, finite: Container[str]) -> _Choice | None:
    found = _choices(term)
    if len(found) != 1:
        return None
    condition, then, otherwise = _cases(found[0])
    known = condition.free_symbols
    inside: list[sp.Expr] = []
    outside: list[sp.Expr] = []
    for factor in sp.Mul.make_args(term):
        if factor == found[0]:
            continue
        letters = factor.free_symbols
        fits = bool(letters) and (letters <= known or known <= letters)
        adjoint = any(r.name.startswith("∂") for r in entries(factor))
        (inside if fits and not adjoint else outside).append(factor)
    choice = _Choice(term, condition, sp.Mul(*outside))
    local = sp.Mul(*inside)
    choice.then, choice.otherwise = local * then, local * otherwise
    choice.risky = not all(_is_finite(f, finite) for f in inside)
    return choice


def _cases(choice: sp.Expr) -> tuple[sp.Basic, sp.Expr, sp.Expr]:
    """Condition, then and otherwise; ``where(u <= 0, a, b)`` is ``where(u > 0, b, a)``."""
    cases = (*choice.args, sp.S.One, sp.S.Zero)
    condition, then, otherwise = cases[:3]
    if isinstance(condition, Compare) and condition.op in ("<", "<=", "!="):
        return condition.negated(), otherwise, then
    return condition, then, otherwise


def _is_finite(factor: sp.Expr, finite: Container[str]) -> bool:
    if factor.is_number:
        return True
    if isinstance(factor, Entry):
        return factor.name in finite
    if (
        (factor.is_Pow and factor.exp.is_Integer and factor.exp > 0)
        or factor.is_Add
        or factor.is_Mul
    ):
        return all(_is_finite(a, finite) for a in factor.args)
    return False


def _joined(members: list[_Choice], finite: Container[str]) -> sp.Expr:
    if len(members) == 1 and not members[0].risky:
        return members[0].term
    first = members[0]
    then = sp.Add(*(m.then for m in members))
    otherwise = sp.Add(*(m.otherwise for m in members))
    condition = first.condition
    if then == 0 and isinstance(condition, Compare):
        condition, then, otherwise = condition.negated(), otherwise, then
    return first.outside * Where(condition, then, otherwise)
