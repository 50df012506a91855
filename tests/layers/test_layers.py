"""Every layer by itself: the shapes that it takes, its parameters, and its gradients."""

from __future__ import annotations

import pytest

import symbp
from symbp.layers.activations import ACTIVATIONS
from tests import peers
from tests.layers.proved import (
    agrees_with_the_peer,
    dense,
    gradients_hold,
    lines,
    module_of,
    network,
    nothing_is_changed,
)

LAYERS = {
    "dense": ({"type": "dense", "units": 3}, [(4,), (2, 4), (2, 3, 4)]),
    "dense without bias": ({"type": "dense", "units": 3, "bias": False}, [(4,), (2, 4)]),
    "softmax": ({"type": "softmax"}, [(4,), (2, 4), (2, 3, 4)]),
    "flatten": ({"type": "flatten"}, [(4,), (2, 4), (2, 3, 4)]),
    "reshape": ({"type": "reshape", "shape": [4, 2, 3]}, [(24,), (6, 4), (2, 3, 4)]),
    "reshape to a row": ({"type": "reshape", "shape": [24]}, [(24,), (6, 4), (2, 3, 4)]),
    "batchnorm": ({"type": "batchnorm"}, [(4,), (2, 3, 4)]),
    "layernorm": ({"type": "layernorm"}, [(4,), (2, 4), (2, 3, 4)]),
    "rmsnorm": ({"type": "rmsnorm"}, [(4,), (2, 4), (2, 3, 4)]),
    "dropout": ({"type": "dropout", "rate": 0.4}, [(4,), (2, 4)]),
    "no dropout": ({"type": "dropout", "rate": 0.0}, [(4,)]),
}
CASES = [(name, shape) for name, (_, shapes) in LAYERS.items() for shape in shapes]


def tables_of(name, shape):
    """The layer between two others, so that its gradient by x matters."""
    return network(dense(shape[-1]), LAYERS[name][0], dense(2), shape=shape)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_gradients_hold_for_every_shape(name, shape):
    gradients_hold(tables_of(name, shape))
    nothing_is_changed(tables_of(name, shape))


@pytest.mark.parametrize(("name", "shape"), [c for c in CASES if c[0] != "dropout"])
def test_a_layer_agrees_with_pytorch(name, shape):
    peers.torch()
    agrees_with_the_peer(tables_of(name, shape))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_holds(name):
    tables = network(dense(5), {"type": "activation", "function": name}, dense(2))
    gradients_hold(tables)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_agrees_with_pytorch(name):
    peers.torch()
    agrees_with_the_peer(network(dense(5), {"type": "activation", "function": name}, dense(2)))


LOSSES = {
    "mse": None,
    "mae": None,
    "huber": None,
    "hinge": None,
    "binary_cross_entropy": "sigmoid",
    "cross_entropy": "softmax",
}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_agrees_with_pytorch(name, reduction):
    peers.torch()
    for last in dict.fromkeys([LOSSES[name], "sigmoid"]):
        loss = {"type": name, "reduction": reduction}
        tables = network(dense(5, "tanh"), dense(3, last), loss=loss)
        gradients_hold(tables)
        agrees_with_the_peer(tables)


def test_parameters_are_counted_by_the_layers_that_have_some():
    module = module_of(
        network(
            dense(4, "tanh"),
            {"type": "layernorm"},
            {"type": "flatten"},
            {"type": "batchnorm"},
            dense(2),
        )
    )
    assert {k: v.shape for k, v in module.init_params().items()} == {
        "W1": (4, 4), "b1": (4,), "gamma2": (4,), "beta2": (4,), "gamma3": (4,), "beta3": (4,),
        "running_mean3": (4,), "running_var3": (4,), "W4": (4, 2), "b4": (2,),
    }  # fmt: skip
    assert set(module.BUFFERS) == {"running_mean3", "running_var3"}


def test_a_scalar_beside_a_matrix_is_a_scalar():
    text = "y[n,j] = exp(-g*sum((x[n,i] - c[j,i])**2, i))"
    table = {"type": "formula", "formula": text, "parameters": {"c": [4, "i"], "g": 0.5}}
    start = module_of(network(table)).init_params()
    assert start["g1"].shape == ()
    assert start["g1"] == 0.5


def test_the_article_reads_like_the_book():
    code = symbp.load("article").generate()
    for line in (
        "h = sigmoid(z1)",
        "y = sigmoid(z2)",
        "dy = y - t",
        "dz2 = dy * y * (1 - y)",
        "dW2 = h.T @ dz2",
        "db2 = dz2.sum(axis=0)",
        "dh = dz2 @ W2.T",
        "dz1 = dh * h * (1 - h)",
        "dW1 = x.T @ dz1",
    ):
        assert f"    {line}  #" in code


def test_a_norm_is_one_line():
    body = lines(network(dense(4), {"type": "layernorm"}, dense(2)))
    (line,) = [line for line in body if line.startswith("dz1 =")]
    assert line == "dz1 = ("  # too long for one line, but one expression
