"""A recorded training is the module's own training."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

import symbp
from symbp.lecture.recording import Recording, record
from symbp.lecture.recording_picture import LEVELS, SIDE
from symbp.proof import module
from symbp.writers.package import package
from tests.layers.proved import dense

pytestmark = pytest.mark.slow

SHORT = 0.3  # seconds


@cache
def recorded(name: str) -> Recording:
    return record(symbp.load(name).program, SHORT)


def trained(name: str, **options: object) -> tuple[dict[str, np.ndarray], dict[str, list[float]]]:
    made = package(symbp.load(name).program)
    params, history = module.load(made.module.source).train(*made.arrays, **options)
    return params, history


def test_losses_are_those_of_the_modules_history():
    found = recorded("spirals")
    _, history = trained("spirals", epochs=found.epochs[-1])
    wanted = [float(f"{history['loss'][e - 1]:.4g}") for e in found.epochs[1:]]
    assert list(found.loss) == [None, *wanted]


def test_held_out_loss_and_accuracy_are_recorded_where_there_are_any():
    found = recorded("iris_residual")
    assert len(found.accuracy) == len(found.held_out_loss) == len(found.epochs)
    assert found.accuracy[-1] is not None and found.accuracy[-1] > 0.5
    assert set(recorded("spirals").held_out_loss) == {None}


def test_gradient_norms_are_those_of_every_parameter_and_copy():
    found = recorded("deep_repeat").gradients
    assert {"W1", "W3[0]", "W3[11]"} <= set(found)
    made = package(symbp.load("article").program)
    live = module.load(made.module.source)
    _, grads = live.loss_and_grads(live.init_params(0), *made.arrays)
    for name, series in recorded("article").gradients.items():
        assert series[0] == pytest.approx(np.linalg.norm(grads[name]), rel=1e-3)


def test_a_long_training_is_recorded_on_less_and_says_so():
    found = recorded("digits_conv")
    assert not found.whole
    assert (found.planned, found.given) == (25, 1797)
    assert found.samples < found.given
    assert recorded("swish").whole == (recorded("swish").epochs[-1] == 500)


def test_two_inputs_give_a_plane_for_each_snapshot():
    found = recorded("article")
    assert found.picture is not None and found.picture.kind == "plane"
    assert len(found.picture.frames) == len(found.epochs)
    params, _ = trained("article", epochs=found.epochs[-1])
    live = module.load(symbp.generate(symbp.load("article")))
    grid = found.picture.grid()
    assert grid.shape == (SIDE * SIDE, 2)
    outputs = live.forward(params, grid).ravel()
    levels = [LEVELS.index(c) / (len(LEVELS) - 1) for c in found.picture.frames[-1]]
    assert np.abs(outputs - levels).max() < 0.01


def test_one_input_gives_a_curve():
    picture = recorded("swish").picture
    assert picture is not None and picture.kind == "curve"
    assert len(picture.frames[0]) == len(picture.grid())


def test_classes_give_a_plane_of_classes():
    network = symbp.Network(
        name="three",
        input={"shape": [2]},
        layer=[dense(3), {"type": "softmax"}],
        loss={"type": "cross_entropy"},
        train={"epochs": 2},
    )
    picture = record(network.program).picture
    assert picture is not None and picture.classes == 3
    assert set(picture.frames[-1]) <= set(LEVELS[:3])
    assert {point[-1] for point in picture.points} <= {0, 1, 2}


@pytest.mark.parametrize("name", ["bilinear", "parity_lstm"])
def test_other_networks_have_no_picture(name):
    assert recorded(name).picture is None


def test_it_is_the_same_each_time_and_valid_json():
    texts = [
        json.dumps(record(symbp.load("spirals").program, SHORT).as_json(), allow_nan=False)
        for _ in "ab"
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) < 150_000


def test_a_training_that_diverges_is_recorded_without_numbers():
    network = symbp.Network(
        name="diverges",
        input={"shape": [1]},
        layer=[dense(3), dense(1)],
        loss={"type": "mse", "reduction": "sum"},
        train={"epochs": 200, "learning_rate": 1e6},
    )
    found = record(network.program)
    assert found.loss[-1] is None
    json.dumps(found.as_json(), allow_nan=False)
