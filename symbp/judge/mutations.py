"""The mistakes that can be made in a network's backward pass, part by part.

They are derived from the derivation itself: from the equations of the map, from the raw contributions
of the chain rule before anything was written shorter, and from other losses in place of the network's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from symbp.calculus.equation import ADJOINT, Equation, adjoint_name
from symbp.calculus.expression import Entry, Size, SumOver, entries
from symbp.errors import InputError
from symbp.judge.evaluate_network import Chain, Changes
from symbp.judge.evaluate_parts import Part, loss_part
from symbp.judge.evaluate_unit import System, Written
from symbp.judge.mutations_expression import Edit, Edits
from symbp.language.options import LOSSES
from symbp.language.spec import Loss
from symbp.network.heads import Head
from symbp.network.items import statements


@dataclass(frozen=True, eq=False)
class Mutation:
    """A mistake of a ``kind`` at ``where`` in the map; ``changes`` make it.

    ``equation`` is the right one, in the local names of ``part``; ``raw`` where it is a contribution of
    the chain rule that the map shows in a shorter form. ``loss`` is the loss whose gradient it is.
    """

    kind: str
    where: str
    part: Part
    changes: Changes
    rank: int
    equation: Equation | None = None
    edit: Edit | None = None
    raw: bool = False
    loss: Loss | None = None

    @property
    def local(self) -> str:
        """The local name of the adjoint that is wrong first."""
        if self.equation is None:
            return adjoint_name(self.part.inputs[0])
        return self.equation.name


class Mutations:
    """All mistakes of one network; those of a part are made when they are first asked for."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.program = chain.program
        self.made: dict[str, tuple[Mutation, ...]] = {}
        self.places = _places(chain)

    def of(self, part: Part) -> tuple[Mutation, ...]:
        """The mistakes in one part, likely ones first."""
        if part.id not in self.made:
            found = list(self._of(part))
            self.made[part.id] = tuple(sorted(found, key=lambda m: m.rank))
        return self.made[part.id]

    def _of(self, part: Part) -> Iterator[Mutation]:
        if part.kind == "penalty":
            yield from self.penalty(part)
            return
        if part.joined is not None:
            yield from self.system(part, part.joined, part.joined.system, "map")
        yield from self.system(part, part, part.system, "map")
        yield from self.system(part, part, raw_system(part), "raw")
        if part.kind == "loss":
            yield from self.losses(part)

    def system(self, owner: Part, part: Part, system: System, form: str) -> Iterator[Mutation]:
        raw = form == "raw"
        siblings: dict[str, int] = {}
        for written in system.written:
            siblings[written.equation.name] = siblings.get(written.equation.name, 0) + 1
        for number, written in enumerate(system.written):
            equation = written.equation
            where = self.where(part, equation.name)
            if where is None:
                continue
            for edit in Edits(part.unit, equation.target, equation.rhs).all():
                new = (Written(Equation(equation.target, edit.rhs)),)
                yield self.mutation(owner, system, number, new, where, edit, raw)
            if raw and siblings[equation.name] > 1:
                kind = "truncated" if self.is_back(part, equation) else "missing_path"
                edit = Edit(kind, sp.S.Zero, 0, None, equation.rhs)
                yield self.mutation(owner, system, number, (), where, edit, raw)
            if any(True for i in equation.target.indices for _ in entries(i)):
                edit = Edit("missing_sum", equation.rhs, 1, None, equation.rhs)
                new = (replace(written, overwrites=True),)
                yield self.mutation(owner, system, number, new, where, edit, raw)

    def mutation(
        self,
        owner: Part,
        system: System,
        number: int,
        new: tuple[Written, ...],
        where: str,
        edit: Edit,
        raw: bool,
    ) -> Mutation:
        changes = {owner.id: system.replaced({number: new})}
        part = owner.joined if owner.joined and system is owner.joined.system else owner
        equation = system.written[number].equation
        return Mutation(edit.kind, where, part, changes, edit.rank, equation, edit, raw)

    @staticmethod
    def is_back(part: Part, equation: Equation) -> bool:
        names = {adjoint_name(k.back) for k in part.unit.links}
        return any(r.name in names for r in entries(equation.rhs))

    # -- losses and penalties -------------------------------------------------------------------

    def losses(self, part: Part) -> Iterator[Mutation]:
        """The same network with other losses, and with the other reduction."""
        head, target = self.heads[part.id]
        assert part.output is not None
        own = part.output.loss
        where = self.where(part, adjoint_name("y"))
        for loss in _others(own):
            output = replace(part.output, loss=loss)
            try:
                other = loss_part(self.program, head, target, output)
            except InputError:
                continue
            kind = "other_reduction" if _same(loss, own) else "other_loss"
            rank = 1 if loss.reduction == own.reduction else 2
            if where is not None:
                yield Mutation(kind, where, part, {part.id: other}, rank, loss=loss)

    @cached_property
    def heads(self) -> Mapping[str, tuple[Head, str]]:
        pairs = zip(self.program.heads, self.program.targets, strict=True)
        return {f"{target}.loss": (head, target) for head, target in pairs}

    def penalty(self, part: Part) -> Iterator[Mutation]:
        for number, written in enumerate(part.system.written):
            equation = written.equation
            where = self.where(part, equation.name)
            if where is None:
                continue
            batch = Size(sp.Symbol("n", integer=True))
            edits = [Edit("regularization", sp.S.Zero, 0, None, equation.rhs)]
            for factor in (2, sp.Rational(1, 2), -1, 1 / batch):
                wrong = equation.rhs * factor
                edits.append(Edit("regularization", wrong, 1, None, equation.rhs, wrong))
            for edit in edits:
                new = (Written(Equation(equation.target, edit.rhs)),) if edit.wrong else ()
                yield self.mutation(part, part.system, number, new, where, edit, False)

    # -- where ----------------------------------------------------------------------------------

    def where(self, part: Part, local: str) -> str | None:
        """The equation of the map that computes an adjoint, or that it is written into; None where no
        parameter needs it."""
        seen: set[str] = set()
        waiting = [local]
        while waiting:
            name = waiting.pop(0)
            seen.add(name)
            tensor = ADJOINT + part.names.get(name.removeprefix(ADJOINT), "")
            if tensor in self.places:
                return self.places[tensor]
            for c in part.derivation.contributions:
                target = adjoint_name(c.target.name)
                if target not in seen and any(
                    r.name == name for f in c.factors for r in entries(f)
                ):
                    waiting.append(target)
        if part.kind == "loss" and part.joined is not None:
            return self.where(part.joined, part.joined.system.written[0].equation.name)
        return None


def _places(chain: Chain) -> dict[str, str]:
    """The statement of each adjoint, by its name in the program."""
    found: dict[str, str] = {}
    for statement in statements(chain.program.backward):
        found.setdefault(statement.defines, statement.id)
        for piece in statement.pieces:
            if piece.finished is not None:
                own = piece.tensor(piece.finished.equation.name)
                found.setdefault(own, statement.id)
    return found


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


__all__ = ["Mutation", "Mutations", "raw_system"]
