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

from symbp.judge.answer import read
from symbp.judge.check import Court
from symbp.judge.child import driver, process
from symbp.judge.verdict import Verdict
from tests.judge.corpus.trusted import network


@cache
def court(name: str) -> Court:
    return Court(network(name))


def judged(name: str, file: str, text: str) -> Verdict:
    """The verdict on a text that stands in a file of this name. Raises Unusable where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_text(text, encoding="utf-8")
        with mock.patch.object(process, "run", _here):
            verdict = court(name).judge(read(network(name), path))
    if verdict.unusable is not None:
        raise verdict.unusable
    return verdict


def _here(source: str, table: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    """What the child does, without its limits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / process.ANSWER
        path.write_text(source, encoding="utf-8")
        return driver.judged(path, table, arrays)
