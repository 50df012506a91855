"""The mistakes in one part of a network, from its equations in the map and from its raw chain rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import sympy as sp

from symbp.calculus.equation import Equation, adjoint_name
from symbp.calculus.expression import Entry, Size, SumOver, entries
from symbp.judge.evaluate_network import Chain
from symbp.judge.evaluate_parts import Part
from symbp.judge.evaluate_unit import System, Written
from symbp.judge.mutations_expression import edits
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.mutations_right import Edit, Elsewhere, Right, varies
from symbp.judge.mutations_where import Where

SHARED = sp.Dummy("other factors")
FACTORS = ("missing_factor", "extra_factor", "replaced_factor")


def mutation(
    owner: Part,
    system: System,
    number: int,
    new: tuple[Written, ...],
    where: str,
    edit: Edit,
    raw: bool,
) -> Mutation:
    """The mistake of other equations in place of one of a system."""
    changes = {owner.id: system.replaced({number: new})}
    part = owner.joined if owner.joined and system is owner.joined.system else owner
    equation = system.written[number].equation
    return Mutation(edit.kind, where, part, changes, edit.rank, equation, edit, raw)


def equations(
    where: Where, owner: Part, part: Part, system: System, elsewhere: Elsewhere, raw: bool
) -> Iterator[Mutation]:
    """Every edit of every equation of a system; ``part`` is the owner, or the owner with its layer."""
    siblings: dict[str, int] = {}
    for written in system.written:
        siblings[written.equation.name] = siblings.get(written.equation.name, 0) + 1
    for number, written in enumerate(system.written):
        equation = written.equation
        place = where.of(part, equation.name, equation)
        if place is None:
            continue
        for edit in edits(Right(part.unit, equation.target, equation.rhs, elsewhere, raw)):
            new = (Written(Equation(equation.target, edit.rhs)),)
            yield mutation(owner, system, number, new, place, edit, raw)
        if raw and siblings[equation.name] > 1:
            kind = "truncated" if _is_back(part, equation) else "missing_path"
            edit = Edit(kind, sp.S.Zero, 0, None, equation.rhs)
            yield mutation(owner, system, number, (), place, edit, raw)
        if _overlaps(equation):
            edit = Edit("missing_sum", equation.rhs, 1, None, equation.rhs)
            for loop in ("windows", "places"):
                new = (replace(written, overwrites=loop),)
                yield mutation(owner, system, number, new, place, edit, raw)


def together(where: Where, part: Part, system: System) -> Iterator[Mutation]:
    """A factor that several contributions of one equation share, changed in all of them."""
    groups: dict[str, list[int]] = {}
    for number, c in enumerate(part.derivation.contributions):
        groups.setdefault(c.source, []).append(number)
    for numbers in groups.values():
        rights = {k: system.written[k].equation for k in numbers}
        shared: dict[sp.Expr, list[int]] = {}
        for k, equation in rights.items():
            for factor in _shared(equation.rhs):
                shared.setdefault(factor, []).append(k)
        for factor, users in shared.items():
            if len(users) > 1:
                yield from _everywhere(where, part, system, factor, {k: rights[k] for k in users})


def _everywhere(
    where: Where, part: Part, system: System, factor: sp.Expr, rights: Mapping[int, Equation]
) -> Iterator[Mutation]:
    first = next(iter(rights.values()))
    place = where.of(part, first.name, first)
    if place is None:
        return
    for edit in edits(Right(part.unit, first.target, SHARED * factor, Elsewhere(), True)):
        idle = edit.wrong is not None and edit.wrong.has(SHARED)
        if idle or not edit.rhs.has(SHARED) or edit.rank > 1 or edit.kind not in FACTORS:
            continue
        new = edit.rhs.xreplace({SHARED: sp.S.One})
        changes = {
            k: (Written(Equation(e.target, e.rhs.xreplace({factor: new}))),)
            for k, e in rights.items()
        }
        yield Mutation(edit.kind, place, part, {part.id: system.replaced(changes)},
                       edit.rank + 1, first, edit, True)  # fmt: skip


def paths(chain: Chain, where: Where, part: Part) -> Iterator[Mutation]:
    """What flows into a tensor from one of several parts that read it."""
    for local in part.outside:
        places = {b.places[local] for b in chain.blocks if b.part is part}
        shared = all(len(chain.users[found]) > 1 for found in places)
        place = where.of(part, adjoint_name(local))
        numbers = [
            k for k, w in enumerate(part.system.written)
            if w.equation.name == adjoint_name(local)
        ]  # fmt: skip
        if shared and numbers and place is not None:
            equation = part.system.written[numbers[0]].equation
            edit = Edit("missing_path", sp.S.Zero, 0, None, equation.rhs)
            changes = {part.id: part.system.replaced(dict.fromkeys(numbers, ()))}
            yield Mutation("missing_path", place, part, changes, 0, equation, edit)


def penalty(where: Where, part: Part) -> Iterator[Mutation]:
    """The penalty on a weight left out, doubled, halved, subtracted, or divided by the batch."""
    for number, written in enumerate(part.system.written):
        equation = written.equation
        place = where.of(part, equation.name)
        if place is None:
            continue
        batch = Size(sp.Symbol("n", integer=True))
        found = [Edit("regularization", sp.S.Zero, 0, None, equation.rhs)]
        for factor in (2, sp.Rational(1, 2), -1, 1 / batch):
            wrong = equation.rhs * factor
            kind = "sign" if factor == -1 else "regularization"
            found.append(Edit(kind, wrong, 1, None, equation.rhs, wrong))
        for edit in found:
            new = (Written(Equation(equation.target, edit.rhs)),) if edit.wrong else ()
            yield mutation(part, part.system, number, new, place, edit, False)


def _is_back(part: Part, equation: Equation) -> bool:
    names = {adjoint_name(k.back) for k in part.unit.links}
    return any(r.name in names for r in entries(equation.rhs))


def _overlaps(equation: Equation) -> bool:
    """Whether several values go to one place of the target."""
    for index in equation.target.indices:
        if any(True for _ in entries(index)) or (index.is_Add and len(index.free_symbols) > 1):
            return True
    return False


def _shared(rhs: sp.Expr) -> list[sp.Expr]:
    """The factors of a contribution that are no adjoint, number or size."""
    body = rhs.body if isinstance(rhs, SumOver) else rhs
    return [f for f in sp.Mul.make_args(body) if varies(f)]


def raw_system(part: Part) -> System:
    """The contributions of the chain rule, each an equation of its own, nothing written shorter."""
    equations = []
    for c in part.derivation.contributions:
        target = Entry(adjoint_name(c.target.name), *c.target.indices)
        rhs = sp.Mul(*c.factors)
        rest = [i for i in c.letters if i not in target.free_symbols and i in rhs.free_symbols]
        rhs = SumOver(rhs, *sorted(rest, key=str)) if rest else rhs
        equations.append(Equation(target, rhs))
    return System(part.machine, tuple(map(Written, equations)), part.derivation.links)
