"""Textbook classes, whose gradients are recovered from their own updates."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from symbp.judge.child import process
from tests.judge.reading import agree, dense, here, network, right, told, truth

CLASSES = Path(__file__).parent / "classes"
ALL = {"W1", "b1", "W2", "b2"}


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The answers of this folder are part of these tests: they need no process of their own."""
    monkeypatch.setattr(process, "run", partial(here, folder=tmp_path))


def text(name: str) -> str:
    return (CLASSES / f"{name}.py").read_text(encoding="utf-8")


def test_the_two_faults_of_the_article(tmp_path: Path) -> None:
    net = network("article")
    answer, outcome = told(net, tmp_path, "a.py", text("two_faults"))
    assert answer.kind == "class"
    assert set(outcome.gradients) == {"W1", "W2"}  # the biases never move
    assert not outcome.problems
    true = truth(net, None)
    assert not any(agree(outcome.gradients[k], true[k]) for k in ("W1", "W2"))
    assert answer.where["W2"] == (27, "dw2 = self.h.T @ dy")


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    "name",
    [
        "in_place", "one_column", "columns", "layers", "keeps_data", "step_apart", "no_step",
        "course", "without_numpy", "one_by_one", "trains",
    ],
)  # fmt: skip
def test_a_class_in_another_form_is_right(name: str, tmp_path: Path) -> None:
    assert right(network("article"), tmp_path, "a.py", text(name)) == ALL


@pytest.mark.usefixtures("inside")
def test_classes_may_be_integers(tmp_path: Path) -> None:
    net = dense(4, 6, 5, activation="relu", loss="cross_entropy")
    assert right(net, tmp_path, "a.py", text("integer_targets")) == ALL


@pytest.mark.usefixtures("inside")
def test_a_sum_instead_of_a_mean_is_read_as_it_is(tmp_path: Path) -> None:
    net = dense(4, 6, 5, activation="relu", loss="cross_entropy")
    changed = text("integer_targets").replace("d /= n", "")
    _, outcome = told(net, tmp_path, "a.py", changed)
    true = truth(net, None)
    assert all(agree(outcome.gradients[k] / len(data_of(net)), true[k]) for k in ALL)


def data_of(net: object) -> np.ndarray:
    from tests.judge.reading import data

    return data(net, None)[0].x  # type: ignore[arg-type]


@pytest.mark.usefixtures("inside")
def test_an_update_that_reads_new_weights_is_told(tmp_path: Path) -> None:
    _, outcome = told(network("article"), tmp_path, "a.py", text("new_weights"))
    assert {k: p.kind for k, p in outcome.problems.items()} == {"W1": "order", "b1": "order"}
    assert set(outcome.gradients) == ALL


@pytest.mark.usefixtures("inside")
def test_deltas_come_along_by_the_names_of_the_network(tmp_path: Path) -> None:
    _, outcome = told(network("article"), tmp_path, "a.py", text("step_apart"))
    assert outcome.others["dz2"].shape == (4, 1)
    assert outcome.others["h"].shape == (4, 3)
