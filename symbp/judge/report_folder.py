"""Many answers to one network: a table, points for a spreadsheet, one document for programs."""

from __future__ import annotations

import csv
import io
from typing import Any

from symbp.judge import kinds
from symbp.judge.report import Report
from symbp.judge.report_text import aligned
from symbp.judge.words import say
from symbp.writers.files import SIGNATURE

Reports = tuple[Report, ...]


def summary(reports: Reports, lang: str) -> str:
    """One sentence."""
    right = sum(r.ok for r in reports)
    unusable = sum(r.verdict.unusable is not None for r in reports)
    return say(lang, "summary", right=right, all=len(reports), unusable=unusable)


def text(reports: Reports, parameters: tuple[str, ...], lang: str) -> str:
    """A row for each answer: how many gradients are right, and the first mistake."""
    titles = tuple(say(lang, key) for key in ("answer", "points", "remark"))
    rows = [titles]
    for report in reports:
        points = f"{sum(_points(report, p) for p in parameters)}/{len(parameters)}"
        rows.append((report.verdict.answer, points, first(report)))
    return "\n".join([*aligned(rows), "", summary(reports, lang)]) + "\n"


def first(report: Report) -> str:
    """What to look at first."""
    if report.verdict.unusable is not None:
        return f"{say(report.lang, kinds.UNUSABLE)}: {report.verdict.unusable.reason}"
    return report.remarks[0].sentences[0] if report.remarks else say(report.lang, kinds.RIGHT)


def as_json(network: str, reports: Reports) -> dict[str, Any]:
    """``{"network", "answers": {name: what one answer gives}}``."""
    answers = {}
    for report in reports:
        document = report.as_json()
        answers[document.pop("answer")] = {k: v for k, v in document.items() if k != "network"}
    return {"network": network, "answers": answers}


def points(reports: Reports, parameters: tuple[str, ...]) -> str:
    """CSV: for each answer a 1 or 0 for every parameter, their sum, how many of the wrong ones merely
    follow from another, and the first mistake in words."""
    made = io.StringIO()
    table = csv.writer(made, lineterminator="\n")
    table.writerow(["answer", *parameters, "sum", "following", f"remark ({SIGNATURE})"])
    for report in reports:
        found = [_points(report, p) for p in parameters]
        table.writerow(
            [_plain(report.verdict.answer), *found, sum(found), _following(report), first(report)]
        )
    return made.getvalue()


def _points(report: Report, parameter: str) -> int:
    judged = report.verdict.parameters.get(parameter)
    return int(judged is not None and judged.verdict == kinds.RIGHT)


def _following(report: Report) -> int:
    wrong = [j for j in report.verdict.parameters.values() if j.verdict != kinds.RIGHT]
    return sum(bool(j.blames) and all(b.following for b in j.blames) for j in wrong)


def _plain(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name
