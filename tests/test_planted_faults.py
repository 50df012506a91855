"""A wrong backward pass is always found out: faults planted in generated modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.proof.module import load
from symbp.proof.verify import verify_source
from tests.peer.mutants import Mutant, mutants
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


@dataclass(frozen=True)
class Case:
    """A network, the source of its module, and data for it."""

    network: symbp.Network
    source: str
    sample: Sample


def case(name: str) -> Case:
    shape, loss, layers = NETWORKS[name]
    tables = {"name": name, "input": {"shape": shape}, "layer": layers, "loss": loss}
    sample = good_sample(tables, seed=1)
    assert sample is not None
    network = symbp.Network(**tables)
    return Case(network, symbp.generate(network), sample)


def faults(case: Case) -> list[Mutant]:
    """The faults with which the module still runs, and that change a gradient."""
    params, x, t = case.sample
    _, right = load(case.source).loss_and_grads(params, x, t, training=True)
    found = []
    for mutant in mutants(case.source, "_backward"):
        module = load(mutant.source)
        try:
            with np.errstate(all="ignore"):
                _, wrong = module.loss_and_grads(params, x, t, training=True)
        except Exception:  # most slips do not fit in shape; those find themselves out
            continue
        same_shapes = all(np.shape(wrong[key]) == np.shape(g) for key, g in right.items())
        if same_shapes and not distance(wrong, right) <= 1e-5:
            found.append(mutant)
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_every_planted_fault_is_found(name):
    made = case(name)
    planted = faults(made)
    assert len(planted) >= 20
    for mutant in planted:
        errors = load(mutant.source).check_gradients(*made.sample, training=True)
        assert max(errors.values()) > 1e-6, mutant.fault
        assert not verify_source(mutant.source, made.network.program).ok, mutant.fault


@pytest.mark.parametrize("name", NETWORKS)
def test_the_right_module_passes(name):
    made = case(name)
    for training in (False, True):
        errors = load(made.source).check_gradients(*made.sample, training=training)
        assert max(errors.values()) <= 1e-6
    assert verify_source(made.source, made.network.program).ok
