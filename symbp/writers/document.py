"""A derivation as data: sections of sentences and formulas, ready for any format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symbp.printers.dialect import LATEX, PLAIN, Dialect
from symbp.printers.marks import negative, positive, unmarked


@dataclass(frozen=True)
class Text:
    """A piece of text in both dialects."""

    latex: str
    plain: str

    def reads_as(self, other: Text) -> bool:
        """Whether it is the same text in LaTeX, marked or not."""
        return unmarked(self.latex) == unmarked(other.latex)


def both(make: Callable[[Dialect], str]) -> Text:
    """The same text in both dialects."""
    return Text(make(LATEX), make(PLAIN))


def added(terms: list[str]) -> str:
    """Summands side by side; a minus in front of one takes the place of the plus."""
    text = terms[0]
    for term in terms[1:]:
        text += f" - {positive(term)}" if negative(term) else f" + {term}"
    return text


@dataclass(frozen=True)
class Formula:
    """``left = right``; without a left side it goes on from the formula before.

    Kinds: definition, chain (the chain rule), factor (a local derivative), step (a rewrite), result,
    shape (the shapes below a matrix equation), update. ``reason`` says why a step holds: a key of the
    phrase book.
    """

    left: Text
    right: Text
    kind: str
    id: str = ""
    reason: str = ""
    relation: str = "="

    @property
    def latex(self) -> str:
        return f"{self.left.latex} {self.relation} {self.right.latex}".strip()

    @property
    def plain(self) -> str:
        relation = {r"\leftarrow": "←"}.get(self.relation, self.relation)
        return f"{self.left.plain} {relation} {self.right.plain}".strip()


@dataclass(frozen=True)
class Sentence:
    """Words between the formulas; math in them stands between dollar signs in ``latex``.

    ``item``: one of a list. Either text may be empty where a dialect has no use for it.
    """

    latex: str
    plain: str
    item: bool = False


Block = Formula | Sentence
NOTHING = Text("", "")


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...]
