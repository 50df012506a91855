"""What generated modules make of sequences, of tokens, and of several targets by name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import symbp
from symbp.language.spec import Train
from symbp.proof import module
from symbp.writers.package import Package, package
from tests.writers import cores

CLASSES = {"type": "dense", "units": 5, "name": "p", "activation": "softmax"}
TRAIN = {"optimizer": "adam", "learning_rate": 0.05, "epochs": 3, "batch_size": 32}


def made(**tables) -> Package:
    return package(symbp.Network(name="net", **{"train": TRAIN, **tables}).program)


def sequences(**more) -> Package:
    """Dense over each step: no memory, so that it learns the blanks of `copy` alone."""
    tables = {"input": {"shape": [8, 5]}, "loss": {"type": "cross_entropy"}}
    return made(**tables, layer=[CLASSES], data={"source": "copy"}, **more)


def shapes() -> Package:
    """A detector without a trunk."""
    kind = {"type": "dense", "units": 3, "name": "p", "activation": "softmax", "inputs": ["f"]}
    corners = {"type": "dense", "units": 4, "name": "y", "inputs": ["f"]}
    return made(
        input={"shape": [1, 12, 12]},
        layer=[{"type": "flatten", "name": "f"}, kind, corners],
        output=[
            {"from": "p", "target": "kind", "loss": {"type": "cross_entropy"}},
            {"from": "y", "target": "box", "loss": {"type": "mse"}, "weight": 10},
        ],
        data={"source": "shapes"},
    )


def run(one: Package):
    return module.load(one.module.source, one.name)


# --- sequences ------------------------------------------------------------------------------------


def test_classes_of_sequences_are_stored_as_integers():
    _, t = sequences().arrays
    assert t.dtype == np.int64 and t.shape == (256, 8)


def test_integers_and_one_hot_rows_of_sequences_train_alike():
    one = sequences()
    x, t = one.arrays
    first, second = run(one).train(x, t), run(one).train(x, np.eye(5)[t])
    np.testing.assert_array_equal(first[0]["W1"], second[0]["W1"])
    assert first[1]["accuracy"] == second[1]["accuracy"]


def test_accuracy_of_sequences_counts_every_step():
    one = sequences()
    x, t = one.arrays
    params, history = run(one).train(x, t, epochs=1, learning_rate=0.0)
    right = run(one).predict(params, x).argmax(axis=-1) == t
    assert history["accuracy"] == [pytest.approx(right.mean())]


def test_sequences_can_be_held_out():
    one = sequences(train={**TRAIN, "held_out": 0.25})
    _, history = run(one).train(*one.arrays)
    assert len(history["held_out_loss"]) == 3 and 0 < history["accuracy"][-1] < 1


def test_wrong_classes_of_sequences_are_refused():
    one = sequences()
    x, t = one.arrays
    for wrong, message in [
        (t + 1, "expected integers from 0 to 4"),
        (t[:, :7], r"t has shape \(256, 7, 5\); expected \(256, 8, 5\)"),
        (1.0 * t, "expected rows of 5|expected integers"),
    ]:
        with pytest.raises(ValueError, match=message):
            run(one).train(x, wrong)


def test_a_made_up_set_gives_sequences_integers_too():
    tables = {"input": {"shape": [3, 2]}, "loss": {"type": "cross_entropy"}}
    one = made(**tables, layer=[CLASSES])
    assert one.arrays[1].shape == (16, 3) and one.arrays[1].dtype.kind == "i"
    assert "t = rng.integers(5, size=(16, 3))" in one.module.source


# --- several targets ------------------------------------------------------------------------------


def test_two_outputs_learn_together_and_accuracy_is_of_the_classes():
    one = shapes()
    x, t = one.arrays
    params, history = run(one).train(x, t, epochs=20)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    _, still = run(one).train(x, t, params=params, epochs=1, learning_rate=0.0)
    right = run(one).predict(params, x)["p"].argmax(axis=1) == t["kind"].argmax(axis=1)
    assert still["accuracy"] == [pytest.approx(right.mean())]


def test_a_weight_scales_the_loss_of_its_output():
    one = shapes()
    x, t = one.arrays
    params = run(one).init_params()
    y = run(one).predict(params, x)
    cross_entropy = -np.mean(np.sum(t["kind"] * np.log(y["p"]), axis=1))
    squares = np.mean(np.sum((y["y"] - t["box"]) ** 2, axis=1)) / 2
    assert run(one).loss(params, x, t) == pytest.approx(cross_entropy + 10 * squares)


def test_targets_that_are_missing_are_named():
    one = shapes()
    x, t = one.arrays
    with pytest.raises(ValueError, match="t holds kind; expected a dict of kind, box"):
        run(one).train(x, {"kind": t["kind"]})
    with pytest.raises(ValueError, match="t holds ndarray; expected a dict of kind, box"):
        run(one).train(x, t["kind"])


# --- tokens ---------------------------------------------------------------------------------------


def test_tokens_are_checked_before_gradients_are():
    made = cores.module(cores.SEVERAL, cores.SEVERAL_CORE, Train())
    t = {"ta": np.ones((1, 2)), "tb": np.ones((1, 1))}
    for x in (np.array([[0, 1, 5]]), np.array([[0, -1, 2]]), np.array([[0.5, 1.0, 2.0]])):
        with pytest.raises(ValueError, match="x holds other values; expected integers from 0 to 4"):
            made.check_gradients(made.init_params(), x, t)


@pytest.mark.parametrize("smooth", [True, False])
def test_tokens_are_never_moved_while_gradients_are_checked(smooth):
    net = dataclasses.replace(cores.SEVERAL, smooth=smooth)
    core = cores.SEVERAL_CORE.replace("    z = ", "    assert x.dtype.kind == 'i'\n    z = ", 1)
    made = cores.module(net, core, Train())
    t = {"ta": np.ones((2, 2)), "tb": np.ones((2, 1))}
    errors = made.check_gradients(made.init_params(), np.array([[0, 1, 4], [3, 3, 2]]), t)
    assert max(errors.values()) < 1e-6
