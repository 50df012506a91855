"""The short gradients of the textbooks come out of the derivation by themselves."""

from __future__ import annotations

import pytest
import sympy as sp

import symbp
from symbp.calculus.expression import Compare, Entry, Iverson, MeanOver, Size, SumOver, letter

C, D, J, K, N, S = map(letter, "cdjkns")


def size(name):
    return Size(letter(name))


def layer_gradient(layer, name="x", shape=(4,)):
    """The adjoint equation of a tensor of one layer."""
    network = symbp.Network(
        name="one", input={"shape": list(shape)}, layer=[layer], loss={"type": "mse"}
    )
    (template,) = network.program.graph.library.templates.values()
    return template.training.derivation.adjoint(name).equations[0].rhs


def head_gradient(layer, loss, shape=(4,)):
    """The adjoint of the pre-activation of a last layer joined with its loss, and the unit."""
    network = symbp.Network(name="one", input={"shape": list(shape)}, layer=[layer], loss=loss)
    text = network.program.heads[0].text
    return text.derivation.adjoint("x").equations[0].rhs, text.unit


def equal(found: sp.Expr, wanted: sp.Expr) -> bool:
    return sp.expand(found - wanted) == 0


X, Y, T, DY = (Entry(name, N, J) for name in ("x", "y", "t", "∂y"))
ACTIVATIONS = {
    "sigmoid": DY * Y * (1 - Y),
    "tanh": DY * (1 - Y**2),
    "relu": DY * Iverson(Compare(">", X, sp.S.Zero)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_differentiated_in_its_own_output(name):
    found = layer_gradient({"type": "activation", "function": name})
    assert equal(found, ACTIVATIONS[name])


def test_softmax():
    y, dy = Entry("y", N, K), Entry("∂y", N, K)
    assert equal(layer_gradient({"type": "softmax"}), y * (dy - SumOver(y * dy, K)))


@pytest.mark.parametrize(("reduction", "count"), [("mean", size("n")), ("sum", 1)])
def test_softmax_and_cross_entropy(reduction, count):
    loss = {"type": "cross_entropy", "reduction": reduction}
    found, unit = head_gradient({"type": "softmax"}, loss)
    assert equal(found, (Entry("y", N, K) - Entry("t", N, K)) / count)
    assert unit.assumptions == ("one_hot",)


def test_softmax_and_cross_entropy_of_a_sequence():
    found, _ = head_gradient({"type": "softmax"}, {"type": "cross_entropy"}, (3, 4))
    y, t = Entry("y", N, S, K), Entry("t", N, S, K)
    assert equal(found, (y - t) / (size("n") * size("s")))


@pytest.mark.parametrize(("reduction", "count"), [("mean", size("n")), ("sum", 1)])
def test_sigmoid_and_binary_cross_entropy(reduction, count):
    loss = {"type": "binary_cross_entropy", "reduction": reduction}
    found, unit = head_gradient({"type": "activation", "function": "sigmoid"}, loss)
    assert equal(found, (Y - T) / count)
    assert not unit.assumptions


NORMS = {"layernorm": ((N,), (D,), D), "batchnorm": ((C,), (N,), C)}


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_is_compact(name):
    """Ioffe and Szegedy's chain of seven lines is one: (dxhat - mean - xhat mean(xhat dxhat))/s."""
    kept, over, last = NORMS[name]
    xhat, dxhat = Entry("xhat", N, last), Entry("∂xhat", N, last)
    wanted = (dxhat - MeanOver(dxhat, *over) - xhat * MeanOver(xhat * dxhat, *over)) / Entry(
        "s", *kept
    )
    assert equal(layer_gradient({"type": name}), wanted)
    assert equal(layer_gradient({"type": name}, "beta"), SumOver(Entry("∂y", N, last), N))
    assert equal(layer_gradient({"type": name}, "gamma"), SumOver(Entry("∂y", N, last) * xhat, N))


def test_dense():
    layer = {"type": "dense", "units": 3}
    i = letter("i")
    assert equal(layer_gradient(layer, "W"), SumOver(Entry("x", N, i) * DY, N))
    assert equal(layer_gradient(layer, "b"), SumOver(DY, N))
    assert equal(layer_gradient(layer, "x"), SumOver(DY * Entry("W", i, J), J))
