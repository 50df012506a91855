"""Pooling: shapes and numbers over random windows, and the errors of what does not fit."""

from __future__ import annotations

import random

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


def drawn(seed):
    rng = random.Random(seed)
    table = {
        "type": rng.choice(["maxpool2d", "avgpool2d"]),
        "kernel": rng.choice([2, [1, 3], [3, 2]]),
    }
    if rng.random() < 0.6:
        table["stride"] = rng.choice([1, 2, [3, 1]])
    return table, (rng.randint(1, 3), rng.randint(3, 8), rng.randint(3, 8))


@pytest.mark.parametrize("seed", range(20))
def test_shapes_are_those_of_the_contract(seed):
    table, (channels, *sizes) = drawn(seed)
    kernel = table["kernel"] if isinstance(table["kernel"], list) else [table["kernel"]] * 2
    stride = table.get("stride", kernel)
    stride = stride if isinstance(stride, list) else [stride] * 2
    positions = [(s - k) // step + 1 for s, k, step in zip(sizes, kernel, stride, strict=True)]
    assert shapes(table, (channels, *sizes)) == {"y": (channels, *positions)}


@pytest.mark.parametrize("seed", range(20))
def test_numbers_agree_with_pytorch(seed):
    numbers_agree(*drawn(seed), seed)


def test_the_mean_of_an_image_agrees_with_pytorch():
    assert shapes({"type": "globalavgpool"}, (3, 4, 5)) == {"y": (3,)}
    numbers_agree({"type": "globalavgpool"}, (3, 4, 5))


def test_it_reads_like_the_formula_of_a_lecture():
    text = "y[n,c,p,q] = max(x[n,c,2*p+u,2*q+v], u, v)"
    assert definition({"type": "maxpool2d", "kernel": 2}, (3, 4, 4)).formula == text


REFUSED = {
    "rank of maxpool2d": (
        {"type": "maxpool2d", "kernel": 2},
        (4, 4),
        "maxpool2d takes an input of shape [c, h, w], not [4, 4]",
    ),
    "rank of avgpool2d": (
        {"type": "avgpool2d", "kernel": 2},
        (4,),
        "avgpool2d takes an input of shape [c, h, w], not [4]",
    ),
    "rank of globalavgpool": (
        {"type": "globalavgpool"},
        (4, 5),
        "globalavgpool takes an input of shape [c, h, w], not [4, 5]",
    ),
    "kernel": (
        {"type": "avgpool2d", "kernel": [2, 5], "stride": 1},
        (3, 4, 4),
        "a kernel of 5 covers 5 positions, axis w of the input has 4; write a kernel of at most 4",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name):
    table, shape, message = REFUSED[name]
    assert refusal(table, shape) == message


NETWORKS = {
    "maximum": ({"type": "maxpool2d", "kernel": 2}, (2, 5, 6)),
    "maximum of windows that overlap": (
        {"type": "maxpool2d", "kernel": 3, "stride": [2, 1]},
        (2, 5, 4),
    ),
    "mean": ({"type": "avgpool2d", "kernel": [2, 3]}, (2, 5, 6)),
    "mean of windows that overlap": ({"type": "avgpool2d", "kernel": 2, "stride": 1}, (2, 3, 4)),
    "mean of all": ({"type": "globalavgpool"}, (2, 3, 4)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_hold_and_agree_with_pytorch(name):
    layer, shape = NETWORKS[name]
    tables = network(dense(shape[-1], "tanh"), layer, dense(2), shape=shape)
    gradients_hold(tables)
    nothing_is_changed(tables)
    peers.torch()
    agrees_with_the_peer(tables)
