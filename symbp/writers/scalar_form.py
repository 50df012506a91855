"""The derivation in scalar form, as on a blackboard: one neuron a layer, one sample."""

from __future__ import annotations

from functools import cached_property

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Entry
from symbp.network.graph import Node, Repeat
from symbp.network.heads import Head
from symbp.network.items import Item, Loop, Noise
from symbp.printers.dialect import Dialect
from symbp.writers.document import NOTHING, Block, Formula, Section, Text, added, both
from symbp.writers.forms import Form
from symbp.writers.products import ZERO, Product

IN_OUTPUTS = "step:derivative"


class ScalarForm(Form):
    """``said``: whether a reason was given for derivatives in outputs; ``made``: results so far."""

    said = False

    @cached_property
    def made(self) -> dict[str, Text]:
        return {}

    def sections(self) -> tuple[Section, ...]:
        intro = [self.say("scalar_intro"), *self.symbols()]
        rest = [
            *self.functions(),
            Section(self.title("forward"), tuple(self.forward(self.program.forward))),
            Section(self.title("loss"), (self.loss(),)),
            Section(self.title("backward"), tuple(self.backward())),
            self.update(),
        ]
        return (Section(self.title("symbols"), (*intro, *self.signs(rest))), *rest)

    def symbol(self, name: str) -> Text:
        return both(lambda d: self.scalar.symbol(name, d))

    def text(self, product: Product) -> Text:
        return both(lambda d: self.scalar.text(product, d))

    def expression(self, expr: sp.Basic, part: str = "backward") -> Text:
        return both(lambda d: self.scalar.expression(expr, d, part=part))

    # -- forward --------------------------------------------------------------------------------

    def forward(self, items: tuple[Item, ...]) -> list[Block]:
        blocks: list[Block] = []
        for k, item in enumerate(items):
            if isinstance(item, Loop):
                blocks += [self.starts(item.repeat), *self.forward(item.body)]
                blocks += [self.say("behind")] if k < len(items) - 1 else []
            elif isinstance(item, Noise) or item.mode == "inference":
                continue
            elif item.defines in self.scalar.visible:
                expr = self.scalar.written_out(self.scalar.definitions[item.defines])
                name = f"forward.{item.defines}"
                made = Formula(
                    self.symbol(item.defines), self.expression(expr, "forward"), "definition", name
                )
                blocks.append(made)
        return blocks

    def loss(self) -> Formula:
        """The whole loss in one line."""
        known = self.scalar.definitions
        roles = {n: t.role for n, t in self.program.tensors.items()}
        parts = {Entry(n): e for n, e in known.items() if n != "loss" and roles.get(n) == "loss"}
        expr = self.scalar.written_out(known["loss"].xreplace(parts))
        return Formula(
            self.symbol("loss"), self.expression(expr, "loss"), "definition", "loss.loss"
        )

    # -- backward -------------------------------------------------------------------------------

    def backward(self) -> list[Block]:
        """From the output inwards, then the parameters; with ``--wrt`` what leads there."""
        needed = self.needed()
        blocks = self.inwards(self.program.graph.items, needed)
        parameters = [n for n in self.parameters() if n in needed]
        return blocks + [block for name in parameters for block in self.gradient(name)]

    def inwards(self, items: tuple[Node | Repeat, ...], needed: frozenset[str]) -> list[Block]:
        blocks: list[Block] = []
        for k, item in enumerate(reversed(items)):
            if isinstance(item, Node):
                blocks += self.gradient(item.output) if item.output in needed else []
                continue
            inner = self.inwards(item.items, needed)
            blocks += self.gradient(item.result) if item.result in needed else []
            start = self.gradient(item.start) if item.start in needed else []
            if inner or start:
                blocks += [self.returns(item), *inner, *start]
                blocks += [self.say("before")] if k < len(items) - 1 else []
        return blocks

    def parameters(self) -> list[str]:
        """Those of the last layer first."""
        found: dict[str, None] = {}
        for node in reversed(self.program.graph.nodes):
            own = node.template.definition.parameters
            found |= {v: None for k, v in node.names.items() if k in own}
        return list(found)

    def needed(self) -> frozenset[str]:
        """What is asked for, and every tensor on the way there from the loss."""
        visible = [n.output for n in self.program.graph.nodes if n.output in self.scalar.visible]
        ends = {r.end for r in self.scalar.repeats}
        every = [*visible, *self.parameters()]
        every += [n for r in self.scalar.repeats for n in (r.result, r.start)]
        every = [n for n in every if n not in ends]
        if not self.wanted:
            return frozenset(n for n in every if self.scalar.derived(n) != ZERO)
        found: dict[str, None] = {}
        waiting = list(self.wanted)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += [n for s in self.scalar.reads(name) for n in self.behind(s)]
        return frozenset(found)

    def behind(self, source: str) -> list[str]:
        """The tensors whose gradients explain that of ``source``; what a copy hands on comes from the
        next copy, and in the end from behind them all."""
        for repeat in self.scalar.repeats:
            if source == repeat.first:
                return [repeat.start]
            if source == repeat.end:
                return [repeat.result, repeat.start]
        return [source] if source != "L" else []

    def gradient(self, name: str) -> list[Block]:
        """Chain rule, local derivatives, result; then the result in the layers' outputs."""
        head = next((h for h in self.scalar.joined if self.judges(h, name)), None)
        sources = sorted(self.scalar.reads(name), key=lambda s: s == "L")
        if head is not None and sources == ["L"]:
            return self.joined(name, head)
        product = self.scalar.derived(name)
        left = self.symbol(ADJOINT + name)
        blocks: list[Block] = []
        if sources != ["L"] and not self.scalar.is_copied(name):
            blocks.append(self.say("chain_for", symbol=self.symbol(name)))
            blocks.append(Formula(left, self.chain(name, sources), "chain"))
            for source in (s for s in sources if s != "L"):
                value = self.text(self.scalar.local(name, source))
                blocks.append(Formula(self.partial(source, name), value, "factor"))
        else:
            blocks.append(self.say("slope_of", symbol=self.symbol(name)))
        result = self.made[name] = self.text(product)
        blocks.append(Formula(left, result, "result", f"backward.d{name}"))
        worked = self.text(self.scalar.in_outputs(product))
        if not worked.reads_as(result):
            reason = "" if self.said else IN_OUTPUTS
            self.said = True
            blocks.append(Formula(NOTHING, worked, "step", reason=reason))
        return blocks

    def chain(self, name: str, sources: list[str]) -> Text:
        """``dL/dh dh/dw``, one term a path; what the loss reads directly adds its own derivative."""
        scalar = self.scalar

        def term(source: str, d: Dialect) -> str:
            if source == "L":
                return scalar.text(scalar.local(name, "L"), d)
            upper, lower = (scalar.symbol(n, d) for n in (source, name))
            slope = scalar.symbol(ADJOINT + source, d)
            text = f"{slope}{' ' if d.bars else ' · '}{d.partial(upper, lower)}"
            for level in reversed(scalar.copies_between(name, source)):
                text = d.reduction("sum", level.letter, text)[0]
            return text

        return both(lambda d: added([term(s, d) for s in sources]))

    def partial(self, upper: str, lower: str) -> Text:
        return both(lambda d: d.partial(self.scalar.symbol(upper, d), self.scalar.symbol(lower, d)))

    # -- the loss and the last activation as one ------------------------------------------------

    def judges(self, head: Head, name: str) -> bool:
        return head.names.get(head.text.unit.inputs[0]) == name

    def joined(self, name: str, head: Head) -> list[Block]:
        """Both derivatives, and what their product cancels to."""
        output = head.source
        value = self.scalar.definitions[head.names["L"]]
        stand_in = sp.Dummy("y")
        slope = value.xreplace({Entry(output): stand_in}).diff(stand_in)
        slope = slope.xreplace({stand_in: Entry(output)})
        value = self.scalar.written_out(self.scalar.definitions[output])
        local = value.xreplace({Entry(name): stand_in}).diff(stand_in)
        local = local.xreplace({stand_in: Entry(name)})
        left = self.symbol(ADJOINT + name)
        both_factors = (slope, *self.scalar.in_outputs((local,)))
        blocks: list[Block] = [
            self.say("joined"),
            self.say("chain_for", symbol=self.symbol(name)),
            Formula(left, self.chain(name, [output]), "chain"),
            Formula(self.symbol(ADJOINT + output), self.expression(slope), "factor"),
            Formula(self.partial(output, name), self.expression(local), "factor"),
        ]
        raw, worked = self.text((slope, local)), self.text(both_factors)
        blocks.append(Formula(left, raw, "step"))
        if not worked.reads_as(raw):
            blocks.append(Formula(NOTHING, worked, "step", reason=IN_OUTPUTS))
        result = self.text(self.scalar.derived(name))
        blocks.append(Formula(NOTHING, result, "result", f"backward.d{name}"))
        return blocks

    # -- results --------------------------------------------------------------------------------

    def results(self) -> tuple[Formula, ...]:
        wanted = self.wanted or tuple(p.name for p in self.program.graph.parameters)
        return tuple(
            Formula(
                self.symbol(ADJOINT + name),
                self.made.get(name) or self.text(self.scalar.derived(name)),
                "result",
                f"backward.d{name}",
            )
            for name in wanted
        )
