"""The judge against the corpus: every planted mistake is found and most are named; no right answer
is judged wrong. ``python -m benchmarks.judge`` prints the whole table."""

from __future__ import annotations

from functools import cache

import pytest

from tests.judge.corpus.confusion import rates
from tests.judge.corpus.score import Score, edits, faults, forms, score
from tests.judge.corpus.table import NETWORKS

NAMED = 0.95
ORDER = ("article", "swish", *sorted(set(NETWORKS) - {"article", "swish"}))  # the quick ones first


@cache
def scores(network: str) -> tuple[Score, ...]:
    return tuple(score(edit) for edit in edits(network))


@pytest.mark.parametrize("network", ORDER)
def test_every_planted_mistake_is_judged_wrong_where_it_is_and_nowhere_else(network: str) -> None:
    missed = [s.edit.id for s in scores(network) if not s.is_wrong]
    assert not missed


@pytest.mark.parametrize("network", ORDER)
def test_no_right_answer_is_judged_wrong(network: str) -> None:
    wrong = [
        (file, found) for file, text in forms(network) if (found := faults(network, file, text))
    ]
    assert not wrong


@pytest.mark.slow
def test_mistakes_are_named_with_kind_and_place() -> None:
    found = rates([s for network in NETWORKS for s in scores(network)])
    assert found.diagnosed >= NAMED


@pytest.mark.parametrize("network", ORDER)
def test_nearly_all_mistakes_in_one_network_are_named(network: str) -> None:
    missed = [s.edit.id for s in scores(network) if s.is_wrong and not s.is_diagnosed]
    assert len(missed) <= 2 + len(scores(network)) // 10, missed
