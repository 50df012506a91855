"""Which mistakes may change which gradients."""

from __future__ import annotations

from collections.abc import Iterator

from symbp.calculus.equation import ADJOINT
from symbp.judge.evaluate_network import Chain
from symbp.judge.evaluate_parts import Part
from symbp.judge.evaluate_unit import Changed
from symbp.judge.mutations import Mutations
from symbp.judge.mutations_mistake import Mutation

Users = tuple[tuple[Part, str], ...]  # parts, with their local names for a tensor


class Candidates:
    """The mistakes of a network by what they reach; parameters are named by their tensors."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.mutations = Mutations(chain)
        self._touched: dict[Mutation, frozenset[str]] = {}
        self._reached: dict[tuple[str, str], frozenset[str]] = {}

    def touched(self, mutation: Mutation) -> frozenset[str]:
        """The parameters whose gradients a mistake may change."""
        if mutation not in self._touched:
            self._touched[mutation] = self._reach(mutation)
        return self._touched[mutation]

    def _reach(self, mutation: Mutation) -> frozenset[str]:
        if mutation.forward:
            return frozenset(p.name for p in self.chain.program.graph.parameters)
        found = set(mutation.added)
        for tensor in mutation.pinned:
            found |= self.chain.above[self.chain.place(tensor, ())]
        if mutation.moved and mutation.equation is not None:
            found |= self.reach(mutation.part, mutation.equation.name)
        for id, change in mutation.changes.items():
            names = change.touched if isinstance(change, Changed) else None
            found |= self._outside(id, names)
        return frozenset(found)

    def reach(self, part: Part, adjoint: str) -> frozenset[str]:
        """The parameters that an adjoint of a part flows into."""
        key = (part.id, adjoint)
        if key not in self._reached:
            names = part.system.readers.get(adjoint, frozenset())
            self._reached[key] = self._outside(part.id, names)
        return self._reached[key]

    def _outside(self, id: str, names: frozenset[str] | None) -> frozenset[str]:
        found: set[str] = set()
        for block in self.chain.blocks:
            joined = block.part.joined.id if block.part.joined else ""
            if id in (block.part.id, joined):
                for part, places in self.chain.faces(block):
                    for local in part.outside:
                        if names is None or ADJOINT + local in names:
                            found |= self.chain.above[places[local]]
        return frozenset(found)

    def sums(self, name: str) -> Iterator[Users]:
        """On a parameter's path, what flows into one tensor from several parts: those parts, with their
        local names for it."""
        seen: set[tuple[tuple[str, str], ...]] = set()
        for place, users in reversed(list(self.chain.users.items())):
            blocks = self.chain.blocks
            found = tuple(dict.fromkeys((blocks[number].part, local) for number, local in users))
            key = tuple((part.id, local) for part, local in found)
            if (
                len({id for id, _ in key}) > 1
                and name in self.chain.above[place]
                and key not in seen
            ):
                if all(part.joined is None for part, _ in found):
                    seen.add(key)
                    yield found

    def candidates(self, name: str) -> Iterator[Mutation]:
        """The mistakes that may change a parameter's gradient, those nearest the loss first."""
        for part in reversed(self.chain.parts):
            for mutation in self.mutations.of(part):
                if name in self.touched(mutation):
                    yield mutation

    def alike(self, name: str) -> Iterator[Mutation]:
        """The same mistake in all layers of one formula."""
        seen: set[int] = set()
        for part in reversed(self.chain.parts):
            if id(part.derivation) not in seen and part.kind == "layer":
                seen.add(id(part.derivation))
                for mutation in self.mutations.alike(part):
                    if name in self.touched(mutation):
                        yield mutation

    def losses(self, name: str, solid: frozenset[str]) -> Iterator[Mutation]:
        """Other losses, where they would change nothing that is right."""
        for part in self.chain.parts:
            if part.kind == "loss":
                reached = self._outside(part.id, None)
                if name in reached and not reached & solid:
                    yield from self.mutations.losses(part)
