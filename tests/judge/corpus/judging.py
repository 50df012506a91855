"""Judging the corpus in this process: its Python answers are part of these tests, so they need no child.

Everything else is as for a user: the answer is read, evaluated at the judge's points, and diagnosed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from symbp.judge import answer as answers
from symbp.judge.answer import Point
from symbp.judge.child import driver, process
from symbp.judge.diagnose_bench import Bench
from symbp.judge.outcome import Notation
from symbp.judge.verdict import Verdict, judge
from tests.judge.corpus.trusted import network


@cache
def bench(name: str, notation: Notation | None) -> Bench:
    scalar = notation == "scalar"
    known = network(name)
    program = answers.scalar_twin(known).program if scalar else known.program
    return Bench(program, points(name, notation))


@cache
def points(name: str, notation: Notation | None) -> tuple[Point, ...]:
    return answers.points(network(name), notation)


def judged(name: str, file: str, text: str) -> Verdict:
    """The verdict on a text that stands in a file of this name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_text(text, encoding="utf-8")
        with mock.patch.object(process, "run", _here):
            read = answers.read(network(name), path)
            outcomes = read.evaluate(points(name, read.notation))
    return judge(bench(name, read.notation), file, outcomes)


def _here(source: str, table: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    """What the child does, without its limits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / process.ANSWER
        path.write_text(source, encoding="utf-8")
        return driver.judged(path, table, arrays)
