"""A step in plain floats: the numbers of the arrays, at a tenth of their time."""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.fast import scalars
from symbp.fast.scalars.names import Names
from symbp.proof.module import load
from symbp.writers.storage import plan
from tests.peer.random_data import good_sample
from tests.peer.random_networks import random_network

Table = dict[str, Any]
SEEDS = (2, 6, 7, 22, 32, 33)  # kinks, shared weights, penalties, user formulas, two outputs


def network(*layers: Table, loss: str = "mse", inputs: int = 2, **tables: Any) -> symbp.Network:
    return symbp.Network(
        name="net", input={"shape": [inputs]}, layer=list(layers), loss={"type": loss}, **tables
    )


def dense(units: int = 2, activation: str = "sigmoid") -> Table:
    return {"type": "dense", "units": units, "activation": activation}


def trainer_source(net: symbp.Network) -> str:
    lines = scalars.trainer_lines(net.program, plan(net.program))
    return "\n".join(row.partition("\ue003")[0] for line in lines for row in line.render(""))


def module(net: symbp.Network) -> ModuleType:
    return load(f"import math\n{net.generate()}\n\n{trainer_source(net)}\n", "net")


@cache
def article() -> ModuleType:
    return module(symbp.load("article"))


def compare(made: ModuleType, params: dict, x: Any, t: Any, steps: int, rate: float) -> None:
    """Losses and parameters of so many steps, against gradient descent by arrays."""
    trainer = made.Trainer(params, len(x), learning_rate=rate)
    for _ in range(steps):
        value, grads = made.loss_and_grads(params, x, t, training=True)
        params = {name: params[name] - rate * grads[name] for name in params}
        assert trainer.step(x, t) == pytest.approx(value, rel=1e-12, abs=1e-12)
        for name, wanted in params.items():
            np.testing.assert_allclose(trainer.params[name], wanted, rtol=1e-12, atol=1e-12)


def no_arrays(*_: Any) -> float:
    raise AssertionError("the step was left to arrays")


def test_fifty_steps_are_those_of_the_lecture_module():
    rng = np.random.default_rng(0)
    made = article()
    compare(made, made.init_params(1), rng.random((4, 2)), rng.random((4, 1)), 50, 0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_take_the_same_steps(seed):
    tables = random_network(seed)
    params, x, t = good_sample(tables, seed)  # type: ignore[misc]
    made = module(symbp.Network(**tables))
    made.Trainer._step_by_arrays = no_arrays
    compare(made, params, x, t, 2, 1e-3)


def test_classes_may_come_as_integers():
    made = module(network(dense(3, "tanh"), dense(3, "softmax"), loss="cross_entropy"))
    x = np.random.default_rng(0).standard_normal((5, 2))
    compare(made, made.init_params(0), x, np.array([0, 2, 1, 1, 0]), 3, 0.1)


@pytest.mark.parametrize("function", ["sigmoid", "softplus", "elu", "relu", "silu", "tanh", "gelu"])
def test_extreme_inputs_give_what_numpy_gives(function):
    made = module(network(dense(2, function)))
    made.Trainer._step_by_arrays = no_arrays
    params = {"W1": np.eye(2), "b1": np.zeros(2)}
    x = np.array([[1000.0, -1000.0], [-750.0, 750.0], [0.0, 1e-300]])
    compare(made, params, x, np.zeros((3, 2)), 1, 1e-6)


def test_where_floats_overflow_a_step_is_left_to_arrays():
    made = module(network(dense(2, "exp(x)")))
    trainer = made.Trainer({"W1": np.eye(2), "b1": np.zeros(2)}, 1)
    with np.errstate(all="ignore"):
        assert trainer.step(np.full((1, 2), 1000.0), np.zeros((1, 2))) == np.inf


def test_nested_lists_are_data_too():
    trainers = [article().Trainer(article().init_params(0), 2) for _ in range(2)]
    x, t = np.array([[0.5, 1.0], [0.25, 0.0]]), np.array([[1.0], [0.0]])
    assert trainers[0].step(x, t) == trainers[1].step(x.tolist(), t.tolist())


def test_data_of_the_wrong_shape_are_an_error():
    trainer = article().Trainer(article().init_params(0), 2)
    with pytest.raises(ValueError):
        trainer.step(np.ones((2, 3)), np.ones((2, 1)))


def test_parameters_keep_the_dtype_that_they_came_with():
    made = article()
    params = made.init_params(0, np.float32)
    assert {a.dtype for a in made.Trainer(params, 4).params.values()} == {np.dtype(np.float32)}


def test_the_code_is_the_same_each_time():
    assert trainer_source(symbp.load("article")) == trainer_source(symbp.load("article"))


def test_every_equation_has_its_lines():
    program = symbp.load("article").program
    found = {line.id for line in scalars.trainer_lines(program, plan(program))}
    items = (*program.forward, *program.loss, *program.backward)
    assert {item.id for item in items} <= found


def test_entries_of_one_tensor_are_no_other_tensors():
    clash = {**dense(1), "name": "h_0"}, {**dense(2), "name": "h", "inputs": ["x"]}
    both = {"type": "concat", "inputs": ["h_0", "h"]}
    made = module(network(*clash, both, dense(1)))
    x = np.random.default_rng(0).standard_normal((3, 2))
    compare(made, made.init_params(0), x, np.ones((3, 1)), 3, 0.1)


@pytest.mark.parametrize("word", ["self", "rate", "exp", "zip", "n", "e"])
def test_the_words_of_the_step_are_no_tensors(word):
    names = Names()
    assert names.entry(word, ()) not in (word, names.entry(word, ()))


# -- the condition ------------------------------------------------------------------------------


def test_a_tiny_network_fits():
    assert scalars.fits(symbp.load("article").program)


def test_a_network_above_the_crossover_does_not_fit():
    assert "floats would take" in scalars.reason(network(dense(64), dense(1)).program)


def test_float32_does_not_fit():
    assert not scalars.fits(symbp.load("article").program, "float32")


@pytest.mark.parametrize(
    ("net", "why"),
    [
        (network(dense(), train={"optimizer": "adam"}), "more than the learning rate"),
        (network(dense(), train={"clip_norm": 1.0}), "more than the learning rate"),
        (network(dense(), {"type": "batchnorm"}), "buffers"),
        (network(dense(), {"type": "dropout", "rate": 0.5}), "differently in training"),
        (network({"type": "repeat", "times": 2, "layers": [dense()]}), "repeated|loop"),
    ],
    ids=["adam", "clipping", "batchnorm", "dropout", "repeat"],
)
def test_what_is_not_per_sample_does_not_fit(net, why):
    assert re.search(why, scalars.reason(net.program))
