"""The last pass: the same values, computed so that no intermediate overflows or cancels.

What is shown stays the textbook equation; what runs is the form made here. Every rule is an identity
over the reals (proved in the tests), so that nothing but rounding changes.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.calculus.complement import Others, stable_adjoint
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import (
    Abs,
    Apply,
    Compare,
    Entry,
    Expm1,
    Iverson,
    Letter,
    Log1p,
    MaxOver,
    SumOver,
    Where,
    entries,
    rebuild,
)
from symbp.calculus.functions import U
from symbp.calculus.index import freshen, substitute


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


def stable_logs(unit: Unit) -> tuple[tuple[Equation, ...], sp.Expr] | None:
    """The loss of a head unit with every ``log(output)`` written from the pre-activation.

    * ``log(exp(u_k)/sum_m exp(u_m)) = u_k - max u - log sum_m exp(u_m - max u)``
    * ``log(1 - exp(u_k)/sum_m exp(u_m))`` by the sum over the others, see ``complement``
    * ``log(sigmoid(u)) = -softplus(-u)``, ``log(1 - sigmoid(u)) = -softplus(u)``

    Returns the equations that come before the loss, and its new right side; None where no rule fits.
    """
    loss = unit.equations[-1]
    before: dict[str, Equation] = {}

    def visit(node: sp.Basic) -> sp.Basic:
        if isinstance(node, sp.log):
            found = _stable_log(node.args[0], unit, before)
            if found is not None:
                return found
        if not node.args or isinstance(node, Entry):
            return node
        return rebuild(node, [visit(a) for a in node.args])

    rhs = visit(loss.rhs)
    return None if rhs == loss.rhs else (tuple(before.values()), rhs)


def _stable_log(argument: sp.Expr, unit: Unit, before: dict[str, Equation]) -> sp.Expr | None:
    if argument.is_Add and len(argument.args) == 2 and sp.S.One in argument.args:
        other = -next(a for a in argument.args if a != 1)
        u = _sigmoid_argument(other, unit)
        if u is not None:
            return -Apply("softplus", u)
        return _log_complement(other, unit, before) if isinstance(other, Entry) else None
    u = _sigmoid_argument(argument, unit)
    if u is not None:
        return -Apply("softplus", -u)
    if not isinstance(argument, Entry):
        return None
    return _log_softmax(argument, unit, before)


def _sigmoid_argument(expr: sp.Expr, unit: Unit) -> sp.Expr | None:
    """u where ``expr`` is an entry that is defined as sigmoid(u)."""
    if not isinstance(expr, Entry):
        return None
    definition = unit.definition(expr.name)
    if definition is None or not isinstance(definition.rhs, Apply):
        return None
    if definition.rhs.function != "sigmoid":
        return None
    moved = dict(zip(definition.target.indices, expr.indices, strict=True))
    return substitute(definition.rhs.argument, moved)


def _log_softmax(entry: Entry, unit: Unit, before: dict[str, Equation]) -> sp.Expr | None:
    ratio = unit.definition(entry.name)
    if ratio is None or not ratio.rhs.is_Mul or len(ratio.rhs.args) != 2:
        return None
    over = next((f for f in ratio.rhs.args if isinstance(f, Entry)), None)
    under = next((1 / f for f in ratio.rhs.args if isinstance(1 / f, Entry)), None)
    power = unit.definition(over.name) if over is not None else None
    total = unit.definition(under.name) if under is not None else None
    if power is None or total is None or not isinstance(power.rhs, sp.exp):
        return None
    if not isinstance(total.rhs, SumOver) or not isinstance(total.rhs.body, Entry):
        return None
    if total.rhs.body.name != power.name:
        return None
    u = power.rhs.args[0]
    there = dict(zip(power.target.indices, total.rhs.body.indices, strict=True))
    inner = substitute(u, there)
    name = f"log_{entry.name}"
    top = Entry(f"{entry.name}_max", *total.target.indices)
    rest = Entry(f"{entry.name}_sum", *total.target.indices)
    shifted = SumOver(sp.exp(inner - top), *total.rhs.letters)
    before.setdefault(top.name, Equation(top, MaxOver(inner, *total.rhs.letters)))
    before.setdefault(rest.name, Equation(rest, shifted))
    before.setdefault(name, Equation(Entry(name, *ratio.target.indices), u - top - sp.log(rest)))
    return Entry(name, *entry.indices)


def _log_complement(entry: Entry, unit: Unit, before: dict[str, Equation]) -> sp.Expr | None:
    """``log(1 - y)`` of a softmax y over one letter of at least two values."""
    if _log_softmax(entry, unit, before) is None:
        return None
    others = others_of(entry.name, unit)
    if others is None:
        return None
    for equation in others.equations():
        before.setdefault(equation.name, equation)
    name = f"log_not_{entry.name}"
    whole = before[f"log_{entry.name}"].rhs - others.u  # -log of the sum of all exponentials
    value = others.top + sp.log(others.rest) + whole
    before.setdefault(name, Equation(Entry(name, *others.target.indices), value))
    return Entry(name, *entry.indices)


def others_of(name: str, unit: Unit) -> Others | None:
    """Of a softmax ``name = exp(u)/sum(exp(u))``."""
    ratio = unit.definition(name)
    assert ratio is not None
    power, total = (
        next(e for e in unit.equations if wanted(e.rhs) and _reads(ratio, e.name))
        for wanted in (lambda r: isinstance(r, sp.exp), lambda r: isinstance(r, SumOver))
    )
    if power.target.indices != ratio.target.indices or len(total.rhs.letters) != 1:
        return None
    place = total.rhs.body.indices.index(total.rhs.letters[0])
    letter = ratio.target.indices[place]
    return None if unit.size_of(letter) == 1 else Others(ratio.target, power.rhs.args[0], letter)


def stable_gradient(unit: Unit, before: Iterable[Equation], loss: sp.Expr) -> Equation | None:
    """The adjoint of the input to run instead, where ``stable_logs`` wrote log(1 - y) of a softmax."""
    for equation in before:
        name = equation.name.removeprefix("log_not_")
        others = others_of(name, unit) if name != equation.name else None
        if others is not None:
            return stable_adjoint(unit, others, f"log_{name}", equation.name, loss)
    return None


__all__ = [
    "Iverson",
    "shifted_exponentials",
    "sigmoid",
    "stable",
    "stable_function",
    "stable_gradient",
    "stable_logs",
]
