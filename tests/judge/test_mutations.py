"""Blocks give the gradients of the generated module; mistakes come from the derivation alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import symbp
from symbp.calculus.equation import ADJOINT
from symbp.judge import kinds
from symbp.judge.diagnose_bench import Bench
from symbp.judge.mutations import raw_system
from symbp.judge.points import points
from symbp.layers.activations import ACTIVATIONS
from symbp.proof import module
from symbp.writers.module import write

NETWORKS = (
    "article", "iris_residual", "parity_lstm", "bilinear", "detector", "deep_repeat", "copy_gru",
    "shakespeare_transformer",
)  # fmt: skip


@cache
def bench(name: str) -> Bench:
    network = symbp.load(name)
    return Bench(network.program, points(network, None, count=1))


@pytest.mark.parametrize("name", NETWORKS)
def test_blocks_give_the_gradients_of_the_generated_module(name: str) -> None:
    made = bench(name)
    (point,) = made.points
    live = module.load(write(made.program).source)
    _, grads = live.loss_and_grads(point.params, point.x, point.t)
    for tensor in made.program.graph.parameters:
        found = made.right(tensor.name, 0)
        assert np.allclose(found, grads[tensor.key], rtol=1e-10, atol=1e-12 * made.largest[0])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_raw_chain_rule_gives_the_same_gradients(name: str) -> None:
    made = bench(name)
    for part in made.chain.parts:
        system = raw_system(part)
        same = system.replaced({k: (w,) for k, w in enumerate(system.written)})
        found = made.chain.gradients(made.states[0], {part.id: same})
        for tensor, value in found.items():
            wanted = made.right(tensor, 0)
            assert np.allclose(value, wanted, rtol=1e-9, atol=1e-12 * made.largest[0]), part.id


def of(name: str, where: str) -> dict[str, set[str]]:
    """The right sides of all mistakes at an equation, by kind."""
    made = bench(name)
    found: dict[str, set[str]] = {}
    for part in made.chain.parts:
        for mutation in made.mutations.of(part):
            if mutation.where == where and mutation.edit is not None:
                found.setdefault(mutation.kind, set()).add(str(mutation.edit.rhs))
    return found


def test_an_activation_is_left_out_doubled_turned_and_taken_at_another_place() -> None:
    found = of("article", "backward.dz2")
    assert "∂y[n, j]" in found["missing_factor"]
    assert "(1 - y[n, j])*y[n, j]**2*∂y[n, j]" in found["extra_factor"]
    assert "-(1 - y[n, j])*y[n, j]*∂y[n, j]" in found["sign"]
    assert "(1 - x[n, j])*x[n, j]*∂y[n, j]" in found["replaced_factor"]
    assert any("Prime(sigmoid, y[n, j])" in rhs for rhs in found["replaced_factor"])


def test_a_softmax_may_be_taken_entry_by_entry() -> None:
    found = of("iris_residual", "backward.dz4")
    diagonal = "(-y[n, k]*∂y[n, k] + ∂y[n, k])*y[n, k]"
    assert diagonal in found["softmax_elementwise"]


@pytest.mark.slow
def test_a_recurrence_may_be_truncated() -> None:
    assert "∂y[n, t, j]" in of("parity_lstm", "backward.dh1")["truncated"]


def test_what_flows_around_a_residual_may_be_left_out() -> None:
    assert "missing_path" in of("iris_residual", "backward.da1")


@pytest.mark.slow
def test_a_kernel_may_be_turned_around_and_windows_may_overwrite_each_other() -> None:
    found = of("detector", "backward.dx_pad2")
    assert any("size(" in rhs for rhs in found["transpose"])
    assert found["missing_sum"]


@pytest.mark.slow
def test_a_penalty_may_be_forgotten() -> None:
    assert "0" in of("bilinear", "backward.dW1")["regularization"]


def test_other_losses_are_derived_anew() -> None:
    made = bench("article")
    loss = next(p for p in made.chain.parts if p.kind == "loss")
    found = {m.loss.type for m in made.mutations.losses(loss) if m.loss is not None}
    assert {"binary_cross_entropy", "mae", "hinge", "mse"} <= found


@pytest.mark.slow
def test_every_kind_is_in_the_vocabulary_and_every_place_in_the_map() -> None:
    for name in NETWORKS[:5]:
        made = bench(name)
        for part in made.chain.parts:
            for mutation in made.mutations.of(part):
                assert mutation.kind in kinds.KINDS
                assert mutation.where in made.mutations.where.places.values()


def test_no_layer_or_activation_is_named_where_mistakes_are_made() -> None:
    folder = Path(symbp.__file__).parent / "judge"
    files = [
        *folder.glob("mutations*.py"),
        *folder.glob("evaluate*.py"),
        *folder.glob("diagnose*.py"),
    ]
    for file in files:
        text = file.read_text(encoding="utf-8").replace("softmax_elementwise", "")
        words = set(text.replace('"', " ").replace("(", " ").split())
        assert not words & (ACTIVATIONS.keys() - {"identity", "sin"}), file.name


def test_a_mistake_reaches_what_is_computed_from_it() -> None:
    made = bench("article")
    for part in made.chain.parts:
        for mutation in made.mutations.of(part):
            if mutation.where == "backward.dz1" and mutation.equation is not None:
                assert made.touched(mutation) == {"W1", "b1"}
            if mutation.where == "backward.dW2":
                assert made.touched(mutation) == {"W2"}
    assert ADJOINT + "W2" in made.mutations.where.places
