"""Formulas in a network: activations, layers and losses, and what is declared beside them."""

from __future__ import annotations

import numpy as np

from symbp.language.parser import parse
from tests.language.networks import DENSE, layer, network


def test_short_activation_may_be_a_formula_and_keeps_its_text():
    assert layer(**DENSE, activation="x*sigmoid(1.7*x)").option("activation") == "x*sigmoid(1.7*x)"
    assert layer(**DENSE, activation="softmax").option("activation") == "softmax"


def test_activation_layer_by_name_or_by_formula():
    named = layer(type="activation", function="relu")
    assert (named.option("function"), named.formula) == ("relu", None)
    swish = layer(type="activation", function="x*sigmoid(beta*x)", parameters={"beta": 1})
    assert (swish.option("function"), swish.formula) == (None, parse("x*sigmoid(beta*x)"))
    assert swish.option("parameters") == (("beta", 1.0),)


def test_formula_layer_with_all_declarations():
    made = layer(
        type="formula",
        formula="z[n,j] = s*sum(x[n,i]*W[i,j]*M[i,j], i) + b[j]",
        parameters={"W": ["i", 5], "b": [5], "s": 2},
        init={"W": "he_normal"},
        constants={"M": np.ones((4, 5), int)},
        sizes={"j": 5},
        regularized=["W"],
        latex={"s": "\\sigma_0"},
    )
    assert dict(made.options) == {
        "parameters": (("W", ("i", 5)), ("b", (5,)), ("s", 2.0)),
        "init": (("W", "he_normal"), ("b", "zeros")),
        "constants": (("M", ((1,) * 5,) * 4),),
        "sizes": (("j", 5),),
        "regularized": ("W",),
        "latex": (("s", "\\sigma_0"),),
    }
    assert made.inputs == ()


def test_arrays_of_two_axes_and_more_start_from_glorot_uniform():
    formula = "z[n,j] = sum(x[n,i]*W[i,j], i)"
    made = layer(type="formula", formula=formula, parameters={"W": ["i", 5]})
    assert made.option("init") == (("W", "glorot_uniform"),)


def test_inputs_of_a_formula_keep_their_order_and_local_names():
    spec = network(
        {**DENSE, "name": "b"},
        {"type": "formula", "formula": "q*k", "inputs": {"q": "x", "k": "b"}},
        {"type": "formula", "formula": "x*x", "inputs": ["b"]},
        {**DENSE, "inputs": ["b"]},
    )
    assert [x.inputs for x in spec.layers[1:]] == [
        (("q", "x"), ("k", "b")), (("x", "b"),), (("", "b"),)
    ]  # fmt: skip


def test_loss_by_formula_in_its_three_forms():
    elementwise = network(loss={"formula": "log((exp(y - t) + exp(t - y))/2)"}).outputs[0].loss
    assert (elementwise.type, elementwise.reduction) == (None, "mean")
    per_sample = {"type": "formula", "formula": "L[n] = sum((y[n,i]-t[n,i])**2, i)"}
    assert network(loss={**per_sample, "reduction": "sum"}).outputs[0].loss.reduction == "sum"
    whole = network(loss={"formula": "L = sum((y[n,i]-t[n,i])**2, n, i)"})
    assert whole.outputs[0].loss.formula == parse("L = sum((y[n,i]-t[n,i])**2, n, i)")


def test_loss_may_read_a_named_layer():
    formula = "(y - t)**2 + c*h**2"
    loss = {"formula": formula, "inputs": {"h": "a"}, "constants": {"c": 0.1}}
    options = dict(network({**DENSE, "name": "a"}, loss=loss).outputs[0].loss.options)
    assert options == {
        "inputs": (("h", "a"),), "constants": (("c", 0.1),), "sizes": (), "latex": ()
    }  # fmt: skip
