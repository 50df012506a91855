"""Code as it is published, with the mistakes that it has."""

from __future__ import annotations

from symbp.judge import kinds
from symbp.judge.verdict import Verdict
from tests.judge.corpus import table
from tests.judge.corpus.judging import judged

PUBLISHED = table.HERE / "published"


def article() -> Verdict:
    return judged("article", "article.py", (PUBLISHED / "article.py").read_text(encoding="utf-8"))


def test_the_article_leaves_out_the_derivative_of_the_output() -> None:
    blames = article().parameters["W2"].blames
    assert (blames[0].kind, blames[0].where) == ("missing_factor", "backward.dz2")
    assert article().parameters["W1"].blames[0].where == "backward.dz2"


def test_that_is_the_gradient_of_cross_entropy() -> None:
    others = [b.mistake for b in article().parameters["W2"].blames if b.also]
    losses = [mistake.loss.type for mistake in others if mistake is not None and mistake.loss]
    assert losses == ["binary_cross_entropy"]


def test_its_first_weights_are_wrong_for_the_same_reason() -> None:
    verdict = article()
    assert verdict.parameters["W1"].verdict == kinds.WRONG
    assert sum(not b.following for n in ("W1", "W2") for b in verdict.parameters[n].blames
               if not b.also) == 1  # fmt: skip


def test_its_biases_never_move() -> None:
    for name in ("b1", "b2"):
        found = article().parameters[name]
        assert found.verdict == kinds.MISSING
        assert [b.kind for b in found.blames] == ["bias_missing"]
