"""A passage of a derivation on slides: what stands on each, and on which overlay it appears."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symbp.lecture.slides_code import TALL, Row, height
from symbp.writers.document import NOTHING, Block, Formula, Sentence, Text
from symbp.writers.measure import width
from symbp.writers.render import row

HEIGHT = 205.0  # points that a slide has below its title
ROOM = 212.0  # points of 10 pt type beside the code; the slides have 11 pt
LETTERS = 46  # of a sentence on a line beside the code
WIDE = 1.75  # how much wider a slide without code is
FRACTION, NESTED, SUM, CASES, PLAIN, SHAPE = 31.0, 44.0, 31.0, 40.0, 19.0, 10.0  # points


@dataclass(frozen=True)
class Item:
    """A sentence or the lines of a formula; ``ids`` is the equation that it states."""

    kind: str  # sentence | formula | shape
    lines: tuple[str, ...]
    overlay: int
    height: float
    ids: frozenset[str] = frozenset()


@dataclass
class Frame:
    """One slide; ``overlays`` says how often it changes."""

    items: list[Item] = field(default_factory=list)

    @property
    def overlays(self) -> int:
        return max((item.overlay for item in self.items), default=1)

    @property
    def height(self) -> float:
        return sum(item.height for item in self.items)

    @property
    def ids(self) -> frozenset[str]:
        """The equations that it states."""
        return frozenset(id for item in self.items for id in item.ids)

    def states(self, id: str) -> tuple[int, int] | None:
        """The first and the last overlay that states an equation."""
        found = [item.overlay for item in self.items if id in item.ids]
        return (min(found), max(found)) if found else None


def frames(blocks: Sequence[Block], lang: str, code: tuple[Row, ...]) -> list[Frame]:
    """The blocks on as few slides as hold them and their code, cut before a sentence or a formula.

    ``code``: the rows that stand in the right half.
    """
    made = [Frame()]
    beside, left = bool(code), NOTHING
    for group in _groups(blocks):
        items = _items(group, lang, beside, made[-1].overlays if made[-1].items else 0)
        both = Frame([*made[-1].items, *items])
        full = both.height > HEIGHT or height(code, both.ids) > TALL
        if made[-1].items and full:
            made.append(Frame())
            items = _items(_with_left(group, left), lang, beside, 0)
        made[-1].items += items
        left = next((b.left for b in group if isinstance(b, Formula) and b.left.latex), left)
    return [frame for frame in made if frame.items]


def _with_left(group: list[Block], left: Text) -> list[Block]:
    """The blocks for the top of a slide: a formula that goes on names again what it is equal to."""
    first, *rest = group
    if isinstance(first, Formula) and not first.left.latex:
        return [replace(first, left=left), *rest]
    return group


def _groups(blocks: Sequence[Block]) -> list[list[Block]]:
    """Sentences with the formula behind them, and a formula with its shapes."""
    made: list[list[Block]] = []
    for block in blocks:
        if isinstance(block, Sentence) and not block.latex:
            continue
        last = made[-1][-1] if made else None
        follows = isinstance(last, Sentence) and not last.item
        shape = isinstance(block, Formula) and block.kind == "shape"
        if made and (follows or shape):
            made[-1].append(block)
        else:
            made.append([block])
    return made


def _items(group: list[Block], lang: str, beside: bool, before: int) -> list[Item]:
    room, letters = (ROOM, LETTERS) if beside else (WIDE * ROOM, int(WIDE * LETTERS))
    listed = all(isinstance(b, Sentence) and b.item for b in group)
    overlay = max(before, 1) if listed else before + 1
    made = []
    for block in group:
        if isinstance(block, Sentence):
            count = _letters(block.latex) // letters + 1
            text = rf"$\bullet$ {block.latex}" if block.item else block.latex
            made.append(Item("sentence", (text,), overlay, 13.0 * count + 4))
            continue
        left = width(block.left.latex)
        lines = tuple(line.removesuffix(r" \\") for line in row(block, room - left, lang))
        shape = block.kind == "shape"
        height = SHAPE if shape else sum(map(_height, lines))
        ids = frozenset({block.id} if block.id else ())
        made.append(Item("shape" if shape else "formula", lines, overlay, height, ids))
    return made


def _letters(latex: str) -> int:
    """About how many letters wide a sentence is."""
    words = re.split(r"\$([^$]*)\$", latex)
    text = sum(2 if ord(c) > 0x2E7F else 1 for word in words[::2] for c in word)
    return text + int(sum(width(math) for math in words[1::2]) / 5)


def _height(line: str) -> float:
    """About how high a line of a display is, in points."""
    if r"\begin{cases}" in line:
        return CASES
    if re.search(r"\\frac\{(?:[^{}]|\{[^{}]*\})*\\frac", line):
        return NESTED
    if r"\frac" in line:
        return FRACTION
    return SUM if re.search(r"\\(sum|max)_", line) else PLAIN
