"""The derivation of a network as a document: forward pass, loss, gradients, update."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Apply, Entry, Prime
from symbp.calculus.functions import A, U, derivative
from symbp.errors import InputError
from symbp.network.heads import Head
from symbp.network.program import Item, Loop, Noise, Program, Statement, statements
from symbp.printers.dialect import Latex
from symbp.printers.naming import name_of
from symbp.writers.document import Block, Formula, Section, Sentence, Text
from symbp.writers.phrases import LANGUAGES, kinds, phrase
from symbp.writers.render import render
from symbp.writers.scalar import Scalar
from symbp.writers.steps import Part, Steps, both
from symbp.writers.storage import Storage, plan

if TYPE_CHECKING:
    from symbp.api import Network

NOTATIONS = ("scalar", "matrix", "index")


@dataclass(frozen=True, eq=False)
class Derivation:
    """A finished derivation; ``render`` gives it in any format."""

    name: str
    lang: str
    notation: str
    sections: tuple[Section, ...]
    results: tuple[Formula, ...]

    def render(self, format: str = "latex", result_only: bool = False) -> str:
        """The document as latex, markdown, tex or text; with ``result_only`` one result a line."""
        return render(self, format, result_only)

    def text(self) -> str:
        """The derivation for a terminal."""
        return self.render("text")

    @property
    def title(self) -> str:
        return phrase("title", self.lang, name=self.name)

    def _repr_latex_(self) -> str:
        rows = r" \\ ".join(f.latex.replace(" = ", " &= ", 1) for f in self.results)
        return rf"$$\begin{{aligned}} {rows} \end{{aligned}}$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {
            "text/plain": self.render("text"),
            "text/latex": self._repr_latex_(),
            "text/markdown": self.render("markdown"),
        }


def derivation(
    network: Network,
    *,
    notation: str = "matrix",
    wrt: tuple[str, ...] = (),
    lang: str = "en",
    order: int = 1,
) -> Derivation:
    """Build the document; raises InputError for an unknown name, notation or language."""
    for value, known, what in ((notation, NOTATIONS, "notation"), (lang, LANGUAGES, "language")):
        if value not in known:
            raise InputError(f"unknown {what} '{value}'; known are {', '.join(known)}")
    if order != 1:
        raise InputError(f"derivatives of order {order} are not there; order 1 is")
    storage = plan(network.program)
    wanted = tuple(_find(name, storage) for name in wrt)
    scalar = Scalar(storage)
    if notation == "scalar" and not scalar.degenerate:
        return _ScalarForm(network.program, storage, scalar, lang, wanted).document()
    note = scalar.degenerate if notation == "scalar" else ()
    form = _ArrayForm(
        network.program, storage, "index" if note else notation, lang, wanted, scalar, note
    )
    return form.document()


def _find(name: str, storage: Storage) -> str:
    """The tensor of a name that the user wrote; ``w1`` serves for ``W1``."""
    tensors = storage.program.tensors
    roles = ("parameter", "activation", "input")
    known = [t.name for t in tensors.values() if t.role in roles and "." not in t.name]
    if name in known:
        return name
    alike = [k for k in known if k.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    near = difflib.get_close_matches(name, known, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InputError(f"the network has no tensor '{name}'; known here: {', '.join(known)}{hint}")


class _Form:
    """What scalar and array forms share: symbols, update, ends of the document."""

    notation = ""

    def __init__(
        self, program: Program, storage: Storage, lang: str, wanted: tuple[str, ...]
    ) -> None:
        self.program = program
        self.storage = storage
        self.lang = lang
        self.wanted = wanted

    def say(self, key: str, **fields: Text | str) -> Sentence:
        """A phrase with fields in both dialects; math stands between dollar signs."""
        latex = {k: f"${v.latex}$" if isinstance(v, Text) else v for k, v in fields.items()}
        plain = {k: v.plain if isinstance(v, Text) else v for k, v in fields.items()}
        return Sentence(phrase(key, self.lang, **latex), phrase(key, self.lang, **plain))

    def title(self, key: str) -> str:
        return phrase(key, self.lang)

    def symbols(self) -> list[Block]:
        """Every symbol before it is used."""
        groups: dict[str, list[Text]] = {}
        for tensor in self.program.tensors.values():
            if tensor.role in ("input", "target", "parameter", "noise") and "." not in tensor.name:
                groups.setdefault(tensor.role, []).append(self.symbol(tensor.name))
        blocks: list[Block] = []
        for role in ("input", "target", "parameter", "noise"):
            if role in groups:
                blocks.append(_listed(groups[role], self.title(role)))
        blocks.append(_listed([Text("L", "L")], self.title("loss_symbol")))
        blocks.append(_listed([Text(r"\alpha", "α")], self.title("alpha")))
        return blocks

    def symbol(self, name: str) -> Text:
        known = self.storage.name(name)
        return Text(known.latex(), known.unicode())

    def copies(self) -> list[Block]:
        made: list[Block] = []
        for level in {lv: None for t in self.program.tensors.values() for lv in t.levels}:
            made.append(self.say("copies", letter=level.letter, times=str(level.times)))
        return made

    def update(self) -> Section:
        """Plain gradient descent; an optimizer replaces the step, not the gradient."""
        rows: list[Block] = []
        for tensor in self.program.graph.parameters:
            if self.wanted and tensor.name not in self.wanted:
                continue
            own, slope = self.symbol(tensor.name), self.symbol(ADJOINT + tensor.name)
            right = Text(rf"{own.latex} - \alpha {slope.latex}", f"{own.plain} - α {slope.plain}")
            rows.append(
                Formula(own, right, "update", f"update.{tensor.name}", relation=r"\leftarrow")
            )
        return Section(self.title("update"), tuple(rows))


def _listed(symbols: list[Text], meaning: str) -> Sentence:
    return Sentence(
        ", ".join(f"${s.latex}$" for s in symbols) + f": {meaning}",
        ", ".join(s.plain for s in symbols) + f": {meaning}",
    )


def activation_derivatives(scalar: Scalar) -> tuple[Block, ...]:
    """sigma and sigma', worked out once for each named activation."""
    used: dict[str, None] = {}
    for expr in scalar.definitions.values():
        for node in sorted(expr.atoms(Apply), key=str):
            used[node.function] = None
    blocks: list[Block] = []

    def text(expr: sp.Basic) -> Text:
        return both(lambda d: scalar.expression(expr.xreplace({U: Entry("u")}), d))

    for name in used:
        body = scalar.program.graph.library.bodies[name]
        known = derivative(body)
        call, prime = Apply(name, U), Prime(name, U)
        if not body.is_Function:
            blocks.append(Formula(text(call), text(body), "definition"))
        blocks.append(Formula(text(prime), text(known.raw), "step"))
        if known.in_value:
            blocks.append(Formula(Text("", ""), text(known.result.xreplace({A: call})), "step"))
    return tuple(blocks)


class _ScalarForm(_Form):
    notation = "scalar"

    def __init__(
        self,
        program: Program,
        storage: Storage,
        scalar: Scalar,
        lang: str,
        wanted: tuple[str, ...],
    ) -> None:
        super().__init__(program, storage, lang, wanted)
        self.scalar = scalar

    def document(self) -> Derivation:
        sections = [
            Section(
                self.title("symbols"), (self.say("scalar_intro"), *self.symbols(), *self.copies())
            ),
            Section(self.title("forward"), tuple(self.forward())),
            Section(self.title("loss"), (self.loss(),)),
        ]
        functions = activation_derivatives(self.scalar)
        if functions:
            sections.append(Section(self.title("functions"), functions))
        sections.append(Section(self.title("backward"), tuple(self.backward())))
        sections.append(self.update())
        return Derivation(
            self.program.graph.spec.name, self.lang, "scalar", tuple(sections), self.results()
        )

    def symbol(self, name: str) -> Text:
        known = self.storage.name(name).scalar()
        return Text(known.latex(), known.unicode())

    def expression(self, expr: sp.Basic) -> Text:
        return both(lambda d: self.scalar.expression(expr, d))

    def forward(self) -> list[Block]:
        return [
            Formula(self.symbol(name), self.expression(expr), "definition", f"forward.{name}")
            for name, expr in self.scalar.forward_equations()
        ]

    def loss(self) -> Formula:
        whole = self.scalar.definitions["loss"]
        single = len(self.program.heads) == 1
        expr = whole if not single else self._with_losses(whole)
        return Formula(
            Text("L", "L"),
            self.expression(self.scalar.written_out(expr)),
            "definition",
            "loss.loss",
        )

    def _with_losses(self, expr: sp.Basic) -> sp.Basic:
        inner = {
            e: self.scalar.definitions[e.name]
            for e in expr.atoms(Entry)
            if self.program.tensors.get(e.name) is not None
            and self.program.tensors[e.name].role == "loss"
        }
        return expr.xreplace(inner)

    # -- gradients ------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Visible intermediates from the output inwards, each with its layer's parameters."""
        nodes = self.program.graph.nodes
        order: list[str] = []
        for node in reversed(nodes):
            if node.output in self.scalar.visible:
                order.append(node.output)
            order += [v for k, v in node.names.items() if k in node.template.definition.parameters]
        for repeat, _ in self.storage.repeats.values():
            order.append(repeat.start)
        known = [n for n in dict.fromkeys(order) if self.scalar.adjoint(n) != (sp.S.Zero,)]
        activations = [n for n in known if self.program.tensors[n].role != "parameter"]
        parameters = [n for n in known if self.program.tensors[n].role == "parameter"]
        return activations + parameters

    def backward(self) -> list[Block]:
        blocks: list[Block] = []
        for name in self.names():
            if self.wanted and name not in self.wanted:
                continue
            blocks += self.gradient(name)
        for name in self.wanted:
            if name not in self.names():
                blocks += self.gradient(name)
        return blocks

    def gradient(self, name: str) -> list[Block]:
        """Chain rule, local derivatives, result; then the result in the layers' outputs."""
        product = self._product(name)
        left = self.symbol(ADJOINT + name)
        sources = self.scalar.reads(name)
        blocks: list[Block] = []
        steps = [s for s in sources if s != "L"]
        if steps:
            right = Text(
                " + ".join(self._link(name, s, latex=True) for s in steps),
                " + ".join(self._link(name, s, latex=False) for s in steps),
            )
            blocks.append(self.say("chain_for", symbol=self.symbol(name)))
            blocks.append(Formula(left, right, "chain"))
            for source in steps:
                local = self.scalar.local(name, source)
                value = both(lambda d, p=local: self.scalar.text(p, d))  # type: ignore[misc]
                fraction = Text(
                    rf"\frac{{\partial {self._of(source).latex}}}{{\partial {self.symbol(name).latex}}}",
                    f"∂{self._of(source).plain}/∂{self.symbol(name).plain}",
                )
                blocks.append(Formula(fraction, value, "factor"))
        result = both(lambda d: self.scalar.text(product, d))
        blocks.append(Formula(left, result, "result", f"backward.d{name}"))
        outputs = self.scalar.in_outputs(product)
        worked = both(lambda d: self.scalar.text(outputs, d))
        if worked.latex != result.latex:
            blocks.append(Formula(Text("", ""), worked, "step", reason="step:derivative"))
        return blocks

    def _product(self, name: str) -> Any:
        if name not in self.scalar.carried:
            return self.scalar.adjoint(name)
        repeat = self.storage.repeats[name][0]
        if name == repeat.end:
            return self.scalar.adjoint(name)
        return self.scalar._adjoint(name)

    def _of(self, source: str) -> Text:
        return self.symbol(source)

    def _link(self, name: str, source: str, latex: bool) -> str:
        slope, upper, lower = self.symbol(ADJOINT + source), self._of(source), self.symbol(name)
        if latex:
            return rf"{slope.latex} \frac{{\partial {upper.latex}}}{{\partial {lower.latex}}}"
        return f"{slope.plain} · ∂{upper.plain}/∂{lower.plain}"

    def results(self) -> tuple[Formula, ...]:
        wanted = self.wanted or [p.name for p in self.program.graph.parameters]
        made = []
        for name in wanted:
            text = both(lambda d, n=name: self.scalar.text(self._product(n), d))  # type: ignore[misc]
            made.append(Formula(self.symbol(ADJOINT + name), text, "result", f"backward.d{name}"))
        return tuple(made)


class _ArrayForm(_Form):
    """Matrix and index form: the program's own equations, each with how it came about."""

    def __init__(
        self,
        program: Program,
        storage: Storage,
        notation: str,
        lang: str,
        wanted: tuple[str, ...],
        scalar: Scalar,
        degenerate: tuple[str, ...] = (),
    ) -> None:
        super().__init__(program, storage, lang, wanted)
        self.notation = notation
        self.degenerate = degenerate
        self.steps = Steps(storage)
        self.derived: set[str] = set()  # adjoints of parts that the reader has seen
        self.said: set[Head] = set()
        self.scalar = scalar

    def document(self) -> Derivation:
        intro: list[Block] = [self.say(f"{self.notation}_intro")]
        if self.degenerate:
            intro.insert(0, self.say("degenerate", kinds=kinds(self.degenerate, self.lang)))
        functions = activation_derivatives(self.scalar)
        sections = (
            Section(self.title("symbols"), (*intro, *self.symbols(), *self.copies())),
            Section(self.title("forward"), tuple(self.forward())),
            Section(self.title("loss"), tuple(self.loss())),
            *([Section(self.title("functions"), functions)] if functions else []),
            Section(self.title("backward"), tuple(self.backward(self.program.backward))),
            self.update(),
        )
        return Derivation(
            self.program.graph.spec.name, self.lang, self.notation, sections, self.results()
        )

    def shown(self, items: tuple[Item, ...]) -> list[Statement]:
        return [s for s in statements(items) if s.mode != "inference"]

    def with_shapes(self, statement: Statement, kind: str) -> list[Block]:
        formula = self.steps.equation(statement, self.notation, kind)
        shapes = self.steps.shapes(statement) if self.notation == "matrix" else None
        return [formula, *([shapes] if shapes else [])]

    def forward(self) -> list[Block]:
        blocks: list[Block] = []
        for statement in self.shown(self.program.forward):
            blocks += self.with_shapes(statement, "definition")
        modes = [
            n.kind
            for n in self.program.graph.nodes
            if n.template.training is not n.template.inference
        ]
        if modes:
            blocks.append(
                self.say("training_mode", kinds=kinds(tuple(dict.fromkeys(modes)), self.lang))
            )
        return blocks

    def loss(self) -> list[Block]:
        """The textbook equation; the equations of the stable form belong to the code."""
        known = {e.name for h in self.program.heads for e in h.text.unit.equations}
        blocks: list[Block] = []
        hidden = False
        for statement in self.shown(self.program.loss):
            finished = statement.pieces[0].finished
            if finished is not None and finished.equation.name not in known:
                hidden = True
                continue
            blocks.append(self.steps.equation(statement, self.notation, "definition"))
        return [*blocks, *([self.say("stable")] if hidden else [])]

    def backward(self, items: tuple[Item, ...]) -> list[Block]:
        blocks: list[Block] = []
        for item in items:
            if isinstance(item, Loop):
                level = item.repeat.level
                last = str(level.times - 1)
                blocks.append(self.say("recursion", letter=level.letter, last=last))
                blocks += self.backward(item.body)
            elif (
                isinstance(item, Statement) and item.mode != "inference" and item.id in self.needed
            ):
                blocks += self.gradient(item)
        return blocks

    @cached_property
    def needed(self) -> frozenset[str]:
        """The statements that lead to what is asked for."""
        every = self.shown(self.program.backward)
        if not self.wanted:
            return frozenset(s.id for s in every)
        open_names = {ADJOINT + self._stored(n) for n in self.wanted}
        kept = set()
        for statement in reversed(every):
            if statement.defines in open_names:
                kept.add(statement.id)
                open_names |= set(statement.reads)
        return frozenset(kept)

    def _stored(self, name: str) -> str:
        return name

    def gradient(self, statement: Statement) -> list[Block]:
        """Every adjoint that is not there yet: what it is made of, then its result."""
        blocks: list[Block] = self.assumptions(statement)
        *inner, own = self.steps.parts(statement)
        for part in inner:
            if part.name not in self.derived:
                self.derived.add(part.name)
                blocks += [self.heading(part), *part.formulas]
        result, *shapes = self.with_shapes(statement, "result")
        formulas = list(own.formulas)
        if (
            formulas
            and formulas[-1].right.latex == result.right.latex
            and formulas[-1].kind == "step"
        ):
            before = formulas.pop()
            left = result.left if before.left.latex else before.left
            result = replace(result, left=left, reason=before.reason)
        return [*blocks, self.heading(own), *formulas, result, *shapes]

    def heading(self, part: Part) -> Sentence:
        tensor = self.program.tensors.get(part.name.lstrip(ADJOINT))
        if tensor is not None and tensor.part_of:
            layer = name_of(tensor.through)
            return self.say(
                "share",
                symbol=self.symbol(tensor.part_of),
                layer=Text(layer.latex(), layer.unicode()),
            )
        symbol = self.symbol(part.name.removeprefix(ADJOINT))
        return self.say("chain_for" if part.chained else "slope_of", symbol=symbol)

    def assumptions(self, statement: Statement) -> list[Block]:
        """What is said before the loss is differentiated together with the last layer."""
        blocks: list[Block] = []
        for head in self.program.heads:
            if head.node is None or head in self.said:
                continue
            if statement.defines == ADJOINT + head.names.get(head.text.unit.inputs[0], ""):
                self.said.add(head)
                blocks.append(self.say("joined"))
                for left, right in head.text.unit.given:
                    fact = self.steps.fact(head, left, right)
                    blocks.append(self.say("one_hot", fact=fact))
        return blocks

    def results(self) -> tuple[Formula, ...]:
        wanted = set(self.wanted) or {p.name for p in self.program.graph.parameters}
        made = {}
        for statement in self.shown(self.program.backward):
            name = statement.defines.removeprefix(ADJOINT)
            if name in wanted:
                made[name] = self.steps.equation(statement, self.notation, "result")
        order = self.wanted or [p.name for p in self.program.graph.parameters]
        return tuple(made[n] for n in order if n in made)


__all__ = ["Derivation", "Latex", "Noise", "derivation"]
