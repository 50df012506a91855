"""A report as a page, or as a part of one; it opens offline and holds no script."""

from __future__ import annotations

import html
import re

from symbp.judge.report import Remark, Report
from symbp.judge.words import say
from symbp.printers.marks import written
from symbp.writers.environment import render


def page(reports: tuple[Report, ...], summary: str = "") -> str:
    """One answer, or many."""
    first = reports[0]
    title = first.title if len(reports) == 1 else first.network
    return render(
        "judge/page.html.jinja", lang=first.lang, title=_escaped(title), summary=_escaped(summary),
        sections=[section(report) for report in reports],
    )  # fmt: skip


def section(report: Report) -> str:
    """One answer: the table, and the mistakes with marked terms."""
    rows = [] if report.verdict.unusable is not None else [
        {"name": _escaped(r.name), "kind": r.kind, "verdict": _escaped(r.verdict),
         "numbers": _escaped(r.numbers)}
        for r in report.rows
    ]  # fmt: skip
    return render(
        "judge/section.html.jinja",
        title=_escaped(report.title),
        ok=report.ok,
        summary=_escaped(report.summary),
        heads=[_escaped(say(report.lang, key)) for key in ("parameter", "verdict", "remark")],
        rows=rows,
        remarks=[_remark(report, remark) for remark in report.remarks],
        notes=[_escaped(note) for note in report.verdict.notes],
    )


def _remark(report: Report, remark: Remark) -> dict[str, object]:
    formula = report.words.formula_lines(remark.formula) if remark.formula else ()
    return {
        "text": _escaped(report.paragraph(remark)),
        "line": _escaped(remark.line),
        "formula": [_formula(line) for line in formula],
        "code": [_marked(line) for line in remark.code],
    }


def _escaped(text: str) -> str:
    return html.escape(text)


def _marked(text: str) -> str:
    return written(html.escape(text), lambda _: "<mark>", "</mark>")


def _formula(text: str) -> str:
    """The letters of a sum stand below its sign."""
    return re.sub(r"(Σ|max)_(\w+)", r"\1<sub>\2</sub>", _marked(text))
