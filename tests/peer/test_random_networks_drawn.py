"""What the random networks promise: breadth, data that suits, the same again for the same seed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peer import random_formulas
from tests.peer.random_data import good_sample, sample
from tests.peer.random_networks import networks, random_network
from tests.peer.torch_functions import KINKS
from tests.peer.torch_network import evaluate, kink_distance

pytestmark = pytest.mark.slow


def layers_of(tables: dict) -> Iterator[dict]:
    for table in tables.get("layer", tables.get("layers", [])):
        yield table
        yield from layers_of(table)


@pytest.mark.slow
def test_the_networks_cover_every_layer_and_formula():
    drawn = [random_network(seed) for seed in range(1500)]
    kinds = {table["type"] for tables in drawn for table in layers_of(tables)}
    assert kinds == {
        *("dense", "activation", "softmax", "dropout", "flatten", "reshape", "batchnorm"),
        *("layernorm", "rmsnorm", "residual", "repeat", "add", "multiply", "concat", "formula"),
    }
    texts = json.dumps(drawn)
    for formula in (*random_formulas.LAYERS, *random_formulas.LOSSES):
        assert (json.dumps(formula.text) in texts) is not formula.later
    for key in ("share", "inputs", "output", "l1", "axis", "reduction", "weight"):
        assert f'"{key}"' in texts


def test_nearly_every_network_has_a_good_sample():
    found = [good_sample(random_network(seed), seed) for seed in range(60)]
    assert sum(one is None for one in found) <= 2


@given(networks(smooth=True), st.integers(0, 99))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_smooth_networks_have_no_kink(tables, seed):
    params, x, t = sample(tables, seed)
    assert not any(table.get("activation") in KINKS for table in layers_of(tables))
    assert kink_distance(tables, params, x, t) == float("inf")


def test_the_same_seed_draws_the_same():
    one, other = random_network(7), random_network(7)
    assert one == other
    np.testing.assert_equal(sample(one, 3), sample(other, 3))


def test_gradients_differ_between_samples():
    tables = random_network(1)
    grads = [evaluate(tables, *sample(tables, seed)).grads for seed in (0, 4)]
    assert any(not np.allclose(grads[0][key], grads[1][key]) for key in grads[0])
