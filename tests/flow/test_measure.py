"""Gradient norms, measured on the generated module."""

from __future__ import annotations

import numpy as np
import pytest

from symbp import examples
from symbp.flow.measure import bench, spread
from symbp.flow.probe import load_probed
from symbp.flow.sites import sites
from symbp.proof import module
from symbp.writers.package import package
from tests.flow.networks import example, stack


def test_the_probed_module_gives_the_same_gradients() -> None:
    program = example("iris_residual").program
    made = package(program)
    plain, probed = module.load(made.module.source), load_probed(program, made.module)
    params = plain.init_params(0)
    first = plain.loss_and_grads(params, *made.arrays)[1]
    second = probed.loss_and_grads(params, *made.arrays)[1]
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_an_adjoint_is_what_central_differences_say() -> None:
    """Of the first layer's bias: its gradient is the sum of the adjoint of z over the batch."""
    network = example("deep_sigmoid")
    made = bench(network.program)
    params = made.init_params(1)
    grads = made.module.loss_and_grads(params, made.x, made.t)[1]
    seen = made.module._seen
    assert np.allclose(seen["z1", ()].sum(axis=0), grads["b1"], rtol=1e-12)
    change = {**params, "b1": params["b1"] + np.array([1e-6, 0, 0, 0])}
    slope = (
        made.module.loss(change, made.x, made.t) - made.module.loss(params, made.x, made.t)
    ) / 1e-6
    assert slope == pytest.approx(grads["b1"][0], rel=1e-3)


def test_every_copy_of_a_repeat_is_measured() -> None:
    program = example("deep_repeat").program
    norms = bench(program).over_seeds(1)[0]
    assert all(np.isfinite(norms.adjoints[site.key]) for site in sites(program))
    assert len([site for site in sites(program) if site.copy is not None]) == 11


@pytest.mark.slow
def test_every_step_of_a_recurrence_is_measured() -> None:
    norms = bench(example("parity_lstm").program, samples=8).over_seeds(1)[0]
    assert {key for key in norms.adjoints if key[0] == "h1"} == {("h1", (t,)) for t in range(8)}


@pytest.mark.parametrize("name", examples.names())
def test_every_layer_of_every_example_is_measured(name: str) -> None:
    program = example(name).program
    norms = bench(program, samples=8).over_seeds(1)[0]
    assert all(norms.adjoints[site.key] > 0 for site in sites(program))
    assert {key for site in sites(program) for key in site.parameters} <= set(norms.gradients)


def test_initialisations_differ_and_are_the_same_each_time() -> None:
    made = bench(example("article").program)
    first, again = made.over_seeds(2), made.over_seeds(2)
    assert first[0].gradients != first[1].gradients
    assert [n.gradients for n in first] == [n.gradients for n in again]


def test_the_spread_leaves_out_what_is_not_finite() -> None:
    found = spread([1.0, 2.0, 3.0, float("inf"), float("nan")])
    assert found is not None and found.median == 2.0
    assert spread([float("nan")]) is None


def test_a_network_without_data_is_measured_on_made_up_data() -> None:
    made = bench(stack(4, 3).program)
    assert len(made.x) == 16
