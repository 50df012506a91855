"""A verdict in words: each parameter, then each mistake once, with the right formula and its code.

report = check(network, "answer.py")
print(report)             # text
report.as_json()          # for graders
report.html()             # a page
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from symbp.judge import kinds
from symbp.judge.verdict import Blame, Judged, Verdict
from symbp.judge.words import listed, say
from symbp.judge.words_code import with_mark
from symbp.judge.words_marked import marked
from symbp.judge.words_sentence import Sentences
from symbp.writers.equations import equations

EQUATION, FACTOR, ALL = 1, 2, 3  # how much a hint gives away


@dataclass(frozen=True)
class Row:
    """One parameter in the table."""

    name: str
    verdict: str  # in words
    kind: str  # right | wrong | missing
    numbers: str


@dataclass(frozen=True)
class Remark:
    """One mistake: sentences, and with all hints the right formula and its code, the term marked."""

    where: str
    sentences: tuple[str, ...]
    formula: str = ""
    code: tuple[str, ...] = ()
    line: str = ""  # of the answer


@dataclass(frozen=True, eq=False)
class Report:
    """What is said about one answer, in one language; ``print(report)`` shows it."""

    network: str
    verdict: Verdict
    lang: str = "en"
    hints: int = ALL

    @property
    def ok(self) -> bool:
        """Whether every gradient is there and right."""
        return self.verdict.ok

    @cached_property
    def words(self) -> Sentences:
        verdict = self.verdict
        assert verdict.bench is not None
        return Sentences(verdict.bench, self.lang, verdict.kind, verdict.notation or "")

    @property
    def title(self) -> str:
        return say(self.lang, "title", answer=self.verdict.answer, network=self.network)

    @property
    def summary(self) -> str:
        if self.verdict.unusable is not None:
            return f"{say(self.lang, kinds.UNUSABLE)}: {self.verdict.unusable}"
        every = self.verdict.parameters.values()
        wrong = sum(j.verdict != kinds.RIGHT for j in every)
        if wrong:
            return say(self.lang, "some wrong", count=wrong, all=len(every))
        key = "one right" if len(every) == 1 else "all right"
        return say(self.lang, key, count=len(every))

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._row(j) for j in self.verdict.parameters.values())

    def paragraph(self, remark: Remark) -> str:
        """Its sentences, one behind the other."""
        return say(self.lang, "gap").join(remark.sentences)

    def _row(self, judged: Judged) -> Row:
        numbers = "" if judged.verdict != kinds.WRONG else self.words.numbers(judged)
        return Row(
            self.words.parameter(judged.name),
            say(self.lang, judged.verdict),
            judged.verdict,
            numbers,
        )

    # -- the mistakes ---------------------------------------------------------------------------

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """Each mistake once, in the order in which the gradients go wrong."""
        if self.verdict.bench is None:
            return ()
        found: dict[object, Remark] = {}
        for judged in self._in_order():
            for blame in judged.blames:
                key = blame.mistake or (judged.name, blame.kind)
                if not blame.following and not blame.also and key not in found:
                    found[key] = self.remark(blame, judged)
        return tuple(found.values())

    def _in_order(self) -> list[Judged]:
        """The parameters from the loss towards the input."""
        bench = self.verdict.bench
        assert bench is not None
        keys = [bench.program.tensors[n].key for n in bench.names]
        return [self.verdict.parameters[k] for k in keys]

    def remark(self, blame: Blame, judged: Judged) -> Remark:
        if self.hints == EQUATION:
            return Remark(blame.where, (self.words.where(blame),), line=self.line(blame))
        sentences = [self.words.sentence(blame)]
        if blame.partial:
            sentences.append(say(self.lang, "partial", names=self.derivative(judged.name)))
        sentences += [self.words.sentence(b) for b in judged.blames if b.also and not b.following]
        if blame.kind == "unknown":
            sentences += self.known(judged)
        follow = [self.derivative(n) for n in self.following(blame)]
        if follow:
            sentences.append(say(self.lang, "follows", names=listed(self.lang, follow)))
        if self.hints == FACTOR:
            return Remark(blame.where, tuple(sentences), line=self.line(blame))
        return Remark(
            blame.where, tuple(sentences), self.formula(blame), self.code(blame), self.line(blame)
        )

    def known(self, judged: Judged) -> list[str]:
        """What can be said where no mistake fits."""
        numbers = self.words.numbers(judged)
        said = (
            [say(self.lang, "known", numbers=numbers[:1].upper() + numbers[1:])] if numbers else []
        )
        right = [n for n, j in self.verdict.parameters.items() if j.verdict == kinds.RIGHT]
        if right:
            said.append(
                say(self.lang, "agree", names=listed(self.lang, list(map(self.derivative, right))))
            )
        return said

    def following(self, blame: Blame) -> Iterator[str]:
        """The parameters that are wrong for the same reason."""
        for judged in self._in_order():
            if any(b.following and b.mistake is blame.mistake for b in judged.blames):
                yield judged.name

    def derivative(self, parameter: str) -> str:
        return f"∂L/∂{self.words.parameter(parameter)}"

    def formula(self, blame: Blame) -> str:
        """The right formula, with the term marked."""
        if blame.mistake is not None:
            return self.words.terms.formula(blame.mistake)
        statement = self.words.terms.statements.get(blame.where)
        return self.words.terms.equation(statement) if statement is not None else ""

    @cached_property
    def entries(self) -> dict[str, Any]:
        bench = self.verdict.bench
        return {} if bench is None else {e.id: e for e in equations(bench.program)}

    def code(self, blame: Blame) -> tuple[str, ...]:
        """The lines that symbp generates for the equation, with the term marked."""
        entry = self.entries.get(blame.where)
        if entry is None:
            return ()
        found = marked(blame.mistake) if blame.mistake is not None else ()
        if not found:
            return tuple(entry.code)
        terms = self.words.terms
        lines = with_mark(terms, found[0], entry.code)
        for other in found[1:]:
            statement = terms.statement(other)
            if statement is not None:
                lines += with_mark(terms, other, self.entries[statement.id].code)
        return lines

    def line(self, blame: Blame) -> str:
        """Where in the answer the derivative is computed."""
        name = blame.where.partition(".")[2]
        bare = name.removeprefix("d")
        known = self.verdict.lines.get(bare if bare in self.verdict.parameters else name)
        return f"{say(self.lang, 'line', line=known[0])}: {known[1].strip()}" if known else ""

    # -- formats --------------------------------------------------------------------------------

    def text(self, colour: bool = False) -> str:
        from symbp.judge.report_text import text

        return text(self, colour)

    def as_json(self) -> dict[str, Any]:
        from symbp.judge.report_json import as_json

        return as_json(self)

    def html(self) -> str:
        from symbp.judge.report_html import page

        return page((self,))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        """For a notebook."""
        from symbp.judge.report_html import section

        return section(self)
