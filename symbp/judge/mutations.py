"""The mistakes that can be made in a network's backward pass, part by part.

They are derived from the derivation itself: from the equations of the map, from the raw contributions
of the chain rule before anything was written shorter, and from other losses in place of the network's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

from symbp.calculus.equation import Equation
from symbp.judge.evaluate_network import Chain
from symbp.judge.evaluate_parts import Part
from symbp.judge.evaluate_unit import Changed, System, Written
from symbp.judge.mutations_elsewhere import elsewhere
from symbp.judge.mutations_expression import edits
from symbp.judge.mutations_forward import forward
from symbp.judge.mutations_losses import losses, slopes
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.mutations_parts import equations, paths, penalty, raw_system, together
from symbp.judge.mutations_right import Edit, Elsewhere, Right
from symbp.judge.mutations_where import Where

Mistakes = tuple[Mutation, ...]


class Mutations:
    """All mistakes of one network; those of a part are made when they are first asked for."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.where = Where(chain.program)
        self.made: dict[tuple[str, str], Mistakes] = {}  # by what was asked for, and of which part
        self.raws: dict[str, System] = {}
        self.twice: dict[Mutation, Mistakes] = {}

    def of(self, part: Part) -> Mistakes:
        """The mistakes in one part, likely ones first."""
        return self._once("of", part, self._of)

    def losses(self, part: Part) -> Mistakes:
        """The gradients of other losses in place of a loss."""
        return self._once("losses", part, self._losses)

    def alike(self, part: Part) -> Mistakes:
        """Each mistake of a part made in all parts of the same formula, as in a function for them all."""
        return self._once("alike", part, self._alike)

    @cached_property
    def forward(self) -> Mistakes:
        """The mistakes in the forward pass, likely ones first."""
        return tuple(sorted(forward(self.chain), key=lambda m: m.rank))

    def _once(self, asked: str, part: Part, make: Callable[[Part], Iterator[Mutation]]) -> Mistakes:
        if (asked, part.id) not in self.made:
            self.made[asked, part.id] = tuple(sorted(make(part), key=lambda m: m.rank))
        return self.made[asked, part.id]

    def _of(self, part: Part) -> Iterator[Mutation]:
        where, raw = self.where, self.raw(part)
        if part.kind == "penalty":
            yield from penalty(where, part)
            return
        near = elsewhere(self.chain, part)
        if part.joined is not None:
            yield from equations(where, part, part.joined, part.joined.system, Elsewhere(), False)
        yield from equations(where, part, part, part.system, near, False)
        yield from equations(where, part, part, raw, replace(near, like={}), True)
        yield from together(where, part, raw)
        yield from paths(self.chain, where, part)
        if part.joined is not None:
            yield from slopes(where, part, self._in_front(part), self._diagonals(part))

    def raw(self, part: Part) -> System:
        """One raw system for each part, so that mistakes in it can be made together."""
        return self.raws.setdefault(part.id, raw_system(part))

    def _losses(self, part: Part) -> Iterator[Mutation]:
        return losses(self.chain.program, self.where, part, self._diagonals(part))

    def _in_front(self, part: Part) -> Part:
        return next(p for p in self.chain.parts if p.id == part.names["y"])

    def _diagonals(self, part: Part) -> Mistakes:
        """The layer in front of a loss taken entry by entry."""
        if part.joined is None:
            return ()
        found = self.of(self._in_front(part))
        return tuple(m for m in found if m.kind == "softmax_elementwise" and not m.raw)

    def _alike(self, part: Part) -> Iterator[Mutation]:
        same = [p for p in self.chain.parts if p.derivation is part.derivation and p is not part]
        tables = [{_key(m): m for m in self.of(p)} for p in same]
        for mutation in self.of(part) if same else ():
            found = [table.get(_key(mutation)) for table in tables]
            if mutation.edit is not None and None not in found:
                changes = {**mutation.changes}
                for other in found:
                    changes |= other.changes  # type: ignore[union-attr]
                yield replace(mutation, changes=changes)

    # -- two mistakes in one equation -----------------------------------------------------------

    def again(self, mutation: Mutation) -> Mistakes:
        """The mistakes with a second one in the same equation."""
        if mutation not in self.twice:
            self.twice[mutation] = tuple(self._again(mutation))
        return self.twice[mutation]

    def _again(self, mutation: Mutation) -> Iterator[Mutation]:
        equation, edit = mutation.equation, mutation.edit
        if equation is None or edit is None or not edit.rhs.args:
            return
        for second in edits(Right(mutation.part.unit, equation.target, edit.rhs)):
            if second.rank <= 1 and second.rhs != equation.rhs:
                yield self.composed(mutation, second)

    def composed(self, mutation: Mutation, edit: Edit) -> Mutation:
        """A mistake in what a mistake made of an equation."""
        assert mutation.equation is not None
        new = (Written(Equation(mutation.equation.target, edit.rhs)),)
        changes: dict[str, Changed | Part] = {}
        for id, change in mutation.changes.items():
            assert isinstance(change, Changed)
            changes[id] = change.system.replaced(dict.fromkeys(change.changes, new))
        return replace(
            mutation, kind=edit.kind, changes=changes, rank=mutation.rank + edit.rank, edit=edit,
            before=mutation,
        )  # fmt: skip


def _key(mutation: Mutation) -> tuple[object, ...]:
    """What is equal for the same mistake in two parts of one formula."""
    rhs = mutation.edit.rhs if mutation.edit is not None else None
    numbers = [n for c in mutation.changes.values() for n in getattr(c, "changes", ())]
    return mutation.kind, mutation.raw, rhs, tuple(sorted(numbers))


__all__ = ["Mutation", "Mutations", "raw_system"]
