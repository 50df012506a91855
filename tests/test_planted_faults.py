"""A wrong backward pass is always found out: faults planted in generated modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symbp
from symbp.proof.module import load
from tests.peer.mutants import mutants
from tests.peer.random_data import Sample, good_sample

CLASSIFIER = {"type": "cross_entropy"}
REGRESSION = {"type": "mse"}
NETWORKS: dict[str, tuple[list[int], dict[str, Any], list[dict[str, Any]]]] = {
    "article": (
        [2],
        {"type": "mse", "reduction": "sum"},
        [
            {"type": "dense", "name": "h", "units": 3, "activation": "sigmoid"},
            {"type": "dense", "name": "y", "units": 1, "activation": "sigmoid"},
        ],
    ),
    "layernorm": (
        [4],
        REGRESSION,
        [{"type": "dense", "units": 4, "activation": "tanh"}, {"type": "layernorm"}],
    ),
    "batchnorm": (
        [3],
        REGRESSION,
        [
            {"type": "dense", "units": 4},
            {"type": "batchnorm"},
            {"type": "activation", "function": "gelu"},
            {"type": "dense", "units": 2},
        ],
    ),
    "classifier": (
        [4],
        CLASSIFIER,
        [
            {"type": "residual", "layers": [{"type": "dense", "units": 4, "activation": "silu"}]},
            {"type": "dense", "units": 3, "activation": "softmax"},
        ],
    ),
    "stack": (
        [3],
        REGRESSION,
        [
            {
                "type": "repeat",
                "times": 3,
                "layers": [{"type": "dense", "units": 3, "activation": "tanh"}],
            },
            {"type": "dense", "units": 2},
        ],
    ),
}


def distance(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> float:
    """As the contract measures an error, but between two sets of gradients."""
    floor = 1e-4 * max(np.abs(gradient).max() for gradient in wanted.values())
    worst = 0.0
    for key, gradient in wanted.items():
        scale = np.maximum(np.maximum(np.abs(found[key]), np.abs(gradient)), floor)
        worst = max(worst, float((np.abs(found[key] - gradient) / scale).max()))
    return worst


def drawn(name: str) -> tuple[str, Sample]:
    """The source of a network's module, and data for it."""
    shape, loss, layers = NETWORKS[name]
    tables = {"name": name, "input": {"shape": shape}, "layer": layers, "loss": loss}
    sample = good_sample(tables, seed=1)
    assert sample is not None
    return symbp.generate(symbp.Network(**tables)), sample


def judged(name: str) -> list[tuple[str, dict[str, float]]]:
    """Each fault that runs and changes a gradient, and what ``check_gradients`` says of it."""
    source, (params, x, t) = drawn(name)
    training = name == "batchnorm"
    _, right = load(source, name).loss_and_grads(params, x, t, training=training)
    found = []
    for mutant in mutants(source, "_backward"):
        module = load(mutant.source, name)
        try:
            with np.errstate(all="ignore"):
                _, wrong = module.loss_and_grads(params, x, t, training=training)
        except Exception:  # most slips do not fit in shape; those find themselves out
            continue
        if any(np.shape(wrong[key]) != np.shape(gradient) for key, gradient in right.items()):
            continue
        if not distance(wrong, right) <= 1e-5:
            found.append((mutant.fault, module.check_gradients(params, x, t, training=training)))
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_every_planted_fault_is_found(name):
    faults = judged(name)
    assert len(faults) >= 10
    missed = [fault for fault, errors in faults if not max(errors.values()) > 1e-6]
    assert not missed


@pytest.mark.parametrize("name", NETWORKS)
def test_the_right_module_passes(name):
    source, sample = drawn(name)
    module = load(source, name)
    for training in (False, True):
        assert max(module.check_gradients(*sample, training=training).values()) <= 1e-6
