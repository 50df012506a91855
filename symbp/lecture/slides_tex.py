"""Slides as Beamer source: overlays, highlighted code, and nothing that a text could do to TeX."""

from __future__ import annotations

import re
from itertools import groupby

from symbp.lecture.slides_code import Row
from symbp.lecture.slides_frames import Frame, Item

SPECIAL = re.compile(r"[^A-Za-z0-9 ()\[\].,:;=+*/@<>!?|-]")


def code_text(code: str) -> str:
    """A line of code in typewriter letters; every special character by its number."""
    indent = len(code) - len(code.lstrip())
    text = SPECIAL.sub(lambda found: rf"\symbol{{{ord(found[0])}}}", code.lstrip())
    return "~" * indent + re.sub(" ", "~", text)


def words(text: str, unicode: bool) -> str:
    """Text of a network file as it stands; without ``unicode``, what pdflatex has no letter for is a
    question mark."""
    kept = [c if c.isprintable() else " " for c in text]
    if not unicode:
        kept = [c if ord(c) < 128 or (c.isalpha() and ord(c) < 256) else "?" for c in kept]
    return re.sub(r"[\\{}$&#^_%~<>|\"`]", lambda c: rf"\symbol{{{ord(c[0])}}}", "".join(kept))


def body(frame: Frame) -> list[str]:
    """The lines of the derivation on one slide."""
    made: list[str] = []
    for sentences, group in groupby(frame.items, key=lambda item: item.kind == "sentence"):
        if sentences:
            made += [rf"\said<{i.overlay}->{{{i.lines[0]}}}" for i in group]
        else:
            made += _display(list(group))
    return made


def _display(items: list[Item]) -> list[str]:
    """Formulas in one display, aligned at their signs; shapes close below what they belong to."""
    pairs = [(item, line) for item in items for line in item.lines]
    made = [r"\formulas{\begin{aligned}"]
    for (item, line), following in zip(pairs, [*pairs[1:], None], strict=True):
        gap = "-3pt" if following and following[0].kind == "shape" else "2pt"
        made.append(_row(line, item.overlay) + (rf" \\[{gap}]" if following else ""))
    return [*made, r"\end{aligned}}"]


def _row(line: str, overlay: int) -> str:
    """Both cells of a row, from their overlay on; on it they have the colour of what is new."""
    left, _, right = line.partition("&")
    cells = [rf"\new<{overlay}>{{{left.strip()}}}" if left.strip() else ""]
    right = right.strip().replace(r"\text{\small (", r"\text{\footnotesize\color{later}(")
    cells.append(rf"\new<{overlay}>{{{{}}{right}}}")
    return " & ".join(cells)


def code(
    frame: Frame, rows: tuple[Row, ...], known: frozenset[str], derived: frozenset[str]
) -> list[str]:
    """The lines of code beside it: those of ``known`` equations are done, those that are ``derived``
    here have a light bar and, while they are stated, a strong one, the others are to come."""
    made = []
    for row in rows:
        spans = [span for id in sorted(row.ids) if (span := frame.states(id))]
        if spans:
            macro = rf"\stated<{min(a for a, _ in spans)}-{max(b for _, b in spans)}>"
        elif row.ids & derived - known:
            macro = r"\derived"
        else:
            macro = r"\done" if row.ids & known else r"\later"
        made += [rf"{macro}{{{code_text(line)}}}" for line in row.lines]
    return made
