"""Generated modules of random networks, against PyTorch: outputs, loss, every gradient."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.proof.module import load
from tests.peer.random_data import Sample, error, good_sample
from tests.peer.random_networks import random_network
from tests.peer.torch_network import buffer_names, evaluate, parameter_shapes, running_buffers

Table = dict[str, Any]

NETWORKS = 10  # of a shard
QUICK = 1  # shards that run every time


def shards(count: int, quick: int = QUICK) -> pytest.MarkDecorator:
    """All tests of a shard run one after the other, on networks that are built once."""
    slow = [pytest.param(k, marks=pytest.mark.slow) for k in range(quick, count)]
    return pytest.mark.parametrize("shard", [*range(quick), *slow], scope="module")


def module_of(tables: Table, **options: Any) -> ModuleType:
    return load(symbp.generate(symbp.Network(**tables), **options), tables["name"])


@dataclass(frozen=True, eq=False)
class Case:
    tables: Table
    sample: Sample

    @cached_property
    def network(self) -> symbp.Network:
        return symbp.Network(**self.tables)

    @cached_property
    def module(self) -> ModuleType:
        return load(self.network.generate(), self.tables["name"])


@lru_cache(maxsize=2 * NETWORKS)
def case(seed: int) -> Case | None:
    """A network and data at which its gradients can be compared; None for one in a hundred."""
    tables = random_network(seed)
    sample = good_sample(tables, seed)
    return None if sample is None else Case(tables, sample)


def for_each(shard: int, check: Callable[[Case], None]) -> None:
    """Runs ``check`` on the networks of a shard; each failure shows the network that it was."""
    problems = []
    for seed in range(shard * NETWORKS, (shard + 1) * NETWORKS):
        known = case(seed)
        if known is None:
            continue
        try:
            check(known)
        except Exception as problem:
            problem.add_note(f"network {seed}: {json.dumps(known.tables)}")
            problems.append(problem)
    if problems:
        raise ExceptionGroup(f"{len(problems)} of {NETWORKS} networks", problems)


def single(data: Any) -> Any:
    """Arrays, or a dict of them, in float32; integers stay."""
    if isinstance(data, dict):
        return {key: single(value) for key, value in data.items()}
    return data.astype(np.float32) if data.dtype == np.float64 else data


class Recorder:
    """A generator that keeps what it drew, so that the peer can drop the same entries."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(0)
        self.drawn: list[np.ndarray] = []

    def random(self, shape: tuple[int, ...]) -> np.ndarray:
        self.drawn.append(self.generator.random(shape))
        return self.drawn[-1]


def rates(layers: Sequence[Table]) -> Iterator[float]:
    """The rate of each dropout in the order they run."""
    for table in layers:
        if table["type"] == "dropout":
            yield table["rate"]
        for _ in range(table.get("times", 1)):
            yield from rates(table.get("layers", []))


def compare(module: ModuleType, tables: Table, sample: Sample, training: bool) -> None:
    """Outputs, loss and gradients within 1e-10 of the largest gradient; arguments untouched."""
    params, x, t = sample
    kept = copy.deepcopy(sample)
    recorder = Recorder()
    total, grads = module.loss_and_grads(params, x, t, training=training, rng=recorder)
    chances = rates(tables["layer"]) if training else ()
    masks = [u >= rate for u, rate in zip(recorder.drawn, chances, strict=True)]
    expected = evaluate(tables, params, x, t, training=training, masks=masks)

    assert total == pytest.approx(expected.loss, rel=1e-10, abs=1e-10)
    assert module.loss(params, x, t, training=training, rng=Recorder()) == total
    outputs = module.forward(params, x, training=training, rng=Recorder())
    if isinstance(expected.outputs, dict):
        assert set(outputs) == set(expected.outputs)
        for name, output in expected.outputs.items():
            np.testing.assert_allclose(outputs[name], output, rtol=1e-10, atol=1e-10)
    else:
        np.testing.assert_allclose(outputs, expected.outputs, rtol=1e-10, atol=1e-10)

    shapes = {key: np.shape(gradient) for key, gradient in expected.grads.items()}
    assert {key: np.shape(gradient) for key, gradient in grads.items()} == shapes
    assert error(grads, expected.grads) <= 1e-10
    assert max(np.abs(gradient).max() for gradient in grads.values()) > 0
    np.testing.assert_equal(sample, kept)


@shards(30)
def test_gradients_agree_with_pytorch(shard):
    def check(case: Case) -> None:
        compare(case.module, case.tables, case.sample, training=False)
        compare(case.module, case.tables, case.sample, training=True)

    for_each(shard, check)


@shards(10)
def test_parameters_have_the_names_and_shapes_of_the_contract(shard):
    def check(case: Case) -> None:
        params = case.module.init_params(seed=0)
        assert {k: np.shape(v) for k, v in params.items()} == parameter_shapes(case.tables)
        assert set(case.module.BUFFERS) == buffer_names(case.tables)

    for_each(shard, check)


@shards(20)
def test_training_updates_the_buffers_as_pytorch_does(shard):
    def check(case: Case) -> None:
        params, x, t = case.sample
        if any(rates(case.tables["layer"])) or not buffer_names(case.tables):
            return
        trained, _ = case.module.train(x, t, params=params, epochs=1, learning_rate=0.0)
        for key, buffer in running_buffers(case.tables, params, x).items():
            np.testing.assert_allclose(trained[key], buffer, rtol=1e-10, atol=1e-12)

    for_each(shard, check)


@shards(10)
def test_gradients_in_float32_agree_with_pytorch(shard):
    def check(case: Case) -> None:
        params, x, t = case.sample
        module = load(case.network.generate(dtype="float32"), case.tables["name"])
        _, grads = module.loss_and_grads(single(params), single(x), single(t))
        assert {gradient.dtype for gradient in grads.values()} == {np.dtype(np.float32)}
        assert error(grads, evaluate(case.tables, params, x, t).grads) <= 2e-3

    for_each(shard, check)


@shards(30, quick=0)  # there, the smooth networks of tests/proof stand for these
def test_finite_differences_and_the_complex_step_agree(shard):
    def check(case: Case) -> None:
        report = case.network.verify()
        assert report.ok, str(report)

    for_each(shard, check)
