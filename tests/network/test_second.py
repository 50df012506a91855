"""Products of the Hessian with a vector: symmetric, and differences of the module's own gradients."""

from __future__ import annotations

import copy
import json
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.network.items import statements
from symbp.network.second import second
from symbp.network.twins import tangent_name
from symbp.proof.module import load
from tests.layers.proved import Table, dense, formula, network, sample
from tests.network.networks import BRANCHES, CE, DROPOUT, REPEATS, activation, repeat, residual

Arrays = dict[str, np.ndarray]
STEP = 1e-4  # of differences of order four
TOLERANCE = 1e-6
SEQUENCE = (4, 3)


def recurrent(kind: str, **more: Any) -> Table:
    return {"type": kind, "units": 3, **more}


CONVOLUTION = {"type": "conv1d", "filters": 2, "kernel": 3, "padding": 1, "activation": "tanh"}
NETWORKS: dict[str, Table] = {
    "repeat": REPEATS["plain"],
    "nested repeat": REPEATS["nested"],
    "repeat that reads its source": REPEATS["reads its source"],
    "repeat of what does not move": network(
        repeat(2, activation("tanh")), dense(3, "tanh"), repeat(2, activation("tanh"))
    ),
    "repeat that moves behind its first copy": network(
        repeat(3, activation("tanh"), dense(4, "tanh"))
    ),
    "shared layers": BRANCHES["share"],
    "weights shared inside a repeat": REPEATS["weights shared inside"],
    "two outputs": BRANCHES["two outputs and a penalty"],
    "a branch that the loss does not reach": BRANCHES["dead branch"],
    "batchnorm": network(dense(4), {"type": "batchnorm"}, activation("tanh"), dense(2)),
    "classes": network(dense(5, "tanh"), dense(3, "softmax"), loss=CE),
    "rnn": network(dense(3), recurrent("rnn"), shape=SEQUENCE),
    "lstm": network(recurrent("lstm", return_sequences=False), dense(2), shape=SEQUENCE),
    "gru, repeated": network(repeat(2, residual(recurrent("gru"))), shape=SEQUENCE),
    "learned start": network(
        dense(3),
        formula(
            "h[n,-1,j] = s[j]\nh[n,t,j] = tanh(x[n,t,j] + w[j]*h[n,t-1,j])",
            parameters={"s": ["j"], "w": ["j"]},
        ),
        shape=SEQUENCE,
    ),
    "two steps back": network(
        dense(3), formula("h[n,t,j] = tanh(x[n,t,j]*h[n,t-2,j] + x[n,t,j] + h[n,t-1,j])"), shape=SEQUENCE
    ),
    "convolution": network(CONVOLUTION, CONVOLUTION, shape=(2, 5)),
    "attention": network(dense(4), {"type": "attention", "heads": 2}, shape=SEQUENCE),
}  # fmt: skip


@cache
def _module(text: str) -> ModuleType:
    return load(symbp.generate(symbp.Network(**json.loads(text)), hvp=True))


def module_of(tables: Table) -> ModuleType:
    return _module(json.dumps(tables))


def way(params: Arrays, module: ModuleType, seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    return {
        k: np.asarray(rng.normal(size=v.shape))
        for k, v in params.items()
        if k not in module.BUFFERS
    }


def difference(module: ModuleType, params: Arrays, x: Any, t: Any, v: Arrays) -> Arrays:
    """(8 (g(h) - g(-h)) - (g(2h) - g(-2h)))/12h of the gradients g along v."""

    def grads(step: float) -> Arrays:
        moved = {k: p + step * STEP * v[k] if k in v else p for k, p in params.items()}
        return module.loss_and_grads(moved, x, t)[1]

    one, back, two, far = (grads(step) for step in (1, -1, 2, -2))
    return {k: (8 * (one[k] - back[k]) - (two[k] - far[k])) / (12 * STEP) for k in one}


@pytest.mark.parametrize("name", NETWORKS)
def test_products_are_differences_of_gradients_and_symmetric(name):
    module = module_of(NETWORKS[name])
    params, x, t = sample(module, NETWORKS[name])
    u, v = (way(params, module, seed) for seed in (1, 2))
    kept = copy.deepcopy((params, x, t, u))
    Hu = module.hessian_vector_product(params, x, t, u)
    Hv = module.hessian_vector_product(params, x, t, v)
    np.testing.assert_equal((params, x, t, u), kept)
    wanted = difference(module, params, x, t, u)
    assert Hu.keys() == wanted.keys()
    scale = max(np.abs(product).max() for product in wanted.values())
    assert scale > 0
    for key, product in wanted.items():
        assert Hu[key].shape == params[key].shape
        assert np.abs(Hu[key] - product).max() <= TOLERANCE * scale, key
    uHv = sum(np.vdot(u[k], Hv[k]) for k in u)
    vHu = sum(np.vdot(v[k], Hu[k]) for k in v)
    size = sum(np.abs(u[k] * Hv[k]).sum() for k in u)
    assert abs(uHv - vHu) <= 1e-11 * size


def test_products_are_linear_in_the_vector():
    module = module_of(NETWORKS["rnn"])
    params, x, t = sample(module, NETWORKS["rnn"])
    u, v = (way(params, module, seed) for seed in (1, 2))
    both = module.hessian_vector_product(params, x, t, {k: 2 * u[k] - v[k] for k in u})
    Hu, Hv = (module.hessian_vector_product(params, x, t, w) for w in (u, v))
    for key, product in both.items():
        np.testing.assert_allclose(product, 2 * Hu[key] - Hv[key], rtol=0, atol=1e-11)


def test_parameters_that_the_loss_does_not_reach_have_zero_products():
    tables = BRANCHES["dead branch"]
    module = module_of(tables)
    params, x, t = sample(module, tables)
    _, grads = module.loss_and_grads(params, x, t)
    dead = [key for key, gradient in grads.items() if not gradient.any()]
    product = module.hessian_vector_product(params, x, t, way(params, module, 0))
    assert dead
    for key in dead:
        assert product[key].shape == params[key].shape
        assert not product[key].any()
    found = second(symbp.Network(**tables).program)
    assert set(found.directions) == set(grads)
    assert not set(dead) & set(found.products)


def test_a_network_without_curvature_has_zero_products():
    """A linear layer under a linear loss."""
    tables = network(dense(2), loss={"type": "formula", "formula": "y*t"})
    module = module_of(tables)
    params, x, t = sample(module, tables)
    product = module.hessian_vector_product(params, x, t, way(params, module, 0))
    assert {k: v.shape for k, v in product.items()} == {"W1": (4, 2), "b1": (2,)}
    assert not any(v.any() for v in product.values())


def test_products_are_those_out_of_training():
    tables = network(dense(4, "tanh"), DROPOUT, dense(2))
    module = module_of(tables)
    params, x, t = sample(module, tables)
    v = way(params, module, 0)
    found = module.hessian_vector_product(params, x, t, v)
    wanted = difference(module, params, x, t, v)
    for key, product in wanted.items():
        np.testing.assert_allclose(found[key], product, rtol=0, atol=1e-6)


def test_every_tangent_stands_once_and_beside_its_value():
    doubled = second(symbp.Network(**NETWORKS["lstm"]).program).program
    forward = [s.id for s in statements(doubled.forward)]
    ids = [*forward, *(s.id for part in (doubled.loss, doubled.backward) for s in statements(part))]
    assert len(ids) == len(set(ids))
    beside = [k for k, i in enumerate(forward) if i.endswith(".tangent")]
    assert beside
    assert all(forward[k - 1] == forward[k].removesuffix(".tangent") for k in beside)


def test_gradients_themselves_are_not_computed():
    doubled = second(symbp.Network(**NETWORKS["lstm"]).program).program
    ids = {s.id for s in statements(doubled.backward)}
    assert "backward.dW2.tangent" in ids
    assert "backward.dW2" not in ids


def test_layers_of_one_formula_share_their_tangents():
    """The first layer, whose input does not move, has another one."""
    doubled = second(symbp.Network(**network(*[dense(4, "tanh")] * 4)).program).program
    products = [
        s for s in statements(doubled.forward) if "ℛW" in s.pieces[0].names and s.id[-1] == "t"
    ]
    dense_alone = [s for s in products if s.id.startswith("forward.z")]
    assert len(dense_alone) == 4
    assert len({id(s.pieces[0].finished) for s in dense_alone}) == 2


def test_adjoint_marks_stay_in_front_of_a_tangent():
    assert tangent_name("z") == "ℛz"
    assert tangent_name("∂z") == "∂ℛz"
