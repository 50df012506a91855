"""Attention: shapes and numbers for all numbers of heads, and the errors of what does not fit."""

from __future__ import annotations

import pytest

from tests import peers
from tests.layers.forward import definition, numbers_agree, refusal, shapes
from tests.layers.proved import (
    agrees_with_the_peer,
    dense,
    gradients_hold,
    network,
    nothing_is_changed,
)

CASES = [
    ({"type": "attention", "heads": heads, "causal": causal}, (t, d))
    for heads, t, d in ((1, 5, 4), (2, 5, 4), (4, 3, 4), (3, 1, 6), (1, 4, 1), (2, 6, 10))
    for causal in (False, True)
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_shapes_are_those_of_the_contract(case):
    table, (t, d) = CASES[case]
    wanted = {"y": (t, d)}
    wanted |= dict.fromkeys(["Wq", "Wk", "Wv", "Wo"], (d, d))
    wanted |= dict.fromkeys(["bq", "bk", "bv", "bo"], (d,))
    found = shapes(table, (t, d))
    assert found == wanted
    assert list(found) == list(wanted)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_numbers_agree_with_pytorch(case):
    numbers_agree(*CASES[case], case)


def test_one_head_needs_no_letter():
    formula = definition({"type": "attention", "heads": 1}, (5, 4)).formula
    assert "s[n,t,u] = sum(q[n,t,d]*k[n,u,d], d)/sqrt(size(d))" in formula
    formula = definition({"type": "attention", "heads": 2, "causal": True}, (5, 4)).formula
    assert "a[n,h,t,u] = softmax(s[n,h,t,u], u, u <= t)" in formula
    assert "o[n,t,(h,d)] = sum(a[n,h,t,u]*v[n,u,(h,d)], u)" in formula


def test_weights_are_regularized_and_biases_are_not():
    table = {"type": "attention", "heads": 2}
    assert definition(table, (5, 4)).regularized == ("Wq", "Wk", "Wv", "Wo")


REFUSED = {
    "rank": (2, (4,), "attention takes an input of shape [t, d], not [4]"),
    "heads": (
        4,
        (5, 6),
        "heads = 4 does not divide the 6 features of the input; write a divisor of 6, such as 3",
    ),
    "more heads than features": (
        5,
        (5, 4),
        "heads = 5 does not divide the 4 features of the input; write a divisor of 4, such as 4",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name):
    heads, shape, message = REFUSED[name]
    assert refusal({"type": "attention", "heads": heads}, shape) == message


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("heads", [1, 2])
def test_gradients_hold_and_agree_with_pytorch(heads, causal):
    layer = {"type": "attention", "heads": heads, "causal": causal}
    tables = network(dense(4), layer, dense(2), shape=(3, 2))
    gradients_hold(tables)
    nothing_is_changed(tables)
    peers.torch()
    agrees_with_the_peer(tables)
