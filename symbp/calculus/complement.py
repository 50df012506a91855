"""log(1 - p) of a softmax p, and the gradient of a loss that reads it, without cancellation.

``1 - p_k`` is what the others have: ``log(1 - p_k) = log sum_{m != k} exp(u_m) - log sum_m exp(u_m)``,
and its derivative by u_j is ``q_kj - p_j`` with ``q_kj = [k != j] exp(u_j)/sum_{m != k} exp(u_m)``, the
softmax among the others: nothing is above one, where the textbook form divides by ``1 - p_k``.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.calculus.collect import tidy
from symbp.calculus.derive import derive
from symbp.calculus.equation import Equation, Unit, adjoint_name
from symbp.calculus.expression import Compare, Entry, Letter, MaxOver, SumOver, Where, entries
from symbp.calculus.index import fresh, substitute
from symbp.calculus.unary import Apply


@dataclass(frozen=True)
class Others:
    """The entries of ``u`` beside the one at ``letter``; ``target`` is the softmax of u."""

    target: Entry
    u: sp.Expr
    letter: Letter

    @property
    def other(self) -> Letter:
        """The letter of the others."""
        return fresh(self.letter, {self.letter, *self.u.free_symbols})

    @property
    def masked(self) -> Entry:
        """They themselves; minus infinity at the entry itself."""
        indices = self.target.indices
        place = indices.index(self.letter)
        return Entry(f"{self.target.name}_others", *indices[:place], self.other, *indices[place:])

    @property
    def top(self) -> Entry:
        """Their maximum."""
        return Entry(f"{self.target.name}_others_max", *self.target.indices)

    @property
    def power(self) -> Entry:
        """Their exponentials, over that of the maximum; 0 at the entry itself."""
        return Entry(f"{self.target.name}_others_exp", *self.masked.indices)

    @property
    def rest(self) -> Entry:
        """The sum of these exponentials."""
        return Entry(f"{self.target.name}_others_sum", *self.target.indices)

    def equations(self) -> tuple[Equation, ...]:
        there = substitute(self.u, {self.letter: self.other})
        apart = Compare("!=", self.other, self.letter)
        return (
            Equation(self.masked, Where(apart, there, -sp.oo)),
            Equation(self.top, MaxOver(self.masked, self.other)),
            Equation(self.power, sp.exp(self.masked - self.top)),
            Equation(self.rest, SumOver(self.power, self.other)),
        )


def stable_adjoint(
    unit: Unit, others: Others, log: str, complement: str, loss: sp.Expr
) -> Equation | None:
    """The adjoint of the input, from a ``loss`` that reads log(p) and log(1 - p) by these names.

    None where u is no function of the input's entry at the same place, or where p or the input are
    read elsewhere, too.
    """
    p = others.target
    x = next(entries(others.u), p)
    chain = _derivative(others.u, x)
    if x.indices != p.indices or x.name not in unit.inputs or chain is None:
        return None
    users = [e for e in unit.equations if any(r.name == x.name for r in entries(e.rhs))]
    rest = [*(e.rhs for e in unit.equations[:-1]), loss]
    if len(users) != 1 or any(r.name == p.name for rhs in rest for r in entries(rhs)):
        return None
    by_log, by_complement = (_slope(unit, name, p, loss) for name in (log, complement))
    one = others.other
    total = SumOver(sp.expand(by_log + by_complement), others.letter)
    shared = SumOver(by_complement * others.power / others.rest, others.letter)
    moved = {others.letter: one}
    rhs = substitute(by_log, moved) - substitute(p, moved) * tidy(total, dict(unit.axes)) + shared
    own = [one if i == others.letter else i for i in p.indices]
    letters = dict(zip(own, unit.letters[x.name], strict=True))
    target = Entry(adjoint_name(x.name), *unit.letters[x.name])
    return Equation(target, substitute(rhs * substitute(chain, moved), letters))


def _derivative(u: sp.Expr, x: Entry) -> sp.Expr | None:
    """du/dx where u is written in x and numbers alone."""
    variable = sp.Dummy()
    alone = u.xreplace({x: variable})
    if any(True for _ in entries(alone)) or alone.has(Apply):
        return None
    return alone.diff(variable).xreplace({variable: x})


def _slope(unit: Unit, name: str, p: Entry, loss: sp.Expr) -> sp.Expr:
    """The adjoint of the tensor ``name``, which has the letters of p."""
    alone = Unit(
        equations=(Equation(unit.equations[-1].target, loss),),
        inputs=(name,),
        parameters=(),
        letters={**unit.letters, name: p.indices},
        sizes=unit.sizes,
        axes=unit.axes,
        given=unit.given,
        functions=unit.functions,
    )
    found = derive(alone, seed=False).adjoint(name)
    return found.equations[0].rhs if found else sp.S.Zero
