"""What the scalar and the array form of a derivation share: symbols, activations, update."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Entry
from symbp.calculus.functions import A, U, derivative
from symbp.calculus.unary import Apply, Prime
from symbp.network.graph import Repeat
from symbp.network.program import Program
from symbp.printers.dialect import LATEX, PLAIN, Dialect
from symbp.writers.document import NOTHING, Block, Formula, Section, Sentence, Text, both
from symbp.writers.phrases import phrase
from symbp.writers.scalar import Scalar
from symbp.writers.storage import Storage
from symbp.writers.update_rule import update_rule

SIGNS = ((r"\odot", "⊙", "odot"), (r"\oslash", "", "oslash"), (r"\mathbf{1}", "", "ones"))
VARIANCE, SIGMOID = r"\sigma^2", r"\sigma("


@dataclass(frozen=True)
class Asked:
    """What the user wants to see; ``wanted`` are tensors, none of them means all parameters."""

    lang: str
    wanted: tuple[str, ...]


class Form:
    """One notation of one program."""

    def __init__(self, program: Program, storage: Storage, scalar: Scalar, asked: Asked) -> None:
        self.program = program
        self.storage = storage
        self.scalar = scalar
        self.lang = asked.lang
        self.wanted = asked.wanted

    # -- words ----------------------------------------------------------------------------------

    def say(self, key: str, **fields: Text | str) -> Sentence:
        """A phrase with fields in both dialects; math stands between dollar signs."""
        latex = {k: f"${v.latex}$" if isinstance(v, Text) else v for k, v in fields.items()}
        plain = {k: v.plain if isinstance(v, Text) else v for k, v in fields.items()}
        return Sentence(phrase(key, self.lang, **latex), phrase(key, self.lang, **plain))

    def title(self, key: str) -> str:
        return phrase(key, self.lang)

    def listed(self, symbols: list[Text], meaning: str) -> Sentence:
        latex = ", ".join(f"${s.latex}$" for s in symbols)
        plain = ", ".join(s.plain for s in symbols)
        said, shown = (
            phrase("means", self.lang, symbols=s, meaning=meaning) for s in (latex, plain)
        )
        return Sentence(said, shown, item=True)

    # -- symbols --------------------------------------------------------------------------------

    def symbol(self, name: str) -> Text:
        known = self.storage.name(name)
        return Text(known.latex(), known.unicode())

    def symbols(self) -> list[Block]:
        """What stands at the beginning of every chain of equations."""
        roles = ("input", "target", "parameter", "noise", "constant", "buffer")
        groups: dict[str, list[Text]] = {}
        for tensor in self.program.tensors.values():
            if "." not in tensor.name:
                groups.setdefault(tensor.role, []).append(self.symbol(tensor.name))
        blocks: list[Block] = [
            self.listed(groups[role], self.title(role)) for role in roles if role in groups
        ]
        blocks.append(self.listed([Text("L", "L")], self.title("loss_symbol")))
        blocks.append(self.listed([Text(r"\alpha", "α")], self.title("alpha")))
        for level in {lv: None for t in self.program.tensors.values() for lv in t.levels}:
            blocks.append(self.say("copies", letter=level.letter, times=str(level.times)))
        return blocks

    def signs(self, sections: list[Section]) -> list[Block]:
        """The signs of matrix form that the document uses, and the bracket of a condition."""
        formulas = [b for s in sections for b in s.blocks if isinstance(b, Formula)]
        latex = " ".join(f.latex for f in formulas)
        plain = " ".join(f.plain for f in formulas)
        blocks: list[Block] = []
        for in_latex, in_plain, key in SIGNS:
            words = phrase(f"sign:{key}", self.lang)
            here = (in_latex in latex, bool(in_plain) and in_plain in plain)
            if any(here):
                blocks.append(Sentence(words * here[0], words * here[1]))
        if "[" in latex.replace(r"\left[", "").replace(r"\\[", ""):
            blocks.append(self.say("sign:bracket"))
        variances = any(t.latex == VARIANCE for t in self.program.tensors.values())
        if variances and SIGMOID in latex:
            blocks.append(Sentence(phrase("sign:variance", self.lang), ""))
        return blocks

    def functions(self) -> list[Section]:
        """Each named activation and its derivative, worked out once."""
        used: dict[str, None] = {}
        for expr in self.scalar.definitions.values():
            for node in sorted(expr.atoms(Apply), key=str):
                used[node.function] = None
        blocks = [block for name in used for block in self.function(name)]
        return [Section(self.title("functions"), tuple(blocks))] if blocks else []

    def function(self, name: str) -> list[Block]:
        body = self.program.graph.library.bodies[name]
        known = derivative(body)
        call, prime = Apply(name, U), Prime(name, U)

        def text(expr: sp.Basic) -> Text:
            return both(lambda d: self.scalar.expression(expr.xreplace({U: Entry("u")}), d))

        blocks: list[Block] = []
        if not body.is_Function:
            blocks.append(Formula(text(call), text(body), "definition"))
        raw, value = text(known.raw), text(known.result.xreplace({A: call}))
        blocks.append(Formula(text(prime), raw, "step"))
        if value != raw:
            blocks.append(Formula(NOTHING, value, "step"))
        return blocks

    # -- copies of a repeat ---------------------------------------------------------------------

    def starts(self, repeat: Repeat) -> Sentence:
        """``h^(0) = z; for l = 0, .., 11``."""
        first, source = self.symbol(repeat.first), self.symbol(repeat.source)
        start = Text(f"{first.latex} = {source.latex}", f"{first.plain} = {source.plain}")
        level = repeat.level
        return self.say(
            "forward_copies", letter=level.letter, last=str(level.times - 1), start=start
        )

    def returns(self, repeat: Repeat) -> Sentence:
        level = repeat.level
        return self.say("recursion", letter=level.letter, last=str(level.times - 1))

    # -- update ---------------------------------------------------------------------------------

    def update(self) -> Section:
        """Gradient descent for each parameter; another optimizer's rule once, for any of them."""
        train = self.program.graph.spec.train
        names = [p.name for p in self.program.graph.parameters]
        names = [n for n in names if not self.wanted or n in self.wanted]
        rows: list[Block] = []
        any_one = Text(r"\theta", "θ")
        slope = Text(r"\frac{\partial L}{\partial \theta}", "∂L/∂θ")
        rule = update_rule(train, any_one, slope)
        if len(rule.formulas) == 1:
            for name in names:
                (formula,) = update_rule(
                    train, self.symbol(name), self.symbol(ADJOINT + name)
                ).formulas
                rows.append(formula)
            return Section(self.title("update"), tuple(rows))
        rows.append(self.say("any_parameter", theta=any_one))
        for symbol, value in rule.constants:
            rows.append(
                self.listed([_equals(symbol, value)], self.title(f"constant:{symbol.plain}"))
            )
        if rule.moments:
            rows.append(self.listed(list(rule.moments), self.title("moments")))
        if rule.counts_steps:
            rows.append(self.listed([Text("k", "k")], self.title("steps")))
        return Section(self.title("update"), (*rows, *rule.formulas))


def _equals(symbol: Text, value: str) -> Text:
    return Text(
        *(f"{s} = {_decimal(value, d)}" for s, d in ((symbol.latex, LATEX), (symbol.plain, PLAIN)))
    )


def _decimal(value: str, dialect: Dialect) -> str:
    mantissa, _, exponent = value.partition("e")
    if not exponent:
        return value
    ten = dialect.power("10", str(int(exponent)))[0]
    return ten if mantissa == "1" else f"{mantissa}{dialect.times}{ten}"
