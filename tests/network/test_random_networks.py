"""Generated modules of random networks, against PyTorch: outputs, loss, every gradient."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from symbp.verify.module import load

import symbp
from tests.peer.random_data import Arrays, error, good_sample
from tests.peer.random_networks import random_network
from tests.peer.torch_network import buffer_names, evaluate, parameter_shapes

SHARDS, NETWORKS = 30, 10  # 300 networks; the first shards are the quick run
QUICK = 2

shards = pytest.mark.parametrize(
    "shard", [pytest.param(k, marks=[pytest.mark.slow] * (k >= QUICK)) for k in range(SHARDS)]
)


def module_of(tables: dict[str, Any], **options: Any) -> ModuleType:
    return load(symbp.generate(symbp.Network(**tables), **options), tables["name"])


def without_dropout(tables: dict[str, Any]) -> dict[str, Any]:
    """The same network with every rate at zero, so that training draws nothing."""
    bare = copy.deepcopy(tables)
    stack = list(bare["layer"])
    while stack:
        table = stack.pop()
        stack += table.get("layers", [])
        if table["type"] == "dropout":
            table["rate"] = 0.0
    return bare


def for_each(shard: int, check: Callable[[dict[str, Any], Arrays, np.ndarray, Any], None]) -> None:
    """Runs ``check`` on the networks of a shard; a failure shows the network that it was."""
    for seed in range(shard * NETWORKS, (shard + 1) * NETWORKS):
        tables = random_network(seed)
        found = good_sample(tables, seed)
        if found is None:  # one in a hundred
            continue
        try:
            check(tables, *found)
        except Exception as problem:
            problem.add_note(f"network {seed}: {json.dumps(tables)}")
            raise


def compare(
    module: ModuleType, tables: dict[str, Any], sample: tuple, training: bool, tolerance: float
) -> None:
    params, x, t = sample
    kept = copy.deepcopy(sample)
    expected = evaluate(tables, params, x, t, training=training)
    scale = max(1.0, abs(expected.loss))
    rng = {"rng": np.random.default_rng(0)} if training else {}
    outputs = module.forward(params, x, training=training, **rng)
    total = module.loss(params, x, t, training=training, **rng)
    again, grads = module.loss_and_grads(params, x, t, training=training, **rng)
    if isinstance(expected.outputs, dict):
        assert len(outputs) == len(expected.outputs)
    else:
        np.testing.assert_allclose(outputs, expected.outputs, atol=tolerance * 10, rtol=tolerance)
    assert abs(total - expected.loss) <= tolerance * scale
    assert again == pytest.approx(total, rel=1e-12 if tolerance < 1e-6 else 1e-6)
    assert set(grads) == set(expected.grads)
    for key, gradient in expected.grads.items():
        assert np.shape(grads[key]) == gradient.shape, key
    assert error(grads, expected.grads) <= tolerance
    assert max(np.abs(gradient).max() for gradient in grads.values()) > 0
    np.testing.assert_equal(sample, kept)


@shards
def test_gradients_agree_with_pytorch(shard):
    def check(tables, *sample):
        compare(module_of(tables), tables, sample, training=False, tolerance=1e-10)

    for_each(shard, check)


@shards
def test_gradients_in_training_agree_with_pytorch(shard):
    def check(tables, *sample):
        bare = without_dropout(tables)
        compare(module_of(bare), bare, sample, training=True, tolerance=1e-10)

    for_each(shard, check)


@shards
def test_gradients_in_float32_agree_with_pytorch(shard):
    def check(tables, params, x, t):
        module = module_of(tables, dtype="float32")
        single = {key: value.astype(np.float32) for key, value in params.items()}
        _, grads = module.loss_and_grads(single, x.astype(np.float32), t)
        assert all(gradient.dtype == np.float32 for gradient in grads.values())
        assert error(grads, evaluate(tables, params, x, t).grads) <= 2e-3

    for_each(shard, check)


@shards
def test_parameters_have_the_names_and_shapes_of_the_contract(shard):
    def check(tables, *sample):
        module = module_of(tables)
        drawn = module.init_params(seed=0)
        shapes = {key: np.shape(value) for key, value in drawn.items()}
        assert shapes == parameter_shapes(tables)
        assert set(module.BUFFERS) == buffer_names(tables)

    for_each(shard, check)
