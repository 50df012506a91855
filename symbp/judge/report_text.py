"""A report for a terminal or a pipe; Chinese signs are two columns wide."""

from __future__ import annotations

import re

from rich.cells import cell_len

from symbp.judge.report import Report
from symbp.judge.words import say
from symbp.printers.marks import written
from symbp.writers.table import WIDTH

BRACKETS = "⟦", "⟧"
BOLD_RED, GREEN, PLAIN = "\x1b[1;31m", "\x1b[32m", "\x1b[0m"
INDENT = "    "
WORDS = re.compile(r"[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+|\s+")
Rows = list[tuple[str, ...]]


def text(report: Report, colour: bool = False) -> str:
    """The table, then the mistakes; the marked term stands in brackets, or bold and red."""
    if report.verdict.unusable is not None:
        return f"{report.title}\n\n{report.summary}\n"
    lines = [report.title, "", *_table(report, colour), "", report.summary]
    for number, remark in enumerate(report.remarks, 1):
        lines += ["", *wrapped(f"{number}. ", report.paragraph(remark))]
        if remark.line:
            lines.append(f"{INDENT[:3]}{remark.line}")
        if remark.formula:
            lines += ["", *_marked(report.words.formula_lines(remark.formula), colour)]
            lines += _marked(remark.code, colour)
    for note in report.verdict.notes:
        lines += ["", *wrapped("", note)]
    return "\n".join(lines) + "\n"


def _table(report: Report, colour: bool) -> list[str]:
    titles = tuple(say(report.lang, key) for key in ("parameter", "verdict", "remark"))
    lines = aligned([titles, *((r.name, r.verdict, r.numbers) for r in report.rows)])
    if not colour:
        return lines
    colours = [GREEN if r.kind == "right" else BOLD_RED for r in report.rows]
    return [*lines[:2], *(f"{c}{line}{PLAIN}" for c, line in zip(colours, lines[2:], strict=True))]


def aligned(rows: Rows) -> list[str]:
    """Columns; a rule stands below the first row."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell + " " * (w - cell_len(cell)) for cell, w in zip(row, widths, strict=True))
        for row in rows
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [line.rstrip() for line in (lines[0], rule, *lines[1:])]


def wrapped(front: str, sentence: str) -> list[str]:
    """A sentence as lines; between Chinese signs a line may end anywhere."""
    lines, line = [], front
    for word in WORDS.findall(sentence):
        if cell_len(line + word.rstrip()) > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = " " * len(front)
            word = word.lstrip()
        line += word
    return [*lines, line.rstrip()]


def _marked(lines: tuple[str, ...], colour: bool) -> list[str]:
    begin, end = (BOLD_RED, PLAIN) if colour else BRACKETS
    return [INDENT + written(line, lambda _: begin, end) for line in lines]
