"""``symbp check``: somebody's gradient, or a folder of them, judged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

import symbp
from symbp.api import Network
from symbp.commandline.guard import UNUSABLE, Failed
from symbp.commandline.progress import steps
from symbp.commandline.screen import on_terminal, say
from symbp.judge import report_folder
from symbp.judge.answer import Unusable
from symbp.judge.check import Court
from symbp.judge.report import Report
from symbp.judge.report_html import page
from symbp.judge.submissions import Submission, submissions
from symbp.writers import files

ARCHIVES = (".zip",)


@dataclass(frozen=True)
class Asked:
    """The options of ``check``."""

    form: str
    hints: int
    lang: str
    output: Path | None
    table: Path | None
    force: bool


def check(network: str, answer: Path, asked: Asked) -> None:
    """Judge; Failed where a gradient is wrong or missing."""
    for path in (asked.output, asked.table):
        if path is not None:
            files.check(path, force=asked.force)
    loaded = symbp.load(network)
    many = answer.is_dir() or answer.suffix.lower() in ARCHIVES
    with submissions(answer) as found:
        reports = _judged(loaded, found, asked, many)
    if many:
        _write(asked, _many(loaded, reports, asked))
        _write_points(loaded, reports, asked)
    else:
        _one(loaded, reports[0], asked)
    if not all(report.ok for report in reports):
        raise Failed


def _judged(
    network: Network, found: tuple[Submission, ...], asked: Asked, many: bool
) -> tuple[Report, ...]:
    court = Court(network)
    reports = []
    with steps("judging", len(found) if many else 0) as done:
        for submission in found:
            try:
                verdict = court.judge(submission.read(network))
            except Unusable as problem:
                verdict = court.unusable(submission.name, problem)
            reports.append(Report(network.name, verdict, asked.lang, asked.hints))
            done(submission.name)
    return tuple(reports)


def _one(network: Network, report: Report, asked: Asked) -> None:
    problem = report.verdict.unusable
    if problem is not None and asked.form != "text":
        _write(asked, _document(report, asked))
    if problem is not None:
        say(str(problem), err=True)
        raise click.exceptions.Exit(UNUSABLE)
    _write(asked, _document(report, asked))
    _write_points(network, (report,), asked)


def _document(report: Report, asked: Asked) -> str:
    if asked.form == "json":
        return json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n"
    if asked.form == "html":
        return page((report,))
    return report.text(colour=asked.output is None and on_terminal())


def _many(network: Network, reports: tuple[Report, ...], asked: Asked) -> str:
    if asked.form == "json":
        document = report_folder.as_json(network.name, reports)
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if asked.form == "html":
        return page(reports, report_folder.summary(reports, asked.lang))
    return report_folder.text(reports, _names(network), asked.lang)


def _write(asked: Asked, text: str) -> None:
    if asked.output is None:
        say(text.removesuffix("\n"))
    else:
        files.write({asked.output: files.signed(text, asked.form).encode()}, force=asked.force)


def _write_points(network: Network, reports: tuple[Report, ...], asked: Asked) -> None:
    if asked.table is not None:
        text = report_folder.points(reports, _names(network))
        files.write({asked.table: text.encode()}, force=asked.force)


def _names(network: Network) -> tuple[str, ...]:
    return tuple(p.key for p in network.program.graph.parameters)
