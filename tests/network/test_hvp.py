"""Hessian-vector products of generated modules, against PyTorch's double backward."""

from __future__ import annotations

import copy
import json
from types import ModuleType

import numpy as np
import pytest

from tests.layers.proved import Table
from tests.layers.proved import sample as any_sample
from tests.network.networks import BRANCHES, NAMES, REPEATS
from tests.network.real_networks import IMAGES, PLACES, SCANS
from tests.network.test_random_networks import module_of
from tests.peer.random_data import Arrays, Sample, error, good_sample
from tests.peer.random_networks import random_network
from tests.peer.random_real_data import good_real_sample
from tests.peer.random_real_networks import KINDS, numbered
from tests.peer.torch_hvp import hessian_vector_product
from tests.peer.torch_network import buffer_names

AWKWARD = {**REPEATS, **BRANCHES, **NAMES}
REAL = {**IMAGES, **PLACES, **SCANS}


def directions(tables: Table, params: Arrays, seed: int) -> Arrays:
    """One random vector for each trained parameter."""
    rng = np.random.default_rng(seed)
    trained = sorted(set(params) - buffer_names(tables))
    return {key: np.asarray(rng.normal(size=np.shape(params[key]))) for key in trained}


def agrees_with_double_backward(module: ModuleType, tables: Table, sample: Sample) -> None:
    """Two products, each as PyTorch's, u·Hv = v·Hu, and no argument changed."""
    params, x, t = sample
    kept = copy.deepcopy(sample)
    u, v = (directions(tables, params, seed) for seed in (1, 2))
    products = []
    for vectors in (u, v):
        before = copy.deepcopy(vectors)
        found = module.hessian_vector_product(params, x, t, vectors)
        np.testing.assert_equal((sample, vectors), (kept, before))
        shapes = {key: np.shape(product) for key, product in found.items()}
        assert shapes == {key: vector.shape for key, vector in vectors.items()}
        assert error(found, hessian_vector_product(tables, params, x, t, vectors)) <= 1e-8
        products.append(found)
    assert products[0].keys() == module.loss_and_grads(params, x, t)[1].keys()
    uHv = {key: u[key] * products[1][key] for key in u}
    vHu = {key: v[key] * products[0][key] for key in u}
    size = sum(np.abs(terms).sum() for terms in uHv.values())
    assert size > 0
    difference = sum(terms.sum() for terms in uHv.values())
    difference -= sum(terms.sum() for terms in vHu.values())
    assert abs(difference) <= 1e-10 * size


@pytest.mark.parametrize("number", range(2 * len(KINDS)))
def test_real_layers_agree_with_double_backward(number):
    tables = numbered(number)
    print(json.dumps(tables))
    if sample := good_real_sample(tables, number):
        agrees_with_double_backward(module_of(tables, hvp=True), tables, sample)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_agree_with_double_backward(seed):
    tables = random_network(seed)
    print(json.dumps(tables))
    if sample := good_sample(tables, seed):
        agrees_with_double_backward(module_of(tables, hvp=True), tables, sample)


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_networks_agree_with_double_backward(name):
    module = module_of(AWKWARD[name], hvp=True)
    agrees_with_double_backward(module, AWKWARD[name], any_sample(module, AWKWARD[name]))


@pytest.mark.parametrize("name", REAL)
def test_images_places_and_recurrences_agree_with_double_backward(name):
    sample = good_real_sample(REAL[name], 0)
    assert sample is not None
    agrees_with_double_backward(module_of(REAL[name], hvp=True), REAL[name], sample)
