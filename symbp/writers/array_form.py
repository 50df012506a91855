"""The derivation in matrix or index form: the program's own equations, each with how it came about."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from symbp.calculus.delay import back_links
from symbp.calculus.equation import ADJOINT
from symbp.network.heads import Head
from symbp.network.items import Item, Loop, Scan, Statement, statements
from symbp.network.program import Program
from symbp.printers.naming import name_of
from symbp.writers.document import Block, Formula, Section, Sentence, Text
from symbp.writers.forms import Asked, Form
from symbp.writers.phrases import kinds
from symbp.writers.remarks import flipped, remarks
from symbp.writers.scalar import Scalar
from symbp.writers.shapes import shapes
from symbp.writers.steps import Part, Steps
from symbp.writers.storage import Storage
from symbp.writers.through_time import jacobians, memories


class ArrayForm(Form):
    def __init__(
        self,
        program: Program,
        storage: Storage,
        scalar: Scalar,
        asked: Asked,
        notation: str,
        degenerate: tuple[str, ...] = (),
    ) -> None:
        super().__init__(program, storage, scalar, asked)
        self.notation = notation
        self.degenerate = degenerate
        self.steps = Steps(storage)
        self.derived: set[str] = set()  # adjoints of parts that the reader has seen
        self.said: set[Head] = set()

    def sections(self) -> tuple[Section, ...]:
        intro: list[Block] = [self.say(f"{self.notation}_intro")]
        if self.degenerate:
            intro.insert(0, self.say("degenerate", kinds=kinds(self.degenerate, self.lang)))
        rest = [
            *self.functions(),
            Section(self.title("forward"), tuple(self.forward())),
            Section(self.title("loss"), tuple(self.loss())),
            Section(self.title("backward"), tuple(self.backward(self.program.backward))),
            self.update(),
        ]
        first = (*intro, *self.signs(rest), *self.symbols())
        return (Section(self.title("symbols"), first), *rest)

    def shown(self, items: tuple[Item, ...]) -> list[Statement]:
        return [s for s in statements(items) if s.mode != "inference"]

    def with_shapes(self, statement: Statement, kind: str) -> list[Formula]:
        if self.steps.formulas.several(statement):
            parts = [replace(statement, pieces=(piece,)) for piece in statement.pieces]
            return [formula for part in parts for formula in self.with_shapes(part, kind)]
        formula = self.steps.equation(statement, self.notation, kind)
        below = shapes(statement, self.program) if self.notation == "matrix" else None
        return [formula, *([below] if below else [])]

    # -- forward --------------------------------------------------------------------------------

    def forward(self) -> list[Block]:
        blocks = self.equations(self.program.forward)
        nodes = self.program.graph.nodes
        modes = [n.kind for n in nodes if n.template.training is not n.template.inference]
        return [*blocks, *(self.say(f"training:{kind}") for kind in dict.fromkeys(modes))]

    def equations(self, items: tuple[Item, ...]) -> list[Block]:
        blocks: list[Block] = []
        for k, item in enumerate(items):
            if isinstance(item, Loop):
                blocks += [self.starts(item.repeat), *self.equations(item.body)]
                blocks += [self.say("behind")] if k < len(items) - 1 else []
            elif isinstance(item, Scan):
                blocks += [*self.steps_of(item), *self.equations(item.body)]
            elif isinstance(item, Statement) and item.mode != "inference":
                blocks += self.with_shapes(item, "definition")
        return blocks

    def loss(self) -> list[Block]:
        """The textbook equation; the equations of the stable form belong to the code."""
        known = {e.name for h in self.program.heads for e in h.text.unit.equations} | {"R"}
        blocks: list[Block] = []
        hidden = False
        for statement in self.shown(self.program.loss):
            finished = statement.pieces[0].finished
            if finished is not None and finished.equation.name not in known:
                hidden = True
                continue
            blocks.append(self.steps.equation(statement, self.notation, "definition"))
        return [*blocks, *([self.say("stable")] if hidden else [])]

    # -- backward -------------------------------------------------------------------------------

    def backward(self, items: tuple[Item, ...]) -> list[Block]:
        blocks: list[Block] = []
        for k, item in enumerate(items):
            if isinstance(item, Loop):
                inner = self.backward(item.body)
                if inner:
                    rest = self.backward(items[k + 1 :])
                    after = [self.say("before"), *rest] if rest else []
                    return [*blocks, self.returns(item.repeat), *inner, *after]
            elif isinstance(item, Scan):
                inner = self.backward(item.body)
                if inner:
                    blocks += [self.back_through(item), *inner, *self.recursion(item)]
            elif isinstance(item, Statement) and item.id in self.needed:
                blocks += self.gradient(item)
        return blocks

    @cached_property
    def every(self) -> list[Statement]:
        return self.shown(self.program.backward)

    @cached_property
    def defining(self) -> dict[str, Statement]:
        return {s.defines: s for s in self.every}

    @cached_property
    def needed(self) -> frozenset[str]:
        """The statements that lead to what is asked for."""
        if not self.wanted:
            return frozenset(s.id for s in self.every)
        wanted = {ADJOINT + name for name in self.wanted}
        open_names = wanted | {s.defines for n in wanted if (s := self.statement_with(n))}
        kept = set()
        for _ in range(2):  # in a loop a statement may read what a later one hands on
            for statement in reversed(self.every):
                if statement.defines in open_names:
                    kept.add(statement.id)
                    open_names |= set(statement.reads)
        return frozenset(kept)

    def statement_with(self, adjoint: str) -> Statement | None:
        """The statement into which the adjoint of a layer's part is written."""
        if adjoint in self.defining:
            return None
        for statement in self.every:
            if any(part.name == adjoint for part in self.steps.parts(statement)):
                return statement
        return None

    def gradient(self, statement: Statement) -> list[Block]:
        """Every adjoint that is not there yet: what it is made of, then its result."""
        blocks = self.assumptions(statement)
        *inner, own = self.steps.parts(statement)
        for part in inner:
            if part.name not in self.derived:
                self.derived.add(part.name)
                blocks += [self.heading(part), *part.formulas]
        result, *below = self.with_shapes(statement, "result")
        formulas = list(own.formulas)
        last = formulas[-1] if formulas else None
        if last and last.kind == "step" and last.right.reads_as(result.right):
            formulas.pop()
            result = replace(result, left=last.left, reason=last.reason)
        blocks += [self.heading(own), *formulas, result, *below]
        blocks += [self.say(key) for key in remarks(statement)]
        turned = flipped(statement)
        if turned is not None:
            blocks += [self.say("flipped"), self.steps.equation(turned, "index", "result")]
        return blocks

    def heading(self, part: Part) -> Sentence:
        tensor = self.program.tensors.get(part.name.lstrip(ADJOINT))
        if tensor is not None and tensor.delayed:
            return self.say("handed_back", symbol=self.symbol(ADJOINT + tensor.part_of))
        if tensor is not None and tensor.part_of:
            layer = name_of(tensor.through)
            return self.say(
                "share",
                symbol=self.symbol(ADJOINT + tensor.part_of),
                layer=Text(layer.latex(), layer.unicode()),
            )
        symbol = self.symbol(part.name.removeprefix(ADJOINT))
        return self.say("chain_for" if part.chained else "slope_of", symbol=symbol)

    def assumptions(self, statement: Statement) -> list[Block]:
        """What is said before the loss is differentiated together with the last layer."""
        blocks: list[Block] = []
        for head in self.program.heads:
            start = head.names.get(head.text.unit.inputs[0], "")
            if head.node is None or head in self.said or statement.defines != ADJOINT + start:
                continue
            self.said.add(head)
            blocks.append(self.say("joined"))
            for left, right in head.text.unit.given:
                blocks.append(self.say("one_hot", fact=self.steps.fact(head, left, right)))
        return blocks

    # -- through time ---------------------------------------------------------------------------

    def steps_of(self, scan: Scan) -> list[Block]:
        """What stands before the loop of a recurrence."""
        stored = scan.scan.stored
        names = [scan.names.get(h.base, h.base) for h in stored.histories]
        memory = ", ".join(f"${self.symbol(n).latex}$" for n in names)
        plain = ", ".join(self.symbol(n).plain for n in names)
        key = "time_ahead" if scan.scan.reverse else "time_forward"
        last = str(scan.scan.size - 1)
        said = [
            self.say(key, letter=scan.scan.letter, last=last, memory=words).latex
            for words in (memory, plain)
        ]
        return [Sentence(said[0], said[1].replace("$", "").replace(r"\dots", "…"))]

    def back_through(self, scan: Scan) -> Sentence:
        first, last = scan.scan.size - 1, 0
        if not scan.scan.reverse:
            first, last = last, first
        return self.say("time_backward", letter=scan.scan.letter, first=str(first), last=str(last))

    def recursion(self, scan: Scan) -> list[Block]:
        """The recursion from one step to the one before, and the product of Jacobians."""
        finished = scan.body[0].pieces[0].finished
        found = memories(scan, back_links(finished.unit.links) if finished else ())
        blocks: list[Block] = []
        if found:
            blocks.append(self.say("time_recursion"))
            blocks += [self.steps.equation(m.recursion, self.notation, "result") for m in found]
        for memory in found:
            symbol = self.symbol(memory.tensor.removeprefix(ADJOINT))
            if memory.jacobian is not None:
                blocks.append(self.say("time_jacobian", memory=symbol))
                blocks.append(self.steps.equation(memory.jacobian, "index", "result"))
        if found:
            shown = next((m for m in found if m.jacobian is not None), found[0])
            name = self.storage.name(shown.tensor.removeprefix(ADJOINT))
            blocks.append(self.say("time_product", product=jacobians(name, scan.scan.letter)))
        return blocks

    # -- results --------------------------------------------------------------------------------

    def results(self) -> tuple[Formula, ...]:
        order = self.wanted or tuple(p.name for p in self.program.graph.parameters)
        return tuple(self.result(name) for name in order)

    def result(self, name: str) -> Formula:
        adjoint = ADJOINT + name
        if adjoint in self.defining:
            return self.steps.equation(self.defining[adjoint], self.notation, "result")
        share = self.statement_with(adjoint)
        if share is None:  # the loss does not depend on it
            return Formula(self.symbol(adjoint), Text("0", "0"), "result")
        part = next(p for p in self.steps.parts(share) if p.name == adjoint)
        return replace(self.steps.last(part), kind="result")
