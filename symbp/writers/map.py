"""The formula-to-code map for people: each equation beside the lines that compute it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import groupby

from symbp.writers.equations import Entry
from symbp.writers.table import WIDTH

GAP = "   "
INDENT = "  "
NARROWEST = 20  # columns of either side
PASSES = {
    "forward": "Forward pass",
    "loss": "Loss",
    "backward": "Backward pass",
    "update": "Update",
}


@dataclass(frozen=True)
class Row:
    """The formulas that the code in these lines computes: one, or several alike."""

    group: str
    formulas: tuple[str, ...]
    code: tuple[str, ...]
    numbers: tuple[int, ...]


def side_by_side(entries: tuple[Entry, ...], width: int = WIDTH) -> str:
    """The map as text of at most ``width`` columns: formula, line number, code."""
    rows = []
    for (part, numbers), alike in groupby(entries, key=lambda entry: (entry.part, entry.numbers)):
        members = list(alike)
        formulas = tuple(_formula(entry) for entry in members)
        rows.append(Row(part, formulas, members[0].code, numbers))
    return layout(rows, width)


def _formula(entry: Entry) -> str:
    """What runs only outside training says so."""
    return entry.plain + ("  (not training)" if entry.id.endswith(".inference") else "")


def layout(rows: list[Row], width: int = WIDTH) -> str:
    """Both sides wrapped to share the width; nothing is cut."""
    digits = max((len(str(row.numbers[-1])) for row in rows), default=1)
    room = width - len(INDENT) - 2 * len(GAP) - digits
    left = _left_width(rows, room)
    lines = []
    for group, members in groupby(rows, key=lambda row: row.group):
        lines += ["", PASSES.get(group, group)]
        for row in members:
            lines += _row(row, left, digits, room - left)
    return "\n".join(lines[1:])


def _left_width(rows: list[Row], room: int) -> int:
    """The width for formulas at which the whole map takes the fewest lines, about."""
    texts = [(list(map(len, row.formulas)), list(map(len, row.code))) for row in rows]
    natural = max((length for formulas, _ in texts for length in formulas), default=0)

    def height(left: int) -> int:
        return sum(
            max(_height(formulas, left), _height(code, room - left)) for formulas, code in texts
        )

    return min(range(NARROWEST, max(NARROWEST, min(natural, room - NARROWEST)) + 1), key=height)


def _height(lengths: list[int], width: int) -> int:
    return sum(-(-length // width) for length in lengths)


def _row(row: Row, left: int, digits: int, right: int) -> list[str]:
    formula = [line for formula in row.formulas for line in _wrapped(formula, left)]
    code = [
        (str(number) if first else "", part)
        for number, line in zip(row.numbers, row.code, strict=True)
        for first, part in _numbered(line, right)
    ]
    lines = []
    for k in range(max(len(formula), len(code))):
        number, part = code[k] if k < len(code) else ("", "")
        shown = formula[k] if k < len(formula) else ""
        lines.append(f"{INDENT}{shown:<{left}}{GAP}{number:>{digits}}{GAP}{part}".rstrip())
    return lines


def _numbered(line: str, width: int) -> list[tuple[bool, str]]:
    return [(k == 0, part) for k, part in enumerate(_wrapped(line, width))]


def _wrapped(text: str, width: int) -> list[str]:
    """At most ``width`` wide; what goes on is indented further."""
    own = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(text, width, subsequent_indent=f"{own}    ", break_on_hyphens=False) or [
        ""
    ]
