"""Images, sequences and attention: generated modules against PyTorch."""

from __future__ import annotations

import json
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, note, settings

import symbp
from symbp.proof import complex_step
from symbp.proof.module import load
from tests.network.real_networks import NETWORKS
from tests.network.test_random_networks import compare, module_of, single
from tests.peer.random_data import Sample, error
from tests.peer.random_real_data import good_real_sample
from tests.peer.random_real_networks import KINDS, is_smooth, numbered, real_networks
from tests.peer.torch_network import buffer_names, evaluate, parameter_shapes


def agrees_with_pytorch(module: ModuleType, tables: dict, sample: Sample) -> None:
    """Names, shapes, outputs, loss and every gradient, in training and out of it."""
    shapes = {key: np.shape(value) for key, value in module.init_params(seed=0).items()}
    assert shapes == parameter_shapes(tables)
    assert set(module.BUFFERS) == buffer_names(tables)
    for training in (False, True):
        compare(module, tables, sample, training)


def is_exact(source: str, sample: Sample, seed: int) -> None:
    """Along a random direction of each parameter, by complex step."""
    params, x, t = sample
    _, grads = load(source).loss_and_grads(params, x, t)
    largest = max(np.abs(gradient).max() for gradient in grads.values())
    rng, analytic = np.random.default_rng(seed), complex_step.load(source)
    for name, gradient in grads.items():
        direction = rng.normal(size=np.shape(gradient))
        direction /= np.linalg.norm(direction)
        slope = complex_step.slope(analytic, params, x, t, name, direction, smooth=True)
        assert abs(np.vdot(gradient, direction) - slope) <= 1e-12 * largest, name


@pytest.mark.parametrize("number", range(8 * len(KINDS)))
def test_random_networks_agree_with_pytorch(number):
    tables = numbered(number)
    print(json.dumps(tables))
    if sample := good_real_sample(tables, number):  # one in a hundred has none
        source = symbp.generate(symbp.Network(**tables))
        agrees_with_pytorch(load(source), tables, sample)
        if is_smooth(number):
            is_exact(source, sample, number)


@pytest.mark.parametrize("name", NETWORKS)
def test_awkward_networks_agree_with_pytorch(name):
    tables = NETWORKS[name]
    sample = good_real_sample(tables, 0)
    assert sample is not None
    agrees_with_pytorch(module_of(tables), tables, sample)


@pytest.mark.slow
@given(real_networks())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_shrinking_networks_agree_with_pytorch(tables):
    note(json.dumps(tables))
    if sample := good_real_sample(tables, 0):
        agrees_with_pytorch(module_of(tables), tables, sample)


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_gradients_in_float32_agree_with_pytorch(number):
    tables = numbered(number)
    sample = good_real_sample(tables, number)
    assert sample is not None
    params, x, t = sample
    module = module_of(tables, dtype="float32")
    assert module.forward(single(params), single(x)).dtype == np.float32
    _, grads = module.loss_and_grads(single(params), single(x), single(t))
    assert {gradient.dtype for gradient in grads.values()} == {np.dtype(np.float32)}
    assert error(grads, evaluate(tables, params, x, t).grads) <= 2e-3
