"""The corpus's own Python answers, run without the judge: what they are compared with is the module.

They are part of these tests, so they may run here; an answer of a user never does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

import symbp
from symbp.proof import module
from symbp.writers.module import write
from tests.judge.corpus import table

Array = np.ndarray
SAMPLES = 3
TOLERANCE = 1e-9


@cache
def network(name: str) -> symbp.Network:
    return symbp.load(table.network(name))


@cache
def generated(name: str) -> ModuleType:
    return module.load(write(network(name).program).source, name)


@cache
def data(name: str) -> tuple[dict[str, Array], Array, Any, dict[str, Array]]:
    """Parameters that are nowhere zero, inputs, targets (classes as rows of zeros and a one), and
    the gradients of the generated module there."""
    rng = np.random.default_rng(5)
    live = generated(name)
    params = {k: v + 0.5 * rng.standard_normal(v.shape) for k, v in live.init_params(5).items()}
    spec, tensors = network(name).spec, network(name).program.tensors
    shape = (SAMPLES, *spec.input_shape)
    tokens = "E1" in params
    x = rng.integers(len(params["E1"]), size=shape) if tokens else rng.standard_normal(shape)
    t = {}
    for target in network(name).program.targets:
        size = (SAMPLES, *tensors[target].shape[1:])
        row = np.eye(size[-1])[rng.integers(size[-1], size=size[:-1])]
        t[target] = row if size[-1] > 1 else 1.0 * rng.integers(2, size=size)
    only = t if len(t) > 1 else next(iter(t.values()))
    return params, x, only, live.loss_and_grads(params, x, only)[1]


def function(text: str) -> Callable[..., Mapping[str, Array]] | None:
    """``gradients`` of an answer of the corpus; None where it defines a class instead."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "answer", "exec"), namespace)
    return namespace.get("gradients")


def wrong(name: str, text: str) -> frozenset[str]:
    """Parameters whose gradient in an answer with ``gradients`` is missing or not the module's."""
    params, x, t, grads = data(name)
    answer = function(text)
    assert answer is not None
    with np.errstate(all="ignore"):
        found = answer({k: v.copy() for k, v in params.items()}, x, t)
    found = {k if k in grads else k.upper(): np.asarray(v) for k, v in found.items()}
    largest = max(np.abs(g).max() for g in grads.values())
    return frozenset(k for k, g in grads.items() if not _agree(found.get(k), g, largest))


def _agree(value: Array | None, gradient: Array, largest: float) -> bool:
    if value is None:
        return False
    row = value.shape == (1, *gradient.shape) or value.size == gradient.size == 1
    if not row and value.shape != gradient.shape:
        return False
    return bool(np.abs(value.reshape(gradient.shape) - gradient).max() <= TOLERANCE * largest)
