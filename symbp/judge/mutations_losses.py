"""The gradients of other losses, derived anew, and what stands where a loss and its layer are one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from symbp.calculus.equation import Equation, adjoint_name
from symbp.calculus.expression import Entry, SumOver
from symbp.calculus.index import map_entries, substitute
from symbp.errors import InputError
from symbp.judge.evaluate_parts import Part, loss_part
from symbp.judge.evaluate_unit import Changed, Written
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.mutations_parts import mutation
from symbp.judge.mutations_right import Edit
from symbp.judge.mutations_where import Where
from symbp.language.options import LOSSES
from symbp.language.spec import Loss
from symbp.network.program import Program

Mistakes = tuple[Mutation, ...]


def losses(program: Program, where: Where, part: Part, diagonals: Mistakes) -> Iterator[Mutation]:
    """The same network with other losses, and with the other reduction; also with the layer in front
    taken entry by entry (``diagonals``)."""
    pairs = zip(program.heads, program.targets, strict=True)
    head, target = next((h, t) for h, t in pairs if f"{t}.loss" == part.id)
    assert part.output is not None
    own = part.output.loss
    place = where.of(part, adjoint_name("y"))
    for loss in _others(own):
        output = replace(part.output, loss=loss)
        try:
            other = loss_part(program, head, target, output)
        except InputError:
            continue
        kind = "other_reduction" if _same(loss, own) else "other_loss"
        rank = 1 if loss.reduction == own.reduction else 2
        if place is None:
            continue
        changes: dict[str, Changed | Part] = {part.id: other}
        yield Mutation(kind, place, part, changes, rank, loss=loss)
        for diagonal in diagonals:
            both = {**changes, **diagonal.changes}
            yield Mutation(kind, place, part, both, 3, loss=loss, before=diagonal)


def slopes(where: Where, part: Part, front: Part, diagonals: Mistakes) -> Iterator[Mutation]:
    """Where a loss and its layer are one equation, the layer's own derivative once more."""
    if part.joined is None:
        return
    seed = adjoint_name(front.unit.output)
    (local,) = front.inputs
    own = [w.equation.rhs for w in front.system.written if w.equation.name == adjoint_name(local)]
    own += [m.edit.rhs for m in diagonals if m.edit is not None]
    system = part.joined.system
    for number, written in enumerate(system.written):
        equation = written.equation
        place = where.of(part.joined, equation.name)
        for rhs in own:
            slope = map_entries(rhs, seed, lambda _: sp.S.One)
            if place is None or slope.has(SumOver):
                continue
            slope = _renamed(slope, front, part.joined, equation)
            edit = Edit("extra_factor", equation.rhs * slope, 0, None, None, slope)
            new = (Written(Equation(equation.target, edit.rhs)),)
            yield mutation(part, system, number, new, place, edit, False)


def _renamed(slope: sp.Expr, front: Part, joined: Part, equation: Equation) -> sp.Expr:
    """A layer's expression in the names and letters that it has in one with its loss."""
    names = {front.unit.output: "y", front.inputs[0]: joined.inputs[0]}
    letters = dict(zip(front.unit.letters[front.inputs[0]], equation.target.indices, strict=True))
    moved = substitute(slope, letters)
    for old, new in names.items():
        moved = map_entries(moved, old, lambda e, new=new: Entry(f"?{new}", *e.indices))  # type: ignore[misc]
    for new in names.values():
        moved = map_entries(moved, f"?{new}", lambda e, new=new: Entry(new, *e.indices))  # type: ignore[misc]
    return moved


def _others(own: Loss) -> Iterator[Loss]:
    """The same loss reduced in the other way, and every other loss in both."""
    if own.type is None:
        yield replace(own, reduction="sum" if own.reduction == "mean" else "mean")
    for name in sorted(LOSSES.keys() - {"formula"}):
        for reduction in ("sum", "mean"):
            loss = Loss(name, None, own.options if name == own.type else (), reduction)
            if loss != replace(own, line=0):
                yield loss


def _same(loss: Loss, own: Loss) -> bool:
    return (loss.type, loss.formula) == (own.type, own.formula)
