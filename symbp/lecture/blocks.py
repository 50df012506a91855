"""A derivation as blocks that fold: what each result is, and below it how it comes about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from symbp.lecture.html_data import with_data
from symbp.writers.document import Block, Formula, Section, Sentence
from symbp.writers.phrases import PHRASES, phrase


@dataclass(frozen=True)
class Words:
    """A sentence; math in it stands between dollar signs. ``item``: one of a list."""

    text: str
    item: bool = False


@dataclass(frozen=True)
class Line:
    """``left = right`` in marked LaTeX; a line without a left side goes on from the one before.

    ``kind`` and ``id`` are those of the document's formula; ``rule`` is the rewriting step's, empty for
    others, and ``reason`` says in words why the line holds.
    """

    kind: str
    left: str
    relation: str
    right: str
    id: str = ""
    rule: str = ""
    reason: str = ""

    @property
    def latex(self) -> str:
        return f"{self.left} {self.relation} {self.right}".strip()


@dataclass(frozen=True)
class Fold:
    """``result`` is always shown: its lines begin with a whole equation; ``steps`` lead there: the chain
    rule, local derivatives, rewriting steps. ``id`` is the result's equation, empty where it is a part of
    a layer that the code does not compute."""

    heading: tuple[Words, ...]
    steps: tuple[Line, ...]
    result: tuple[Line, ...]

    @property
    def id(self) -> str:
        return next((line.id for line in self.result if line.id), "")


@dataclass(frozen=True)
class Part:
    title: str
    blocks: tuple[Words | Line | Fold, ...]


def part(section: Section, lang: str) -> Part:
    """One section of a document, in the language of its phrases."""
    made: list[Words | Line | Fold] = []
    for is_words, group in groupby(section.blocks, key=lambda b: isinstance(b, Sentence)):
        if is_words:
            made += [words for block in group if (words := _words(block)).text]
            continue
        for run in _runs([_line(block, lang) for block in group if isinstance(block, Formula)]):
            if run[0].kind in ("definition", "update"):
                made += run
                continue
            heading = [made.pop()] if made and _is_heading(made[-1]) else []
            made.append(_fold(tuple(heading), run))  # type: ignore[arg-type]
    return Part(section.title, tuple(made))


def _is_heading(block: Words | Line | Fold) -> bool:
    return isinstance(block, Words) and not block.item


def _runs(lines: list[Line]) -> Iterator[list[Line]]:
    """Definitions with their shapes, and what is derived from them."""
    run: list[Line] = []
    for line in lines:
        begins = line.kind in ("definition", "update")
        if run and (begins or (run[0].kind == "definition" and line.kind != "shape")):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _fold(heading: tuple[Words, ...], lines: list[Line]) -> Fold:
    """The result is the line that says so with what stands below it, else the last line."""
    kinds = [line.kind for line in lines]
    first = kinds.index("result") if "result" in kinds else len(lines) - 1
    steps, result = lines[:first], lines[first:]
    if not result[0].left:
        left = next(line.left for line in reversed(steps) if line.left)
        result[0] = replace(result[0], left=left)
    return Fold(heading, tuple(steps), tuple(result))


def _words(block: Block) -> Words:
    return Words(with_data(block.latex), isinstance(block, Sentence) and block.item)


def _line(formula: Formula, lang: str) -> Line:
    known = formula.reason in PHRASES
    return Line(
        formula.kind,
        with_data(formula.left.latex),
        formula.relation,
        with_data(formula.right.latex),
        formula.id,
        formula.reason.removeprefix("step:") if known else "",
        phrase(formula.reason, lang) if known else formula.reason,
    )
