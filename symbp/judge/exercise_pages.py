"""The sheets of an exercise as documents: Markdown and TeX, English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from symbp.judge.exercise_faulty import Planted
from symbp.judge.exercise_network import Small
from symbp.judge.exercise_numbers import Numbers, latex, written
from symbp.judge.exercise_phrases import phrase
from symbp.judge.exercise_picture import picture
from symbp.judge.exercise_steps import Step, Writing
from symbp.judge.words_sentence import Sentences
from symbp.writers.derivation import derivation
from symbp.writers.document import Formula
from symbp.writers.environment import render
from symbp.writers.phrases import phrase as derivation_phrase
from symbp.writers.show import Row, rows

SIGNS = {"odot": r"\odot", "oslash": r"\oslash", "ones": r"\mathbf{1}", "bracket": " > 0]"}
TEX_SIGNS = str.maketrans(
    {sign: f"${tex}$" for sign, tex in zip("<>∂σ⊙⊘Σ·√≤≥≠βγμεαπ²³⁴ᵀ⁻", (
        "<", ">", r"\partial", r"\sigma", r"\odot", r"\oslash", r"\sum", r"\cdot", r"\surd", r"\le", r"\ge",
        r"\ne", r"\beta", r"\gamma", r"\mu", r"\varepsilon", r"\alpha", r"\pi", "^2", "^3", "^4",
        r"^\top", "^-",
    ), strict=True)}
)  # fmt: skip
BLANK = "_" * 12
LONG = "_" * 36


@dataclass(frozen=True, eq=False)
class Sheet:
    """``backward`` are the right steps, ``shown`` those on the sheet: the same, but for what was
    ``planted`` and what follows from it."""

    name: str
    small: Small
    writing: Writing
    numbers: Numbers
    forward: tuple[Step, ...]
    backward: tuple[Step, ...]
    shown: tuple[Step, ...]
    planted: Planted | None


def pages(sheet: Sheet, lang: str) -> tuple[tuple[str, bytes], ...]:
    """Names and bytes: the sheet to work on, and the one with everything on it."""
    names = ("worksheet", "solution") if sheet.planted is None else ("faulty", "key")
    made = []
    for name in names:
        for ending in ("md", "tex"):
            fields = _Page(sheet, name, lang, ending).fields()
            text = render(f"exercise/sheet.{ending}.jinja", **fields)
            made.append((f"{name}.{ending}", text.encode()))
    return tuple(made)


class _Page:
    def __init__(self, sheet: Sheet, kind: str, lang: str, form: str) -> None:
        self.sheet = sheet
        self.kind = kind
        self.lang = lang
        self.form = form
        self.program = sheet.small.program

    def say(self, key: str, **fields: object) -> str:
        return phrase(key, self.lang, **fields)

    def fields(self) -> dict[str, object]:
        words = ("network", "given", "forward", "backward", "layer", "type", "output",
                 "parameters", "value", "functions", "symbol", "number", "mistake")  # fmt: skip
        steps = self.sheet.forward
        filled, worked = self.kind != "worksheet", self.kind == "solution"
        shown = self.sheet.shown if self.kind == "faulty" else self.sheet.backward
        return {
            "title": self.words(self.say(self.kind, name=self.sheet.name)),
            "words": {key: self.say(key) for key in words},
            "chinese": self.lang == "zh",
            "notes": list(self.notes()),
            "picture": picture(self.sheet.writing),
            "layers": [self.layer(row) for row in rows(self.program)],
            "definitions": [*self.definitions(), *self.sheet.writing.loss()],
            "given": list(self.given()),
            "forward": [self.line(k, s, True, filled) for k, s in enumerate(steps, 1)],
            "backward": [self.line(k, s, filled, filled or worked) for k, s in enumerate(shown, 1)],
            "key": list(self.key()),
            "check": self.say("check", network=self.sheet.name) if self.kind == "worksheet" else "",
            "blank": BLANK,
            "long_blank": LONG,
        }

    def words(self, text: str) -> str:
        """Text without math; formulas in it are in plain signs."""
        special = r"([&%$#_{}])" if self.form == "tex" else r"([\\`*_\[\]<>])"
        text = re.sub(special, r"\\\1", text)
        return text.translate(TEX_SIGNS) if self.form == "tex" else text

    def notes(self) -> Iterator[str]:
        yield self.say("intro_faulty" if self.sheet.planted is not None else "intro")
        if self.sheet.small.change:
            yield self.say(self.sheet.small.change)
        signs = " ".join(self.signs())
        yield f"{self.say(f'{self.sheet.small.notation}_note')} {signs}".strip()

    def signs(self) -> Iterator[str]:
        """What is used and may not be known."""
        steps = (*self.sheet.forward, *self.sheet.backward, *self.sheet.shown)
        for key, sign in SIGNS.items():
            if any(sign in step.right for step in steps):
                yield derivation_phrase(f"sign:{key}", self.lang)

    # -- the network ----------------------------------------------------------------------------

    def layer(self, row: Row) -> dict[str, str]:
        symbol = self.sheet.writing.symbol
        own = [f"${symbol(name)}$" for name, _ in row.parameters]
        kind = self.say("input") if row.type == "input" else row.type
        size = " × ".join(str(n) for n in row.output)
        known = row.name in self.program.tensors
        name = f"${symbol(row.name)}$" if known else self.words(row.name)
        own_words = self.words(kind)
        return {"name": name, "type": own_words, "output": size, "parameters": ", ".join(own)}

    def definitions(self) -> Iterator[str]:
        """What its functions are."""
        document = derivation(self.program, notation=self.sheet.small.notation)
        for block in (b for section in document.sections for b in section.blocks):
            if isinstance(block, Formula) and block.kind == "definition":
                if block.left.latex.endswith("(u)"):
                    yield block.latex

    def given(self) -> Iterator[dict[str, str]]:
        point, spec = self.sheet.numbers.point, self.program.graph.spec
        t = point.t if isinstance(point.t, dict) else {self.program.targets[0]: point.t}
        values = {spec.input_name: point.x, **t, **point.params}
        for name, value in values.items():
            shown = np.asarray(value).reshape(()) if np.size(value) == 1 else np.asarray(value)
            symbol = self.sheet.writing.symbol(name)
            yield {"symbol": symbol, "plain": written(shown), "latex": latex(shown)}

    # -- the steps ------------------------------------------------------------------------------

    def line(self, number: int, step: Step, formula: bool, value: bool) -> dict[str, object]:
        """A step with its formula, its value, or blanks in their place."""
        assert step.value is not None
        one = np.asarray(step.value)
        one = one.reshape(()) if one.size == 1 else one
        return {
            "number": number,
            "left": step.left,
            "right": step.right if formula else "",
            "plain": written(one) if value else "",
            "latex": latex(one) if value else "",
        }

    def key(self) -> Iterator[dict[str, str]]:
        """Which step is wrong, what would be right, and why."""
        found = self.sheet.planted
        if found is None or self.kind != "key":
            return
        ids = [step.id for step in self.sheet.backward]
        number = ids.index(found.step.id) + 1
        right = self.sheet.backward[number - 1]
        yield {"text": self.say("wrong_step", number=number), "formula": found.step.formula}
        yield {"text": self.say("right_is"), "formula": right.formula}
        if found.bench is not None and found.blame is not None:
            why = Sentences(found.bench, self.lang).sentence(found.blame)
            yield {"text": self.words(why), "formula": ""}
