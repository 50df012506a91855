"""The last pass: the same values, computed so that no intermediate overflows or cancels.

What is shown stays the textbook equation; what runs is the form made here. Every rule is an identity
over the reals (proved in the tests), so that nothing but rounding changes.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import (
    Compare,
    Entry,
    Letter,
    MaxOver,
    SumOver,
    Where,
    entries,
    rebuild,
)
from symbp.calculus.functions import U
from symbp.calculus.index import freshen, substitute
from symbp.calculus.unary import Abs, Apply, Expm1, Log1p


def stable(expr: sp.Basic) -> sp.Basic:
    """Apply every local rule, from inside out.

    * ``1/(1 + exp(u)) = sigmoid(-u)``, ``exp(u)*sigmoid(-u) = sigmoid(u)``
    * ``log(1 + exp(u)) = max(u, 0) + log1p(exp(-|u|))``
    * ``exp(u) - 1 = expm1(u)``
    * in a branch that is taken for u <= 0 alone, ``exp(u) = exp(min(u, 0))``
    """
    if not expr.args or isinstance(expr, Entry):
        return expr
    if isinstance(expr, Where):
        return _where(expr)
    expr = rebuild(expr, [stable(a) for a in expr.args])
    if isinstance(expr, sp.log):
        argument = _one_plus_exponential(expr.args[0])
        if argument is not None:
            return _maximum_zero(argument) + Log1p(sp.exp(-Abs(argument)))
    if expr.is_Pow and expr.exp.is_Integer and expr.exp < 0:
        argument = _one_plus_exponential(expr.base)
        return expr if argument is None else Apply("sigmoid", -argument) ** -expr.exp
    if expr.is_Mul:
        return _logistic(expr)
    if expr.is_Add:
        return _expm1(expr)
    return expr


def sigmoid() -> sp.Expr:
    """1/(1 + exp(-u)) by the sign of u: the exponential is never above one."""
    small = sp.exp(-Abs(U))
    return Where(Compare(">=", U, sp.S.Zero), sp.S.One, small) / (1 + small)


def stable_function(body: sp.Expr) -> sp.Expr:
    """A named function's body in ``u``, ready to run."""
    if body == 1 / (1 + sp.exp(-U)):
        return sigmoid()
    return stable(body)


def _one_plus_exponential(expr: sp.Expr) -> sp.Expr | None:
    """u of ``1 + exp(u)``."""
    if expr.is_Add and len(expr.args) == 2 and sp.S.One in expr.args:
        other = next(a for a in expr.args if a != 1)
        if isinstance(other, sp.exp):
            return other.args[0]
    return None


def _maximum_zero(u: sp.Expr) -> sp.Expr:
    return Where(Compare(">=", u, sp.S.Zero), u, sp.S.Zero)


def _logistic(expr: sp.Mul) -> sp.Expr:
    for factor in expr.args:
        base, count = factor.as_base_exp()
        if type(base) is not Apply or base.function != "sigmoid" or not count.is_Integer:
            continue
        for power in expr.args:
            ratio = power.args[0] / -base.argument if isinstance(power, sp.exp) else sp.S.Zero
            if ratio.is_Integer and 0 < ratio <= count:
                rest = sp.Mul(*(a for a in expr.args if a not in (factor, power)))
                return rest * Apply("sigmoid", -base.argument) ** ratio * base ** (count - ratio)
    return expr


def _expm1(expr: sp.Add) -> sp.Expr:
    for term in expr.args:
        coefficient, rest = term.as_coeff_Mul()
        if isinstance(rest, sp.exp) and -coefficient in expr.args:
            return expr - term + coefficient + coefficient * Expm1(rest.args[0])
    return expr


def _where(expr: Where) -> sp.Expr:
    condition, then, otherwise = expr.args
    then, otherwise = stable(then), stable(otherwise)
    if isinstance(condition, Compare) and condition.args[2] == 0:
        u = condition.args[1]
        if condition.op in (">", ">="):
            otherwise = _clip(otherwise, u)
        else:
            then = _clip(then, u)
    return Where(condition, then, otherwise)


def _clip(expr: sp.Basic, u: sp.Expr) -> sp.Basic:
    """exp(u) -> exp(min(u, 0)): the branch is not taken for u > 0, where exp would overflow."""
    bounded = Where(Compare("<=", u, sp.S.Zero), u, sp.S.Zero)
    return expr.xreplace({sp.exp(u): sp.exp(bounded), Expm1(u): Expm1(bounded)})


def shifted_exponentials(unit: Unit, read_later: Iterable[str]) -> dict[str, Equation]:
    """``e / sum(e)`` with ``e = exp(u)`` does not change when u is shifted by its maximum.

    Returns the equations to run instead, by name; only where e and its sum serve nothing else.
    """
    later = set(read_later)
    replaced: dict[str, Equation] = {}
    for equation in unit.equations:
        rhs = equation.rhs
        if not isinstance(rhs, SumOver) or not isinstance(rhs.body, Entry):
            continue
        power = unit.definition(rhs.body.name)
        users = [e.name for e in unit.equations if _reads(e, rhs.body.name)]
        ratios = [e for e in unit.equations if _reads(e, equation.name)]
        if power is None or {rhs.body.name, equation.name} & later or len(ratios) != 1:
            continue
        if ratios[0].rhs != power.target / equation.target or set(users) != {
            equation.name,
            ratios[0].name,
        }:
            continue
        shifted = _shift(power, rhs.body, rhs.letters)
        if shifted is not None:
            replaced[power.name] = shifted
    return replaced


def _shift(power: Equation, read: Entry, bound: tuple[Letter, ...]) -> Equation | None:
    """``e = exp(u - max u)``, or the same under a condition."""
    back = dict(zip(power.target.indices, read.indices, strict=True))

    def top(u: sp.Expr) -> sp.Expr:
        there = substitute(freshen(u, bound), back)
        return MaxOver(there, *bound)

    rhs = power.rhs
    if isinstance(rhs, sp.exp):
        return Equation(power.target, sp.exp(rhs.args[0] - top(rhs.args[0])))
    if isinstance(rhs, Where) and isinstance(rhs.args[1], sp.exp) and rhs.args[2] == 0:
        u = rhs.args[1].args[0]
        masked = Where(rhs.args[0], u, -sp.oo)
        return Equation(power.target, sp.exp(masked - top(masked)))
    return None


def _reads(equation: Equation, name: str) -> bool:
    return any(r.name == name for r in entries(equation.rhs))
