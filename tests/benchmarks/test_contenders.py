"""Every contender takes the step that the lecture style takes, and one that does not is refused."""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pytest

from benchmarks import race
from benchmarks.contenders import Absent, Stepper, make, plain, products
from benchmarks.task import TOLERANCE, Task, error, read
from benchmarks.task import make as make_task
from benchmarks.worker import First, Worker
from tests import peers

NETWORKS = ("xor", "mlp", "deep", "cnn", "rnn", "transformer")


@cache
def task(name: str, dtype: str = "float64") -> Task:
    return make_task(name, read(name), 3, dtype)


def first_error(stepper: Stepper, made: Task) -> float:
    loss, params = float(stepper.step()), stepper.params()
    assert params is not None
    return error(made, loss, params)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reference_by_hand_takes_the_same_step(name: str) -> None:
    assert first_error(plain.make(task(name)), task(name)) < TOLERANCE["float64"]


@pytest.mark.parametrize("name", NETWORKS)
def test_pytorch_takes_the_same_step(name: str) -> None:
    peers.ask(peers.TORCH)
    assert first_error(make("PyTorch", task(name)), task(name)) < TOLERANCE["float64"]


@pytest.mark.parametrize("name", ["autograd", pytest.param("JAX", marks=pytest.mark.slow)])
def test_the_other_libraries_take_the_same_step(name: str) -> None:
    pytest.importorskip({"JAX": "jax"}.get(name, name))
    assert first_error(make(name, task("rnn")), task("rnn")) < TOLERANCE["float64"]


def test_a_step_in_single_precision_is_right_to_its_rounding() -> None:
    made = task("mlp", "float32")
    assert 0 < first_error(plain.make(made), made) < TOLERANCE["float32"]


@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "xor"])
def test_every_weight_gradient_is_among_the_products(name: str) -> None:
    stepper = products.make(task(name))
    stepper.step()
    shapes = {tuple(p[2].shape) for p in stepper.flat}
    for key, value in task(name).params.items():
        if key[0] == "W":
            assert value.shape[-2:] in shapes, key


def test_a_gradient_that_is_off_by_a_thousandth_is_an_error() -> None:
    made = task("mlp", "float32")
    params = {key: value.copy() for key, value in made.updated.items()}
    params["W2"] += 1e-3 * (params["W2"] - made.params["W2"])
    assert error(made, made.loss, made.updated) == 0
    assert error(made, made.loss, params) > TOLERANCE["float32"]


def test_a_missing_library_is_a_reason_to_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "autograd", None)
    monkeypatch.delitem(sys.modules, "benchmarks.contenders.hips", raising=False)
    with pytest.raises(Absent, match=r"autograd.* is not installed: python -m pip install"):
        make("autograd", task("xor"))


class Answers:
    """Stands for a worker whose first step was already taken."""

    def __init__(self, label: str, first: First) -> None:
        self.label, self.answer = label, first

    def first(self) -> First:
        return self.answer


def test_who_differs_is_refused_and_who_trains_nothing_is_not_asked() -> None:
    made = task("xor")
    wrong = {key: value + 0.1 for key, value in made.updated.items()}
    errors, left_out = race.checked(
        made,
        [
            Answers("right", First(made.loss, made.updated)),
            Answers("wrong", First(made.loss, wrong)),
            Answers("lost", First(float("nan"), made.updated)),
            Answers("products", First()),
            Answers("absent", First(absent="no library")),
        ],
    )
    assert (errors["right"], errors["products"]) == (0, None)
    assert sorted(left_out) == ["absent", "lost", "wrong"]
    assert left_out["wrong"].startswith("refused: its first step is off by ")


def test_a_worker_steps_in_its_own_process() -> None:
    made = task("xor")
    worker = Worker("NumPy")
    try:
        worker.prepare(made)
        first = worker.first()
        assert first.params is not None
        assert error(made, first.loss, first.params) < TOLERANCE["float64"]
        timed = worker.time(5)
        assert timed.wall > 0
        assert np.isfinite(timed.loss)
    finally:
        worker.stop()
