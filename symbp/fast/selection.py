"""A program as instructions: every statement of one training step, in order."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.fast.instructions import Instruction
from symbp.fast.places import GIVEN, Layout, Places, Unplanned
from symbp.fast.statements import Statements
from symbp.fast.strides import View
from symbp.network.items import Item, Loop, Noise, Scan, Statement, Zeros, tensor_of
from symbp.writers.storage import Storage


@dataclass(frozen=True, eq=False)
class Selected:
    """The instructions of a step, arrays that must be zero where nothing writes, and the loss."""

    body: tuple[Instruction, ...]
    zeroed: frozenset[str]
    loss: View
    places: Places


def select(storage: Storage, layout: Layout, folds_rate: bool, folds: bool = True) -> Selected:
    """Instructions of forward pass, loss and backward pass. Raises Unplanned for what they cannot do.

    With ``folds_rate`` the gradients come out times the learning rate; with ``folds``, constants join."""
    selector = _Selector(storage, layout, folds_rate, folds)
    program = storage.program
    selector.given()
    for part in (program.forward, program.loss, program.backward):
        selector.items(part)
    loss = selector.places.view("loss")
    return Selected(
        tuple(selector.build.blocks[0]), frozenset(selector.zeroed), loss, selector.places
    )


class _Selector(Statements):
    def given(self) -> None:
        """The batch, in the layout of the other arrays."""
        self.about("", "")
        for tensor in self.storage.program.tensors.values():
            if tensor.role in GIVEN:
                source = self.places.given(tensor)
                self.copy(source, self.places.view(tensor.name).ordered(source.letters))

    def items(self, items: tuple[Item, ...]) -> None:
        for item in items:
            if getattr(item, "mode", None) == "inference":
                continue
            match item:
                case Loop():
                    self.loop(item)
                case Scan():
                    self.scan(item)
                case Zeros():
                    self.fill(self.places.view(item.defines))
                case Noise():
                    self.noise(item)
                case Statement():
                    self.statement(item)

    def noise(self, item: Noise) -> None:
        kept = round(1 - item.rate, 12)
        self.about(item.id, f"{item.defines} = 0 with probability {item.rate!r}, else 1/{kept!r}")
        view = self.places.view(item.defines)
        view = view.ordered(view.by_stride())
        if not view.dense:
            raise Unplanned("a mask that is part of an array")
        self.build.call("self.rng.random(None, {out}.dtype, {out})", (), view)
        text = 'np.greater_equal({0}, {1}, {out}, casting="unsafe")'
        self.build.call(text, (view, repr(item.rate)), view, entrywise=True)
        scale = repr(1 / kept)
        self.build.call("np.multiply({0}, {1}, {out})", (view, scale), view, entrywise=True)

    # -- loops ----------------------------------------------------------------------------------

    def loop(self, item: Loop) -> None:
        """The copies of a repeat."""
        level = item.repeat.level
        self.about("", "")
        if item.repeat.levels:
            raise Unplanned("repeats within repeats")
        if not item.reverse:
            for chain in (item.repeat, *item.also):
                target = self.places.view(chain.first)
                self.copy(self.places.view(chain.source), target)
        else:
            for statement in item.body:
                if isinstance(statement, Statement) and statement.kind == "accumulate":
                    self.fill(self.places.view(statement.defines))
        with self.build.loop(level.letter, level.times, item.reverse):
            self.items(item.body)

    def scan(self, item: Scan) -> None:
        """The steps of a recurrence."""
        stored = item.scan.stored
        self.about("", "")
        for history in stored.histories:
            base = self.places.view(tensor_of(item.names, history.base))
            self.zeroed.add(base.array.name)
            for k, start in enumerate(history.starts):
                if start is None:
                    continue
                raise Unplanned(f"a recurrence with a start of its own ({k})")
        for name, _, _ in stored.carried:
            self.fill(self.places.view(tensor_of(item.names, name)))
        letter = sp.Symbol(item.scan.letter, integer=True)
        step = self.build.variable("step" if item.scan.letter == "t" else item.scan.letter)
        self.loops[letter] = step
        for statement in item.body:
            if any(p.finished and p.finished.lowered.tree is None for p in statement.pieces):
                views = self.places.view(statement.defines)
                self.zeroed.add(views.array.name)
        with self.build.loop(step, item.scan.size, item.scan.reverse):
            for statement in item.body:
                self.statement(statement)
        del self.loops[letter]
