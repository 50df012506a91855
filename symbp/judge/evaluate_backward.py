"""The backward pass through the blocks of a network, as it should be or with mistakes in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symbp.calculus.equation import ADJOINT
from symbp.judge.evaluate import BATCH, ELSEWHERE, Array
from symbp.judge.evaluate_blocks import Block, Blocks, Place, Places
from symbp.judge.evaluate_parts import Part
from symbp.judge.evaluate_unit import Changed, Environment, System

Given = dict[tuple[int, str], Array]  # the adjoints that a block hands on: block, local name
Weights = Mapping[str, Array]
Changes = Mapping[str, "Changed | Part"]  # by part: other equations, or another part in its place


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


def run_forward(
    part: Part, places: Places, state: State, change: Changed | Part | None = None
) -> Environment:
    """All tensors of a block."""
    t: Environment = {BATCH: state.batch, **part.constants}
    t |= {local: state.values[places[local]] for local in part.reads if local in places}
    return change.run(t) if isinstance(change, Changed) else part.forward_system.run(t)


@dataclass(eq=False)
class Backward:
    """Fills ``given``, from the last block down; where it is filled already, only what differs.

    With an ``aim``, only what the gradient by that parameter needs is computed.
    """

    blocks: Blocks
    state: State
    given: Given
    changes: Changes = field(default_factory=dict)
    weights: Weights = field(default_factory=dict)
    aim: str = ""
    pins: Mapping[Place, Array] = field(default_factory=dict)  # adjoints that come from elsewhere
    moved: set[Place | None] = field(default_factory=set)

    def run(self, first: int = 0) -> Given:
        fresh = not self.given
        for number in range(len(self.blocks.blocks) - 1, first - 1, -1):
            block = self.blocks.blocks[number]
            touched = block.part.id in self.changes or self.is_new(block)
            if fresh or touched or self.other(block):
                self.block(number, block)
        return self.given

    def is_new(self, block: Block) -> bool:
        """Whether something else arrives at a block's output."""
        return block.output in self.moved or block.output in self.pins

    def block(self, number: int, block: Block) -> None:
        """The adjoints that one block hands on."""
        wanted = self.blocks.wanted(number, self.aim)
        if wanted is not None and not wanted:
            return
        change = self.changes.get(block.part.id)
        part, t = self.face(number, change)
        found = self.adjoints(number, part, {**t, **self.other(block)}, wanted)
        still = isinstance(change, Changed) and not self.is_new(block) and part is block.part
        same = part if part is block.part.joined else block.part
        for face, places in self.blocks.faces(block):
            for local in face.outside:
                name = ADJOINT + local
                if wanted is not None and name not in wanted:
                    continue
                value = found.get(name) if face is same else None
                if still and name not in change.touched:  # type: ignore[union-attr]
                    value = self.given.get((number, local))
                self.hand_on(number, local, places[local], value)

    def hand_on(self, number: int, local: str, place: Place, value: Array | None) -> None:
        if value is not self.given.get((number, local)):
            self.moved.add(place)
        if value is None:
            self.given.pop((number, local), None)
        else:
            self.given[number, local] = value

    def adjoints(
        self, number: int, part: Part, t: Environment, wanted: frozenset[str] | None
    ) -> Environment:
        """What a block's equations give for what arrives at its output."""
        block = self.blocks.blocks[number]
        change = self.changes.get(block.part.id)
        if block.part.kind == "layer":
            seed = self.pins.get(block.output) if block.output is not None else None
            if seed is None:
                seed = total(self.blocks, block.output, self.given)
            if seed is None:
                return {}
            t = {**t, ADJOINT + part.unit.output: seed}
        if not isinstance(change, Changed):
            return part.system.run(t, wanted)
        t |= {ELSEWHERE + name: self.elsewhere(name, block) for name in change.borrowed}
        new = self.is_new(block) or self.other(block)
        known = None if new else self.state.known(number, change.system, t)
        return change.run(t, known, wanted)

    def face(self, number: int, change: Changed | Part | None) -> tuple[Part, Environment]:
        """The part that a block runs as, and its tensors."""
        block = self.blocks.blocks[number]
        part = change if isinstance(change, Part) else block.part
        if isinstance(change, Changed) and block.part.joined is not None:
            if change.system is block.part.joined.system:
                part = block.part.joined
        if part is block.part:
            return part, self.state.forward[number]
        places = block.joined if part is block.part.joined else block.places
        return part, run_forward(part, places, self.state)

    def elsewhere(self, name: str, block: Block) -> Array:
        """A tensor of another part, ``PART:LOCAL``, in the same copies."""
        id, _, local = name.partition(":")
        return self.state.forward[self.blocks.numbers[id, block.copies]][local]

    def other(self, block: Block) -> Environment:
        """The local values of other weights."""
        return {
            local: self.weights[name][copies]
            for local, (name, copies) in block.places.items()
            if name in self.weights
        }


def total(blocks: Blocks, place: Place | None, given: Given) -> Array | None:
    """The sum of what arrives at a place, None where nothing does."""
    shares = [given[user] for user in blocks.users.get(place, ()) if user in given]  # type: ignore[arg-type]
    return sum(shares[1:], shares[0]) if shares else None
