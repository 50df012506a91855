"""The logarithms of a loss from the pre-activations of the output, where that neither overflows nor
cancels: what runs in place of the textbook loss, and of its gradient."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.calculus.complement import Others, stable_adjoint
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, MaxOver, SumOver, entries, rebuild
from symbp.calculus.index import substitute
from symbp.calculus.unary import Apply


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


def instead_of_logs(expr: sp.Expr, unit: Unit) -> dict[sp.Expr, sp.Expr]:
    """Each logarithm in an expression that ``stable_logs`` rewrites, with what it writes instead."""
    logs = sorted(expr.atoms(sp.log), key=str)
    found = {log: _stable_log(log.args[0], unit, {}) for log in logs}
    return {log: new for log, new in found.items() if new is not None}


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
    read = {r.name for r in entries(ratio.rhs)}
    power, total = (
        next(e for e in unit.equations if isinstance(e.rhs, kind) and e.name in read)
        for kind in (sp.exp, SumOver)
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
