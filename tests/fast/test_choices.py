"""Rewrites of whole programs, each with its condition: where it fails, numbers or time go wrong."""

from __future__ import annotations

import timeit
from collections import Counter
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symbp
from symbp.arrays.lower import lower_value
from symbp.calculus.expression import Entry
from symbp.fast import algebra, commuting, pipeline, scalars
from symbp.fast import module as fast
from symbp.fast.algebra import folded
from symbp.fast.builder import Builder
from symbp.fast.commuting import commuted
from symbp.fast.cost import cost
from symbp.fast.evaluation import Evaluator
from symbp.fast.strides import Array, Count, View, whole
from symbp.proof.module import load
from symbp.writers.storage import plan
from tests.fast.bodies import length
from tests.fast.trainers import difference, only

RNG = np.random.default_rng
Table = dict[str, Any]


def network(*layers: Table, shape: tuple[int, ...] = (3,), **tables: Any) -> symbp.Network:
    return symbp.Network(name="net", input={"shape": list(shape)}, layer=list(layers),
                         **{"loss": {"type": "mse"}, **tables})  # fmt: skip


def dense(units: int, **more: Any) -> Table:
    return {"type": "dense", "units": units, **more}


def images(activation: str, *more: Table, window: int = 2, size: int = 6) -> symbp.Network:
    """A convolution, its activation, and a maximum over windows."""
    conv = {"type": "conv2d", "filters": 2, "kernel": 3, "padding": "same"}
    pool = {"type": "maxpool2d", "kernel": window, "name": "m"}
    rest = more or ({"type": "flatten"}, dense(2))
    active = {"type": "activation", "function": activation, "name": "a"}
    return network(conv, active, pool, *rest, shape=(1, size, size))


def data(net: symbp.Network, batch: int = 5) -> tuple[Any, Any]:
    """Random inputs and targets."""
    made = load(net.generate())
    x = RNG(0).standard_normal((batch, *net.spec.input_shape))
    return x, RNG(1).standard_normal(made.forward(made.init_params(0), x).shape)


def error(net: symbp.Network, layout: str = "batch innermost") -> float:
    """Of the Trainer's losses and gradients."""
    with only(net.program, layout):
        made = load(fast.write(net.program).source, "fast")
    params = {k: v + 0.1 * RNG(2).standard_normal(v.shape) for k, v in made.init_params(0).items()}
    return difference(made, params, *data(net))


# -- maxima before activations --------------------------------------------------------------------


def test_a_maximum_comes_before_an_activation_that_only_cuts_off():
    net = images("relu")
    before, after = ([n.kind for n in p.graph.nodes] for p in (net.program, commuted(net.program)))
    assert before[:3] == ["conv2d", "activation", "maxpool2d"]
    assert after[:3] == ["conv2d", "maxpool2d", "activation"]
    assert error(net) <= 1e-12


@pytest.mark.parametrize("function", ["sin(4*x)", "silu", "tanh"])
def test_other_activations_stay_where_they_are(function):
    program = images(function).program
    assert commuted(program) is program


def test_an_activation_that_falls_somewhere_gives_other_maxima(monkeypatch):
    monkeypatch.setattr(commuting, "is_step", lambda node: node.layer == "a")
    assert error(images("sin(4*x)")) > 1e-3


class Two(Counter):
    """Finds two users of everything."""

    def __getitem__(self, key: str) -> int:
        return 2


def test_an_activation_that_others_read_too_stays_where_it_is(monkeypatch):
    both = {"type": "add", "inputs": ["a", "m"]}
    net = images("relu", both, {"type": "flatten"}, dense(2), window=1)
    assert commuted(net.program) is net.program
    assert error(net) <= 1e-12
    monkeypatch.setattr(commuting, "Counter", Two)
    assert error(net) > 1e-3


# -- constants into sums --------------------------------------------------------------------------

N = sp.Symbol("n", integer=True)
u, v, w = (Entry(name, N) for name in "uvw")
ROOT = sp.sqrt(2 / sp.pi)


def counted(expr: sp.Expr) -> int:
    """The calls that compute a formula."""
    build = Builder(set())

    def view(name: str) -> View:
        return whole(Array(name, (Count.of(5),)), [N])

    Evaluator(build, view, lambda _: 5, {}).value(lower_value(expr, {"u": 0, "v": 1, "w": 2}))
    return length(tuple(build.blocks[0]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (3 * u + 5 * u**3, u * (3 + 5 * u**2)),
        (ROOT * v * (3 * u + 4), v * (3 * ROOT * u + 4 * ROOT)),
    ],
)
def test_constants_and_powers_are_multiplied_once(before, after):
    assert sp.expand(folded(before) - before) == 0
    assert counted(folded(before)) == counted(after) < counted(before)


def test_a_constant_stays_before_a_sum_that_has_terms_without_one(monkeypatch):
    expr = ROOT * v * (u + w + 4)
    assert folded(expr) == expr
    monkeypatch.setattr(algebra, "_has_number", lambda _: True)
    assert counted(folded(expr)) > counted(expr)


def test_a_polynomial_in_two_variables_stays_as_it_is():
    assert folded(u * v + v**3) == u * v + v**3


# -- the learning rate in the first adjoint -------------------------------------------------------


def updates(net: symbp.Network, steps: int = 3) -> float:
    """How far some steps of the Trainer are from those of ``train``."""
    made = load(fast.write(net.program).source, "fast")
    x, t = data(net)
    params = made.init_params(0)
    trainer = made.Trainer(params, len(x), learning_rate=0.1)
    order = [RNG([0, epoch]).permutation(len(x)) for epoch in range(steps)]
    for rows in order:
        trainer.step(x[rows], t[rows])
    wanted, _ = made.train(x, t, params=params, epochs=steps, learning_rate=0.1)
    return max(abs(trainer.params[k] - value).max() for k, value in wanted.items())


def test_the_learning_rate_is_in_the_first_adjoint_and_the_update_a_subtraction():
    source = fast.write(network(dense(40), dense(2)).program).source
    assert "P -= G" in source and source.count("* rate") == 1
    assert updates(network(dense(40), dense(2))) <= 1e-12


@pytest.mark.parametrize("train", [{"optimizer": "adam"}, {"momentum": 0.9, "optimizer": "momentum"},
                                   {"clip_norm": 1.0}], ids=str)  # fmt: skip
def test_where_an_update_does_more_with_the_gradient_the_rate_stays_out(train, monkeypatch):
    net = network(dense(40), dense(2), train=train)
    assert "P -= G" not in fast.write(net.program).source
    assert updates(net) <= 1e-12
    monkeypatch.setattr(fast, "planned", lambda storage, _: pipeline.planned(storage, True))
    assert updates(net) > 1e-6


# -- layouts by cost ------------------------------------------------------------------------------


def layouts(net: symbp.Network) -> dict[str, float]:
    found = pipeline.candidates(plan(net.program, "float64"), True)
    return {name: cost(stages[-1].selected.body) for name, stages in found.items()}


def test_the_cheapest_layout_is_chosen_and_others_for_others():
    found = {}
    for name, net in (("images", images("relu")), ("rows", network(dense(256), dense(256)))):
        costs = layouts(net)
        chosen = pipeline.chosen(pipeline.candidates(plan(net.program, "float64"), True))
        assert costs[chosen] == min(costs.values())
        found[name] = chosen
    assert found == {"images": "batch innermost", "rows": "row by row"}


def test_every_layout_takes_the_same_step():
    net = images("relu")
    assert max(error(net, name) for name in layouts(net)) <= 1e-12


def test_the_dearest_layout_takes_longer():
    net = images("relu")
    costs = layouts(net)
    x, t = data(net, 64)
    seconds = {}
    for name in (min(costs, key=costs.__getitem__), max(costs, key=costs.__getitem__)):
        with only(net.program, name):
            made = load(fast.write(net.program).source, "fast")
        trainer = made.Trainer(made.init_params(0), 64)
        seconds[name] = min(timeit.repeat(lambda run=trainer: run.step(x, t), number=3, repeat=5))
    best, worst = seconds.values()
    assert worst > best


# -- plain floats ---------------------------------------------------------------------------------


def steps_of(net: symbp.Network, monkeypatch: pytest.MonkeyPatch, in_floats: bool) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(scalars, "fits", lambda *_: in_floats)
        return load(fast.write(net.program).source, "fast")


@pytest.mark.parametrize(("units", "pays"), [(3, True), (32, False)])
def test_floats_are_chosen_where_they_are_faster(units, pays, monkeypatch):
    net = network(dense(units, activation="tanh"), dense(1))
    assert scalars.fits(net.program) is pays
    x, t = data(net, 4)
    seconds = []
    for in_floats in (True, False):
        made = steps_of(net, monkeypatch, in_floats)
        trainer = made.Trainer(made.init_params(0), 4)
        seconds.append(min(timeit.repeat(lambda run=trainer: run.step(x, t), number=50, repeat=5)))
    assert (seconds[0] < seconds[1]) is pays


def test_floats_do_not_stand_for_an_optimizer_that_they_do_not_know(monkeypatch):
    net = network(dense(2, activation="tanh"), dense(1), train={"optimizer": "adam"})
    assert not scalars.fits(net.program)
    x, t = data(net)
    params = []
    for in_floats in (True, False):
        made = steps_of(net, monkeypatch, in_floats)
        trainer = made.Trainer(made.init_params(0), 5)
        trainer.step(x, t)
        params.append(trainer.params["W1"])
    assert abs(params[0] - params[1]).max() > 1e-4
