"""Recurrent layers: shapes and numbers, an activation by formula, and the errors."""

from __future__ import annotations

import pytest

from symbp.language.parser import parse
from symbp.layers.activations import ACTIVATIONS
from tests import peers
from tests.layers.forward import definition, numbers_agree, refusal, shapes
from tests.layers.proved import (
    agrees_with_the_peer,
    dense,
    gradients_hold,
    network,
    nothing_is_changed,
)

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
CASES = [
    ({"type": kind, "units": units, "return_sequences": whole}, shape)
    for kind in GATES
    for whole in (True, False)
    for units, shape in ((3, (5, 2)), (1, (4, 3)), (2, (1, 2)), (4, (2, 1)))
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_shapes_are_those_of_the_contract(case):
    table, (t, i) = CASES[case]
    units, gates = table["units"], GATES[table["type"]]
    wide = gates * units
    wanted = {
        "y": (t, units) if table["return_sequences"] else (units,),
        "Wx": (i, wide),
        "Wh": (units, wide),
    }
    wanted |= {"bx": (wide,), "bh": (wide,)} if table["type"] == "gru" else {"b": (wide,)}
    found = shapes(table, (t, i))
    assert found == wanted
    assert list(found) == list(wanted)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_numbers_agree_with_pytorch(case):
    numbers_agree(*CASES[case], case)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_agrees_with_pytorch(activation):
    numbers_agree({"type": "rnn", "units": 3, "activation": activation}, (4, 2))


def test_it_reads_like_the_formula_of_a_lecture():
    table = {"type": "rnn", "units": 3, "return_sequences": False}
    assert definition(table, (4, 2)).formula == (
        "h[n,t,j] = tanh(sum(x[n,t,i]*Wx[i,j], i) + sum(h[n,t-1,k]*Wh[k,j], k) + b[j])\n"
        "y[n,j] = h[n,size(t)-1,j]"
    )


@pytest.mark.parametrize(
    ("activation", "written"),
    [
        ("x/(1 + abs(x))", "z[n,t,j]/(1 + abs(z[n,t,j]))"),
        ("x*sigmoid(1.7*x)  # by x", "z[n,t,j]*sigmoid(1.7*z[n,t,j])"),
        ("maximum(x,\n 0.1*x)", "maximum(z[n,t,j], 0.1*z[n,t,j])"),
        ("where(x > 0 and x < 1, x, exp(-x**2))",
         "where(z[n,t,j] > 0 and z[n,t,j] < 1, z[n,t,j], exp(-z[n,t,j]**2))"),
    ],
)  # fmt: skip
def test_a_formula_in_x_takes_the_place_of_the_activation(activation, written):
    table = {"type": "rnn", "units": 3, "activation": activation}
    assert definition(table, (4, 2)).formula == parse(
        "z[n,t,j] = sum(x[n,t,i]*Wx[i,j], i) + sum(h[n,t-1,k]*Wh[k,j], k) + b[j]\n"
        f"h[n,t,j] = {written}\n"
        "y[n,t,j] = h[n,t,j]"
    )
    wanted = {"y": (4, 3), "Wx": (2, 3), "Wh": (3, 3), "b": (3,)}
    assert shapes(table, (4, 2)) == wanted


@pytest.mark.parametrize("kind", GATES)
def test_weights_are_regularized_and_biases_are_not(kind):
    assert definition({"type": kind, "units": 3}, (4, 2)).regularized == ("Wx", "Wh")


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
@pytest.mark.parametrize("kind", GATES)
def test_what_is_no_sequence_is_refused(kind, shape):
    message = f"{kind} takes an input of shape [t, i], not {list(shape)}"
    assert refusal({"type": kind, "units": 3}, shape) == message


NETWORKS = {
    **{kind: {"type": kind} for kind in GATES},
    **{f"{kind}, the last step": {"type": kind, "return_sequences": False} for kind in GATES},
    "relu": {"type": "rnn", "activation": "relu"},
    "silu": {"type": "rnn", "activation": "silu"},
    "identity": {"type": "rnn", "activation": "identity"},
    "by formula": {"type": "rnn", "activation": "x/sqrt(1 + x**2)"},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_hold_and_agree_with_pytorch(name):
    tables = network(dense(2), {"units": 3, **NETWORKS[name]}, dense(2), shape=(4, 2))
    gradients_hold(tables)
    nothing_is_changed(tables)
    peers.torch()
    agrees_with_the_peer(tables)
