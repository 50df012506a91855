"""A report for programs: the contract's document."""

from __future__ import annotations

import math
from typing import Any

from symbp.judge.report import EQUATION, Report
from symbp.judge.verdict import Blame, Judged
from symbp.judge.words import say


def as_json(report: Report) -> dict[str, Any]:
    """``{"parameters": {"W2": {"verdict", "relative_error", "scale"?, "diagnosis": [..]}}}``; an answer
    that could not be judged has ``unusable``, which says why, and no parameters."""
    made: dict[str, Any] = {"network": report.network, "answer": report.verdict.answer}
    if report.verdict.unusable is not None:
        made["unusable"] = str(report.verdict.unusable)
    made["parameters"] = {
        name: _judged(report, judged) for name, judged in report.verdict.parameters.items()
    }
    return made


def _judged(report: Report, judged: Judged) -> dict[str, Any]:
    made: dict[str, Any] = {"verdict": judged.verdict, "relative_error": _number(judged.error)}
    if judged.scale is not None:
        made["scale"] = judged.scale
    made["diagnosis"] = [_blame(report, blame) for blame in judged.blames]
    return made


def _blame(report: Report, blame: Blame) -> dict[str, Any]:
    words = report.words
    text = words.where(blame) if report.hints == EQUATION else words.sentence(blame)
    if blame.following and not blame.also:
        text = f"{say(report.lang, 'following', left=words.left(blame))} {text}"
    made: dict[str, Any] = {"kind": blame.kind, "where": blame.where, "text": text}
    if blame.following:
        made["following"] = True
    return made


def _number(value: float | None) -> float | None:
    """JSON has no infinity."""
    return value if value is not None and math.isfinite(value) else None
