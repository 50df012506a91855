"""The derivation of order two: each value beside its directional derivative (Pearlmutter 1994)."""

from __future__ import annotations

from symbp.calculus.equation import ADJOINT
from symbp.network.items import Item, Loop, Scan, Statement, needed, pruned, statements
from symbp.network.program import Program
from symbp.network.second import Second
from symbp.writers.document import Block, Formula, Section, Text
from symbp.writers.forms import Asked, Form
from symbp.writers.scalar import Scalar
from symbp.writers.shapes import shapes
from symbp.writers.steps import Steps
from symbp.writers.storage import Storage

SYMBOL = Text(r"\mathcal{R}\{u\}", "R{u}")


class SecondForm(Form):
    """Products of the Hessian with a vector, in matrix or index form.

    ``program`` is the network's own, ``second`` with directional derivatives; ``storage`` is its.
    """

    def __init__(
        self, program: Program, second: Second, storage: Storage, asked: Asked, notation: str
    ) -> None:
        super().__init__(program, storage, Scalar(storage), asked)
        self.second = second
        self.notation = notation
        self.steps = Steps(storage)

    def sections(self) -> tuple[Section, ...]:
        doubled = self.second.program
        every = (*doubled.forward, *doubled.loss, *doubled.backward)
        names = needed(every, {found.defines for found in self.products()})
        forward = pruned(doubled.forward, names)
        backward = pruned((*doubled.loss, *doubled.backward), names)
        rest = [
            Section(self.title("forward"), tuple(self.equations(forward, False))),
            Section(self.title("backward"), tuple(self.equations(backward, True))),
        ]
        intro: list[Block] = [self.say(f"{self.notation}_intro"), *self.signs(rest)]
        symbols = [b for b in self.symbols() if r"\alpha" not in b.latex]  # nothing is updated here
        first = (*intro, *symbols, self.say("direction", symbol=SYMBOL))
        return (Section(self.title("symbols"), first), *rest)

    def equations(self, items: tuple[Item, ...], back: bool) -> list[Block]:
        blocks: list[Block] = []
        for item in items:
            if isinstance(item, Loop):
                inner = self.equations(item.body, back)
                head = self.returns(item.repeat) if back else self.starts(item.repeat)
                blocks += [head, *inner] if inner else []
            elif isinstance(item, Scan):
                blocks += self.equations(item.body, back)
            elif isinstance(item, Statement):
                blocks += self.formulas(item, "definition")
        return blocks

    def formulas(self, item: Statement, kind: str) -> list[Formula]:
        made = self.steps.equations(item, self.notation, kind)
        below = shapes(item, self.storage.program) if self.notation == "matrix" else None
        return [*made, below] if below and len(made) == 1 and kind != "result" else made

    def products(self) -> list[Statement]:
        """The statements of what is asked for: directional derivatives of gradients."""
        wanted = self.wanted or tuple(p.name for p in self.program.graph.parameters)
        found = {s.defines: s for s in statements(self.second.program.backward)}
        names = [ADJOINT + self.second.twins.get(name, "") for name in wanted]
        return [found[name] for name in names if name in found]

    def results(self) -> tuple[Formula, ...]:
        """The product for each parameter that is asked for."""
        wanted = self.wanted or tuple(p.name for p in self.program.graph.parameters)
        found = {s.defines: s for s in self.products()}
        made: list[Formula] = []
        for name in wanted:
            product = ADJOINT + self.second.twins[name]
            if product in found:
                made += self.formulas(found[product], "result")
            else:  # the gradient does not change along any direction
                made.append(Formula(self.symbol(product), Text("0", "0"), "result"))
        return tuple(made)
