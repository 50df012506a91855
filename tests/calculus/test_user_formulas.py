"""What users write by hand is derived like a built-in layer, and proved by three witnesses."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

import symbp
from symbp.arrays.nodes import Node, Ref, children
from symbp.calculus import derive
from symbp.network import template
from tests import peers
from tests.calculus.user_formulas import BATCHNORM, CASES, LAYERNORM, RMSNORM, SOFTMAX, SOFTMAX_CALL
from tests.layers.proved import (
    agrees_with_the_peer,
    dense,
    formula,
    functions,
    gradients_hold,
    module_of,
    network,
    nothing_is_changed,
    sample,
)

cases = pytest.mark.parametrize("name", CASES)


def tables_of(name):
    """The formula behind a dense layer, so that its gradient by x matters."""
    text, shape, beside = CASES[name]
    return network(dense(shape[-1]), formula(text, **beside), shape=shape)


@cases
def test_gradients_are_central_differences_and_change_nothing(name):
    gradients_hold(tables_of(name))
    nothing_is_changed(tables_of(name))


@cases
def test_outputs_and_gradients_are_those_of_pytorch(name):
    peers.torch()
    agrees_with_the_peer(tables_of(name))


@cases
@pytest.mark.slow
def test_a_derivation_takes_less_than_half_a_second(name, monkeypatch):
    taken = []

    def timed(*arguments):
        start = time.process_time()
        result = derive.derive(*arguments)
        taken.append(time.process_time() - start)
        return result

    monkeypatch.setattr(template, "DERIVED", {})
    monkeypatch.setattr(template, "derive", timed)
    _ = symbp.Network(**tables_of(name)).program
    assert max(taken) < 0.5


def test_stop_gradient_is_a_constant_for_gradients_alone():
    peers.torch()
    text = "y[n,d] = x[n,d]*stop_gradient(x[n,d]) + stop_gradient(sum(x[n,k]**2, k))*x[n,d]"
    tables = network(dense(5), formula(text), shape=(5,))
    agrees_with_the_peer(tables)
    nothing_is_changed(tables)


# -- the same gradients as the built-in layers -------------------------------------------------


def adjoints(layer, loss=None, names=None):
    """The gradient equations of one layer, with tensors renamed by ``names``."""
    tables = {
        "name": "one",
        "input": {"shape": [4]},
        "layer": [layer],
        "loss": loss or {"type": "mse"},
    }
    net = symbp.Network(**tables)
    if loss is not None:
        derivation = net.program.heads[0].text.derivation
    else:
        (only,) = net.program.graph.library.templates.values()
        derivation = only.training.derivation
    text = {
        a.name: " and ".join(f"{e.target} = {e.rhs}" for e in a.equations)
        for a in derivation.adjoints
    }
    for old, new in (names or {}).items():
        text = {
            re.sub(rf"\b{old}\b", new, k): re.sub(rf"\b{old}\b", new, v) for k, v in text.items()
        }
    return text


def renamed_letters(text: dict[str, str]) -> dict[str, str]:
    """The same with index letters numbered by their first place in each equation."""

    def numbered(equation: str) -> str:
        order: dict[str, str] = {}
        return re.sub(
            r"(?<=[\[ (])[a-z](_\d)?(?=[,\])])",
            lambda m: order.setdefault(m[0], str(len(order))),
            equation,
        )

    return {name: numbered(equation) for name, equation in text.items()}


AFFINE = {"parameters": {"g": ["d"], "b": ["d"]}}
BUILT_IN = {
    "layernorm": (LAYERNORM, AFFINE, {"g": "gamma", "b": "beta"}),
    "rmsnorm": (RMSNORM, {"parameters": {"g": ["d"]}}, {"g": "gamma"}),
    "batchnorm": (BATCHNORM, AFFINE, {"g": "gamma", "b": "beta", "d": "c"}),
    "softmax": (SOFTMAX_CALL, {}, {"p": "y"}),
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_copy_of_a_built_in_layer_has_its_gradient_equations(name):
    text, beside, names = BUILT_IN[name]
    mine = renamed_letters(adjoints(formula(text, **beside), names=names))
    assert mine == renamed_letters(adjoints({"type": name}))


@pytest.mark.parametrize("text", [SOFTMAX, SOFTMAX_CALL])
@pytest.mark.parametrize("loss", ["built in", "by formula"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_softmax_and_cross_entropy_meet_in_a_difference(text, loss, reduction):
    by_formula = {"formula": "L[n] = -sum(t[n,k]*log(y[n,k]), k)"}
    table = {"type": "cross_entropy"} if loss == "built in" else by_formula
    found = adjoints(formula(text), {**table, "reduction": reduction})["x"]
    count = "/size(n)" if reduction == "mean" else ""
    if loss == "built in":
        inside = "(-t[n, k] + y[n, k])" if count else "-t[n, k] + y[n, k]"
    else:  # nothing says that the targets sum to one
        inside = "y[n, k]*sum(t[n, k], k)"
        assert "exp" not in found and "log" not in found
        assert inside in found
        return
    assert found == f"∂x[n, k] = {inside}{count}"


# -- cost ----------------------------------------------------------------------------------------


def widest(node: Node) -> int:
    return max([len(node.axes), *(widest(child) for child in children(node))])


def reads(node: Node) -> list[int]:
    own = [len(node.axes)] if isinstance(node, Ref) else []
    return [*own, *(size for child in children(node) for size in reads(child))]


LEAN = [
    "layernorm", "rmsnorm", "batchnorm", "l2 norm", "softmax", "mlp", "low rank", "gated", "highway",
    "attention", "causal attention", "attention in heads", "maxout", "up to here", "waves", "gram",
    "weight norm", "cosine", "squeeze and excite", "mean over the batch", "nearby",
]  # fmt: skip


@pytest.mark.parametrize("name", LEAN)
def test_no_array_has_more_axes_than_what_is_read_or_made(name):
    net = symbp.Network(**tables_of(name))
    for node in net.program.graph.nodes:
        text = node.template.training
        for finished in [*text.forward, *(f for _, several in text.backward for f in several)]:
            lowered = finished.lowered
            for tree in [lowered.tree, *(a.tree for a in lowered.added)]:
                if tree is not None:
                    allowed = max([len(lowered.target.axes), *reads(tree)])
                    assert widest(tree) <= allowed, finished.code


def test_memory_grows_with_the_batch_and_not_with_its_square():
    code = functions(tables_of("layernorm")) + functions(tables_of("bilinear"))
    assert "x[:, None]" not in code
    assert "np.diag" not in code


def test_an_overflowing_branch_that_is_not_taken_leaves_the_gradient_finite():
    tables = network(formula("where(x > 0, x, exp(-x) - 1)"), dense(2), shape=(3,))
    module = module_of(tables)
    params, x, t = sample(module, tables)
    tables = network(dense(3), formula("where(x < 0, x**2, exp(-x))"), shape=(3,))
    module = module_of(tables)
    params, x, t = sample(module, tables)
    with np.errstate(over="ignore"):
        _, grads = module.loss_and_grads(params, 1e4 * x, t)
    assert all(np.isfinite(g).all() for g in grads.values())
