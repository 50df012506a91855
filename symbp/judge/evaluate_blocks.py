"""The blocks of a network: one for each copy of each layer, each loss and each penalty, and how they hang
together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from symbp.calculus.equation import ADJOINT
from symbp.judge.evaluate_parts import Part, parts
from symbp.network.depth import repeats
from symbp.network.graph import Repeat
from symbp.network.program import Program

Place = tuple[str, tuple[int, ...]]  # a tensor's name, and the copy of each repeat it stands in
Places = Mapping[str, Place]


@dataclass(frozen=True, eq=False)
class Block:
    """One copy of a part."""

    part: Part
    copies: tuple[int, ...]
    places: Places  # by local names
    joined: Places = field(default_factory=dict)

    @property
    def output(self) -> Place | None:
        return self.places.get(self.part.unit.output)


class Blocks:
    """The blocks of a program in the order in which they run.

    ``users`` are, for each place, the blocks that read it, with their local names for it; ``work`` is
    what the adjoints of all blocks from the k-th on cost.
    """

    def __init__(self, program: Program, training: bool) -> None:
        self.program = program
        self.parts = parts(program, training)
        self.repeats = repeats(program.graph).values()
        self.starts = {r.start: r for r in self.repeats}
        self.results = {r.result: r for r in self.repeats}
        self.blocks = tuple(self._blocks())
        self.numbers = {(b.part.id, b.copies): k for k, b in enumerate(self.blocks)}
        costs = [block.part.machine.work for block in self.blocks]
        self.work = [sum(costs[k:]) for k in range(len(costs) + 1)]
        self.users: dict[Place, list[tuple[int, str]]] = {}
        for number, block in enumerate(self.blocks):
            for part, places in self.faces(block):
                for local in part.outside:
                    users = self.users.setdefault(places[local], [])
                    users += [(number, local)] * ((number, local) not in users)
        self._wanted: dict[tuple[int, str], frozenset[str]] = {}

    def _blocks(self) -> Iterator[Block]:
        graph = self.program.graph
        layers = {p.id: p for p in self.parts}

        def copies(items: tuple, outer: tuple[int, ...]) -> Iterator[Block]:
            for item in items:
                if isinstance(item, Repeat):
                    for k in range(item.level.times):
                        yield from copies(item.items, (*outer, k))
                else:
                    yield self._block(layers[item.output], outer)

        yield from copies(graph.items, ())
        for part in self.parts:
            if part.kind != "layer":
                for outer in product(*(range(level.times) for level in part.levels)):
                    yield self._block(part, outer)

    def _block(self, part: Part, copies: tuple[int, ...]) -> Block:
        joined = self._places(part.joined, copies) if part.joined else {}
        return Block(part, copies, self._places(part, copies), joined)

    def _places(self, part: Part, copies: tuple[int, ...]) -> Places:
        known = {k: n for k, n in part.names.items() if n in self.program.tensors}
        return {local: self.place(name, copies) for local, name in known.items()}

    def place(self, tensor: str, copies: tuple[int, ...]) -> Place:
        """Where a tensor lives that is read in these copies: what begins a copy of a repeat is what
        the copy before it ended in."""
        while True:
            repeat = self.starts.get(tensor)
            if repeat is not None:
                depth = len(repeat.levels)
                before = copies[depth] - 1
                outer = copies[:depth]
                tensor, copies = (
                    (repeat.source, outer) if before < 0 else (repeat.end, (*outer, before))
                )
                continue
            repeat = self.results.get(tensor)
            if repeat is None:
                return tensor, copies[: len(self.program.tensors[tensor].levels)]
            last = repeat.level.times - 1
            tensor, copies = repeat.end, (*copies[: len(repeat.levels)], last)

    def faces(self, block: Block) -> list[tuple[Part, Places]]:
        """What a block may run as."""
        faces = [(block.part, block.places)]
        return faces + ([(block.part.joined, block.joined)] if block.part.joined else [])

    @cached_property
    def above(self) -> Mapping[Place, frozenset[str]]:
        """The parameters that the adjoint at a place flows into."""
        found: dict[Place, frozenset[str]] = {}
        known = {p.name for p in self.program.graph.parameters}
        for block in self.blocks:
            for part, places in self.faces(block):
                for local in part.outside:
                    place = places[local]
                    found.setdefault(place, frozenset({place[0]} & known))
            if block.output is not None and block.part.kind == "layer":
                ways = [found[block.places[local]] for local in block.part.outside]
                found[block.output] = frozenset().union(*ways)
        return found

    def wanted(self, number: int, aim: str) -> frozenset[str] | None:
        """The adjoints of a block that the gradient by a parameter needs."""
        if not aim:
            return None
        if (number, aim) not in self._wanted:
            faces = self.faces(self.blocks[number])
            self._wanted[number, aim] = frozenset(
                ADJOINT + local
                for part, places in faces
                for local in part.outside
                if aim in self.above[places[local]]
            )
        return self._wanted[number, aim]
