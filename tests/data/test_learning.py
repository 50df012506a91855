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


EMBEDDING = {"type": "embedding", "vocabulary": 5, "dim": 6}


def tokens() -> Package:
    return made(
        input={"shape": [8]}, layer=[EMBEDDING, CLASSES], loss={"type": "cross_entropy"},
        data={"source": "copy"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "found"),
    [(1, "int64 from 1 to 5"), (-1, "int64 from -1 to 3"), (0.0, "float64 from 0.0 to 4.0")],
)
def test_what_is_no_token_is_refused_with_the_range(change, found):
    loaded, (x, t) = run(tokens()), tokens().arrays
    message = f"x holds {found}; expected integers from 0 to 4"
    for use in (
        lambda: loaded.predict(loaded.init_params(), x + change),
        lambda: loaded.train(x + change, t),
        lambda: loaded.check_gradients(loaded.init_params(), x + change, t),
    ):
        with pytest.raises(ValueError, match=message):
            use()


@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_tokens_of_any_integer_type_serve(kind):
    loaded, (x, t) = run(tokens()), tokens().arrays
    params = loaded.init_params()
    wide = loaded.predict(params, x[:4])
    np.testing.assert_array_equal(loaded.predict(params, x[:4].astype(kind)), wide)
    errors = loaded.check_gradients(params, x[:4].astype(kind), t[:4].astype(kind))
    assert max(errors.values()) < 1e-6


def test_classes_that_a_formula_looks_up_stay_integers():
    layer = {"type": "dense", "units": 10, "activation": "softmax"}
    by_formula, by_name = (
        made(input={"shape": [64]}, layer=[layer], loss=loss, data={"source": "digits"})
        for loss in ({"formula": "L[n] = -log(y[n,t[n]])"}, {"type": "cross_entropy"})
    )
    x, t = by_formula.arrays
    assert t.dtype == np.int64 and t.shape == (1797,)
    _, first = run(by_formula).train(x, t)
    _, second = run(by_name).train(x, t)
    np.testing.assert_allclose(first["loss"], second["loss"], rtol=1e-9)
    assert first["accuracy"] == second["accuracy"]


@pytest.mark.parametrize("smooth", [True, False])
def test_tokens_are_never_moved_while_gradients_are_checked(smooth):
    net = dataclasses.replace(cores.SEVERAL, smooth=smooth)
    core = cores.SEVERAL_CORE.replace("    z = ", "    assert x.dtype.kind == 'i'\n    z = ", 1)
    made = cores.module(net, core, Train())
    t = {"ta": np.ones((2, 2)), "tb": np.ones((2, 1))}
    errors = made.check_gradients(made.init_params(), np.array([[0, 1, 4], [3, 3, 2]]), t)
    assert max(errors.values()) < 1e-6
