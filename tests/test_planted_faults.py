"""A wrong backward pass is always found out: faults planted in generated modules."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.proof import module as proof_module
from symbp.proof.module import load
from symbp.proof.verify import verify_source
from symbp.writers.package import Package, package
from tests.peer.mutants import Mutant, mutants
from tests.peer.random_data import Sample
from tests.peer.random_real_data import good_real_sample

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
    "convolution": (
        [2, 6, 6],
        REGRESSION,
        [
            {"type": "conv2d", "filters": 2, "kernel": 3, "padding": 1, "activation": "tanh"},
            {"type": "maxpool2d", "kernel": 2},
            {"type": "conv2d", "filters": 2, "kernel": 2},
            {"type": "avgpool2d", "kernel": 2},
        ],
    ),
    "lstm": ([3, 2], REGRESSION, [{"type": "lstm", "units": 2}]),
    "gru": ([3, 2], REGRESSION, [{"type": "gru", "units": 2}]),
    "attention": ([3, 4], REGRESSION, [{"type": "attention", "heads": 2, "causal": True}]),
    "embedding": (
        [5],
        REGRESSION,
        [{"type": "embedding", "vocabulary": 4, "dim": 3}, {"type": "rnn", "units": 3}],
    ),
}


def slow(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.slow)


names = [*list(NETWORKS)[:2], *map(slow, list(NETWORKS)[2:])]


def distance(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> float:
    """As the contract measures an error, but between two sets of gradients."""
    floor = 1e-4 * max(np.abs(gradient).max() for gradient in wanted.values())
    worst = 0.0
    for key, gradient in wanted.items():
        scale = np.maximum(np.maximum(np.abs(found[key]), np.abs(gradient)), floor)
        worst = max(worst, float((np.abs(found[key] - gradient) / scale).max()))
    return worst


@dataclass(frozen=True, eq=False)
class Case:
    """A network, the source of its module, and data for it."""

    network: symbp.Network
    made: Package
    sample: Sample

    @property
    def source(self) -> str:
        return self.made.module.source

    def verified(self, source: str) -> bool:
        """Whether ``verify`` finds nothing wrong with a module of this network."""
        return verify_source(source, self.network.program, made=self.made).ok


@cache
def case(name: str) -> Case:
    shape, loss, layers = NETWORKS[name]
    tables = {"name": name, "input": {"shape": shape}, "layer": layers, "loss": loss}
    sample = good_real_sample(tables, seed=1)
    assert sample is not None
    network = symbp.Network(**tables)
    return Case(network, package(network.program), sample)


def slips_in_loops(source: str) -> Iterator[Mutant]:
    """Of the loops of the backward pass: a statement forgotten, such as what a step hands to the one
    before it; or the steps in the wrong order."""
    count = len(loops(ast.parse(source)))
    for k in range(count):
        module = ast.parse(source)
        for place in range(len(loops(module)[k].body)):
            module = ast.parse(source)
            body = loops(module)[k].body
            forgotten = ast.unparse(body[place])
            body[place] = ast.copy_location(ast.Pass(), body[place])
            yield Mutant(f"forget: {forgotten}", ast.unparse(module))
        module = ast.parse(source)
        loop = loops(module)[k]
        loop.iter = ast.Call(
            ast.Name("reversed", ast.Load()), [ast.Call(ast.Name("list"), [loop.iter], [])], []
        )
        turned = ast.unparse(ast.fix_missing_locations(module))
        yield Mutant(f"turn around: for {ast.unparse(loop.target)}", turned)


def loops(module: ast.Module) -> list[ast.For]:
    (backward,) = (
        d for d in module.body if isinstance(d, ast.FunctionDef) and d.name == "_backward"
    )
    return [node for node in ast.walk(backward) if isinstance(node, ast.For)]


@cache
def faults(case: Case) -> list[Mutant]:
    """The faults with which the module still runs, and that change a gradient."""
    params, x, t = case.sample
    _, right = load(case.source).loss_and_grads(params, x, t, training=True)
    found = []
    for mutant in (*mutants(case.source, "_backward"), *slips_in_loops(case.source)):
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


@contextmanager
def one_forward_pass() -> Iterator[Callable[[str], ModuleType]]:
    """Modules that differ in ``_backward`` alone have one ``loss``: each value of it is computed once,
    whichever of them asks. Gives the way to load such a module; ``verify`` loads them so, too."""
    known: dict[tuple, float] = {}

    def shared(source: str, name: str = "generated") -> ModuleType:
        module = load(source, name)
        loss = module.loss

        def once(
            params: dict[str, np.ndarray], x: np.ndarray, t: np.ndarray, **options: Any
        ) -> float:  # no network here draws anything: ``rng`` is not asked
            place = (*params, *(array.tobytes() for array in (*params.values(), x, t)))
            key = (options.get("training", False), *place)
            if key not in known:
                known[key] = loss(params, x, t, **options)
            return known[key]

        vars(module)["loss"] = once
        return module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof_module, "load", shared)
        yield shared


@pytest.mark.parametrize("name", names)
def test_every_planted_fault_is_found(name):
    made = case(name)
    planted = faults(made)
    assert len(planted) >= 20
    with one_forward_pass() as loaded:
        for mutant in planted:
            errors = loaded(mutant.source).check_gradients(*made.sample, training=True)
            assert max(errors.values()) > 1e-6, mutant.fault
            assert not made.verified(mutant.source), mutant.fault


@pytest.mark.parametrize("name", ["embedding", *map(slow, ("lstm", "gru"))])
def test_what_is_not_handed_back_in_time_is_a_fault_that_is_planted(name):
    planted = [mutant.fault for mutant in faults(case(name))]
    assert [fault for fault in planted if fault.startswith("forget: d") and "_next" in fault]
    assert [fault for fault in planted if fault.startswith("turn around: for step")]


@pytest.mark.parametrize("name", names)
def test_the_right_module_passes(name):
    made = case(name)
    for training in (False, True):
        errors = load(made.source).check_gradients(*made.sample, training=training)
        assert max(errors.values()) <= 1e-6
    assert made.verified(made.source)
