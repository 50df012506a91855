"""Many names on few lines: unpacked, set to zero, listed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from symbp.fast.scalars.terms import Variable
from symbp.writers.layout import INDENT, WIDTH
from symbp.writers.lines import Line

ROOM = WIDTH - 4 * len(INDENT)


def chained(names: Sequence[str]) -> Iterator[Line]:
    """``a = b = 0.0``: what the samples add to."""
    row: list[str] = []
    for name in names:
        if len(" = ".join([*row, name, "0.0"])) > ROOM:
            yield Line(" = ".join([*row, "0.0"]))
            row = []
        row.append(name)
    if row:
        yield Line(" = ".join([*row, "0.0"]))


def pattern(shape: Sequence[int | None], names: Iterator[Variable]) -> str:
    """``(x_0, x_1)``: what a sample's nested list is unpacked to."""
    if not shape:
        return next(names).name
    parts = [pattern(shape[1:], names) for _ in range(shape[0] or 0)]
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def wrapped(start: str, targets: str, end: str) -> Iterator[Line]:
    """The head of a loop; its targets in brackets where they take several rows."""
    if len(start + targets + end) <= ROOM:
        yield Line(f"{start}{targets}{end}")
        return
    yield Line(f"{start}(")
    yield from (Line(row, depth=1) for row in textwrap.wrap(targets, ROOM - 2 * len(INDENT)))
    yield Line(f"){end}")


def spread(names: Sequence[str], end: str) -> Iterator[Line]:
    """An assignment to several names, in brackets where they take several rows."""
    flat = f"{', '.join(names)}{',' * (len(names) == 1)}{end}"
    if len(flat) <= ROOM:
        yield Line(flat)
        return
    yield Line("(")
    yield from (replace(line, depth=1) for line in rows(names))
    yield Line(f"){end}")


def rows(values: Sequence[str]) -> Iterator[Line]:
    """``a, b, c,`` in rows that fit."""
    row = ""
    for value in values:
        if row and len(f"{row} {value},") > ROOM - 2 * len(INDENT):
            yield Line(row)
            row = ""
        row = f"{row} {value},".lstrip()
    if row:
        yield Line(row)
