"""A network as a chain of blocks: one for each copy of each layer, each loss and each penalty.

A gradient under a mistake is found by running the adjoint equations of one part with the mistake in
them, and those of all blocks between it and the parameter as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np

from symbp.calculus.equation import ADJOINT
from symbp.judge.evaluate import BATCH, ELSEWHERE, Array
from symbp.judge.evaluate_parts import Part, parts
from symbp.judge.evaluate_unit import Changed, Environment, System
from symbp.network.depth import repeats
from symbp.network.graph import Repeat
from symbp.network.program import Program

Place = tuple[str, tuple[int, ...]]  # a tensor's name, and the copy of each repeat it stands in
Places = Mapping[str, Place]
Given = dict[tuple[int, str], Array]  # the adjoints that a block hands on: block, local name
Weights = Mapping[str, Array]
Changes = Mapping[str, "Changed | Part"]  # by part: other equations, or another part in its place


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


@dataclass(eq=False)
class State:
    """The values of a network at one point: everything forward, and the adjoints as they should be."""

    batch: int
    values: dict[Place, Array]
    forward: list[Environment] = field(default_factory=list)  # of each block
    given: Given = field(default_factory=dict)
    others: dict[tuple[int, System], Environment] = field(default_factory=dict)

    def known(self, number: int, system: System, t: Environment) -> Environment:
        """What a system of a block gives as it is."""
        key = (number, system)
        if key not in self.others:
            self.others[key] = system.run(t)
        return self.others[key]


class Chain:
    """The blocks of a program in the order in which they run."""

    def __init__(self, program: Program, training: bool) -> None:
        self.program = program
        self.parts = parts(program, training)
        self.repeats = repeats(program.graph).values()
        self.starts = {r.start: r for r in self.repeats}
        self.results = {r.result: r for r in self.repeats}
        self.blocks = tuple(self._blocks())
        self._wanted: dict[tuple[int, str], frozenset[str]] = {}
        costs = [block.part.machine.work for block in self.blocks]
        self.work = [
            sum(costs[k:]) for k in range(len(costs) + 1)
        ]  # of all blocks from the k-th on
        self.numbers = {(b.part.id, b.copies): k for k, b in enumerate(self.blocks)}
        self.users: dict[Place, list[tuple[int, str]]] = {}
        for number, block in enumerate(self.blocks):
            for part, places in self.faces(block):
                for local in part.outside:
                    users = self.users.setdefault(places[local], [])
                    users += [(number, local)] * ((number, local) not in users)

    # -- the blocks -----------------------------------------------------------------------------

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

    # -- values ---------------------------------------------------------------------------------

    def state(
        self,
        params: Mapping[str, Array],
        x: Array,
        targets: Mapping[str, Array],
        noise: Mapping[str, Array],
    ) -> State:
        """Run forward and back; ``params`` by their keys, ``targets`` and ``noise`` by tensor names."""
        tensors, values = self.program.tensors, {}
        for name, tensor in tensors.items():
            if tensor.role in ("parameter", "buffer"):
                for copies in product(*(range(level.times) for level in tensor.levels)):
                    values[name, copies] = np.asarray(params[tensor.key])[copies]
            elif tensor.role == "input":
                values[name, ()] = x
        values |= {(name, ()): np.asarray(v) for name, v in {**targets, **noise}.items()}
        for name, constant in self.program.graph.constants.items():
            values[name, ()] = np.array(constant, dtype=float)
        return self._run(State(len(x), values), {})

    def again(self, state: State, changes: Changes) -> State:
        """The state with changes in the forward pass."""
        return self._run(State(state.batch, dict(state.values)), changes)

    def _run(self, state: State, changes: Changes) -> State:
        for block in self.blocks:
            change = changes.get(block.part.id)
            state.forward.append(self._forward(block.part, block.places, state, change))
            if block.output is not None:
                state.values[block.output] = state.forward[-1][block.part.unit.output]
        self._back(state, {}, state.given)
        return state

    def _forward(
        self, part: Part, places: Places, state: State, change: Changed | Part | None = None
    ) -> Environment:
        t: Environment = {BATCH: state.batch, **part.constants}
        t |= {local: state.values[places[local]] for local in part.reads if local in places}
        return change.run(t) if isinstance(change, Changed) else part.machine.forward_system.run(t)

    # -- gradients ------------------------------------------------------------------------------

    def gradients(
        self,
        state: State,
        changes: Changes,
        wanted: Collection[str] | None = None,
        weights: Weights | None = None,
    ) -> dict[str, Array]:
        """The gradient by every parameter, or by those wanted (by tensor names), under changes."""
        names = [p.name for p in self.program.graph.parameters]
        names = [n for n in names if wanted is None or n in wanted]
        users = [u for p, u in self.users.items() if p[0] in names]
        first = min((number for found in users for number, _ in found), default=0)
        given = self.given(state, changes, first, weights)
        return {n: self.parameter(state, n, given) for n in names}

    def given(
        self,
        state: State,
        changes: Changes,
        first: int = 0,
        weights: Weights | None = None,
        aim: str = "",
    ) -> Given:
        """The adjoints that each block hands on, from the last block down to the ``first``; with other
        ``weights``, by tensor names, in the backward pass. With an ``aim``, only those that the gradient
        by that parameter needs are what they should be."""
        if not changes and not weights:
            return state.given
        given = dict(state.given)
        self._back(state, changes, given, first, weights or {}, aim)
        return given

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

    def _back(
        self,
        state: State,
        changes: Changes,
        given: Given,
        first: int = 0,
        weights: Weights | None = None,
        aim: str = "",
    ) -> None:
        """Fill ``given``, the adjoints that each block hands on; with changes only what differs."""
        fresh = given is state.given
        moved: set[Place | None] = set()
        for number in range(len(self.blocks) - 1, first - 1, -1):
            block = self.blocks[number]
            change, new = changes.get(block.part.id), block.output in moved
            other = self._weights(block, weights or {})
            if not fresh and change is None and not new and not other:
                continue
            wanted = self.wanted(number, aim)
            if wanted is not None and not wanted:
                continue
            part, t = self._face(state, number, change)
            t = {**t, **other} if other else t
            if isinstance(change, Changed):
                borrowed = {ELSEWHERE + n: self._from(n, block, state) for n in change.borrowed}
                t = {**t, **borrowed}
            seed = self.total(block.output, given) if block.part.kind == "layer" else None
            if seed is not None:
                t = {**t, ADJOINT + part.unit.output: seed}
            if block.part.kind == "layer" and seed is None:
                found: Environment = {}
            elif isinstance(change, Changed):
                known = None if new or other else state.known(number, change.system, t)
                found = change.run(t, known, wanted)
            else:
                found = part.system.run(t, wanted)
            still = isinstance(change, Changed) and not new and part is block.part
            stands_for = part if part is block.part.joined else block.part
            for face, own in self.faces(block):
                for local in face.outside:
                    if wanted is not None and ADJOINT + local not in wanted:
                        continue
                    value = found.get(ADJOINT + local) if face is stands_for else None
                    if still and ADJOINT + local not in change.touched:  # type: ignore[union-attr]
                        value = given.get((number, local))
                    if value is not given.get((number, local)):
                        moved.add(own[local])
                    if value is None:
                        given.pop((number, local), None)
                    else:
                        given[number, local] = value

    def _face(
        self, state: State, number: int, change: Changed | Part | None
    ) -> tuple[Part, Environment]:
        """The part that a block runs as, and its tensors."""
        block = self.blocks[number]
        part = change if isinstance(change, Part) else block.part
        if isinstance(change, Changed) and block.part.joined is not None:
            if change.system is block.part.joined.system:
                part = block.part.joined
        if part is block.part:
            return part, state.forward[number]
        places = block.joined if part is block.part.joined else block.places
        return part, self._forward(part, places, state)

    def _from(self, name: str, block: Block, state: State) -> Array:
        """A tensor of another part, ``PART:LOCAL``, in the same copies."""
        id, _, local = name.partition(":")
        return state.forward[self.numbers[id, block.copies]][local]

    def _weights(self, block: Block, weights: Weights) -> Environment:
        """The local values of other weights."""
        return {
            local: weights[name][copies]
            for local, (name, copies) in block.places.items()
            if name in weights
        }

    def total(self, place: Place | None, given: Given) -> Array | None:
        """The sum of what arrives at a place, None where nothing does."""
        shares = [given[user] for user in self.users.get(place, ()) if user in given]  # type: ignore[arg-type]
        return sum(shares[1:], shares[0]) if shares else None

    def parameter(self, state: State, name: str, given: Given) -> Array:
        """The gradient by a parameter, its copies behind each other."""
        levels = self.program.tensors[name].levels
        times = [level.times for level in levels]
        copies = list(product(*map(range, times)))
        found = []
        for place in ((name, c) for c in copies):
            total = self.total(place, given)
            found.append(np.zeros_like(state.values[place]) if total is None else total)
        return np.array(found).reshape(*times, *np.shape(found[0])) if times else found[0]
