"""Where the term of a mistake stands in the right equation: the equation with a slot for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, Letter, Reduction
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.mutations_right import Edit, written_factors
from symbp.judge.mutations_sites import Site, below, sites

TERM = "#term"
Put = Callable[[sp.Expr], sp.Expr]


@dataclass(frozen=True)
class Marked:
    """The ``right`` equation of a part, and as ``equation`` with the entry ``slot`` in the place of a
    ``term``; ``raw`` where it is a contribution of the chain rule."""

    part: Part
    right: Equation
    equation: Equation
    slot: Entry
    term: sp.Expr
    whole: bool = False  # whether the term is all of the right side
    raw: bool = False


def marked(mistake: Mutation) -> tuple[Marked, ...]:
    """The equation of a mistake, and that of the layer before where something is left out in it."""
    found = _marked(mistake)
    if found is None:
        return ()
    summand = mistake.edit.summand if mistake.edit is not None else None
    if summand is None:
        return (found,)
    slot, right = Entry(TERM, *letters_of(summand.term)), summand.equation
    without = Equation(right.target, right.rhs - summand.term + slot)
    return found, Marked(summand.owner, right, without, slot, summand.term)


def _marked(mistake: Mutation) -> Marked | None:
    """The equation of a mistake with a slot for what is missing in it, or replaced, or doubled; None
    where nothing of it stands there."""
    edit, equation = mistake.edit, mistake.equation
    if edit is None or equation is None:
        return None
    target = equation.target
    for term in (edit.term, edit.wrong):
        if term is None:
            continue
        if term == equation.rhs:
            slot = Entry(TERM, *(target.indices if target.plain else letters_of(term)))
            made = Equation(target, slot)
            return Marked(mistake.part, equation, made, slot, term, True, mistake.raw)
        put = _around(edit, term, equation)
        if put is not None:
            minus = bool(term.as_coeff_Mul()[0].is_negative)
            slot = Entry(TERM, *letters_of(term))
            made = Equation(target, put(-slot if minus else slot))
            term = -term if minus else term
            return Marked(mistake.part, equation, made, slot, term, raw=mistake.raw)
    return None


def alone(term: sp.Expr) -> Entry:
    """A slot for a term that stands nowhere."""
    return Entry(TERM, *letters_of(term))


def _around(edit: Edit, term: sp.Expr, equation: Equation) -> Put | None:
    """Puts something in the place of a term of the right side."""
    if edit.site is not None:
        return _within(_body(edit.site, term), term)
    found = [_within(site, term) for site in sites(equation.rhs) if _covers(site.expr, term)]
    return found[0] if len(found) == 1 else None


def _body(site: Site, term: sp.Expr) -> Site:
    """Inside the reductions around a factor of what is summed."""
    while isinstance(site.expr, Reduction) and site.expr != term:
        site = below(site)[0]
    return site


def _covers(expr: sp.Expr, term: sp.Expr) -> bool:
    """Whether a term stands at a place itself; a factor alone does so at a place below."""
    if expr == term:
        return True
    return not term.is_Atom and term.func is expr.func and set(term.args) < set(expr.args)


def _within(site: Site, term: sp.Expr) -> Put | None:
    if site.expr == term:
        return site.put
    if site.expr.is_Mul:
        factors, own = written_factors(site.expr), list(sp.Mul.make_args(term))
        if all(f in factors for f in own):
            rest = sp.Mul(*(f for f in factors if f not in own))
            return lambda new: site.put(rest * new)
    if site.expr.is_Add and all(t in site.expr.args for t in sp.Add.make_args(term)):
        return lambda new: site.put(site.expr - term + new)
    return None


def rank(part: Part, term: sp.Expr) -> int:
    """Where a product names the term: a tensor where it would be, (1 - h) behind h."""
    if isinstance(term, Entry):
        return part.order.get(term.name, 0)
    return max((part.order.get(r.name, 0) for r in term.atoms(Entry)), default=0) + 1


def letters_of(expr: sp.Expr) -> tuple[Letter, ...]:
    """The free letters of a term, in the order in which it reads them."""
    found: dict[Letter, None] = {}
    for read in sorted(expr.atoms(Entry), key=lambda r: (-len(r.indices), str(r))):
        for index in read.indices:
            for x in sorted(index.free_symbols, key=str):
                found[x] = None
    free = expr.free_symbols
    return tuple(i for i in found if i in free) + tuple(
        sorted((i for i in free if i not in found), key=str)
    )
