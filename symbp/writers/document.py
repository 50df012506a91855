"""A derivation as data: sections of sentences and formulas, ready for any format."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A piece of text in both dialects."""

    latex: str
    plain: str


@dataclass(frozen=True)
class Formula:
    """``left = right``; ``kind`` says what it is in the derivation.

    Kinds: definition, chain (the chain rule), factor (a local derivative), step (a rewrite), result,
    shape (the shapes below a matrix equation), update. ``reason`` is why a step holds.
    """

    left: Text
    right: Text
    kind: str
    id: str = ""
    reason: str = ""
    relation: str = "="

    @property
    def latex(self) -> str:
        if not self.left.latex:
            return f"{self.relation} {self.right.latex}".strip()
        return f"{self.left.latex} {self.relation} {self.right.latex}"

    @property
    def plain(self) -> str:
        relation = {"\\leftarrow": "←"}.get(self.relation, self.relation)
        if not self.left.plain:
            return f"{relation} {self.right.plain}".strip()
        return f"{self.left.plain} {relation} {self.right.plain}"


@dataclass(frozen=True)
class Sentence:
    """Words between the formulas; math in them stands between dollar signs in ``latex``."""

    latex: str
    plain: str


Block = Formula | Sentence


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...]
