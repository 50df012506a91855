"""Convolutions: shapes and numbers over random options, and the errors of what does not fit."""

from __future__ import annotations

import math
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
    """A table and a shape that fit each other; every option now a number, now one for each axis."""
    rng = random.Random(seed)
    axes = rng.choice([1, 2])

    def option(values):
        return (
            rng.choice(values) if rng.random() < 0.3 else [rng.choice(values) for _ in "hw"[:axes]]
        )

    groups = rng.choice([1, 1, 2, 3])
    table = {"type": f"conv{axes}d", "filters": groups * rng.randint(1, 3), "groups": groups}
    table |= {"kernel": option([1, 2, 3]), "stride": option([1, 2, 3]), "dilation": option([1, 2])}
    table |= {"padding": option([0, 1, 2]), "bias": rng.random() < 0.7}
    if rng.random() < 0.3:
        table |= {"kernel": option([1, 3]), "stride": 1, "padding": "same"}
    return table, (groups * rng.randint(1, 2), *(rng.randint(5, 8) for _ in range(axes)))


def along(axes, value):
    return value if isinstance(value, list) else [value] * axes


@pytest.mark.parametrize("seed", range(40))
def test_shapes_are_those_of_the_contract(seed):
    table, (channels, *sizes) = drawn(seed)
    kernel, stride, dilation = (
        along(len(sizes), table[k]) for k in ("kernel", "stride", "dilation")
    )
    padding = along(len(sizes), table["padding"])
    if table["padding"] == "same":
        padding = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
    options = zip(sizes, kernel, stride, padding, dilation, strict=True)
    positions = [(s + 2 * p - d * (k - 1) - 1) // step + 1 for s, k, step, p, d in options]
    wanted = {
        "y": (table["filters"], *positions),
        "K": (table["filters"], channels // table["groups"], *kernel),
    }
    wanted |= {"b": (table["filters"],)} if table["bias"] else {}
    found = shapes(table, (channels, *sizes))
    assert found == wanted
    assert list(found) == list(wanted)


@pytest.mark.parametrize("seed", range(40))
def test_numbers_agree_with_pytorch(seed):
    numbers_agree(*drawn(seed), seed)


def test_it_reads_like_the_formula_of_a_lecture():
    table = {"type": "conv2d", "filters": 4, "kernel": 3, "stride": 2, "padding": 1}
    text = "y[n,f,p,q] = sum(pad(x[n,c,2*p+u-1,2*q+v-1])*K[f,c,u,v], c, u, v) + b[f]"
    assert definition(table, (3, 8, 8)).formula == text
    text = "y[n,f,p] = sum(x[n,c,p+u]*K[f,c,u], c, u) + b[f]"
    assert definition({"type": "conv1d", "filters": 4, "kernel": 3}, (3, 8)).formula == text
    text = "y[n,(g,f),p] = sum(x[n,(g,c),p+2*u]*K[(g,f),c,u], c, u)"
    table = {"type": "conv1d", "filters": 4, "kernel": 3, "groups": 2, "dilation": 2, "bias": False}
    assert definition(table, (2, 8)).formula == text


def test_the_kernel_alone_is_regularized():
    assert definition({"type": "conv1d", "filters": 4, "kernel": 3}, (3, 8)).regularized == ("K",)


def test_the_first_kernel_has_the_spread_of_its_window():
    """Glorot and Bengio's bound with the fans that PyTorch counts for a convolution."""
    from symbp.writers.initialisers import initial_value
    from symbp.writers.interface import Parameter

    layer = definition({"type": "conv2d", "filters": 8, "kernel": [3, 5], "groups": 2}, (6, 9, 9))
    assert layer.kernels == ("K",)
    kernel = Parameter("K1", (4, 8, 3, 3, 5), levels=1, kernel=True)
    draw, scale = initial_value(kernel)
    assert draw == "rng.uniform(-1, 1, (4, 8, 3, 3, 5))"
    assert scale == f"np.sqrt(6 / ({3 * math.prod((3, 5))} + {8 * math.prod((3, 5))}))"


# options beside filters = 4, shape of a sample, message
REFUSED = {
    "rank": (
        {"type": "conv2d", "kernel": 3},
        (3, 8),
        "conv2d takes an input of shape [c, h, w], not [3, 8]",
    ),
    "rank of one axis": (
        {"type": "conv1d", "kernel": 3},
        (8,),
        "conv1d takes an input of shape [c, w], not [8]",
    ),
    "kernel": (
        {"type": "conv2d", "kernel": 5},
        (3, 4, 6),
        "a kernel of 5 covers 5 positions, axis h of the input has 4; write a kernel of at most 4",
    ),
    "kernel of the other axis": (
        {"type": "conv2d", "kernel": [3, 9], "padding": 1},
        (3, 4, 6),
        "a kernel of 9 covers 9 positions, axis w of the input has 8 with its padding; "
        "write a kernel of at most 8",
    ),
    "dilation": (
        {"type": "conv1d", "kernel": 3, "dilation": 4, "padding": 1},
        (3, 6),
        "a kernel of 3 with dilation = 4 covers 9 positions, axis w of the input has 8 with its "
        "padding; write a kernel of at most 2",
    ),
    "groups and channels": (
        {"type": "conv1d", "kernel": 1, "groups": 2},
        (3, 6),
        "groups = 2 must divide the 3 channels of the input and filters = 4; "
        "write a divisor of both, such as 1",
    ),
    "groups and filters": (
        {"type": "conv1d", "kernel": 1, "groups": 3},
        (6, 6),
        "filters = 4 is not divisible by groups = 3",
    ),
    "same with a stride": (
        {"type": "conv2d", "kernel": 3, "padding": "same", "stride": [1, 2]},
        (3, 6, 6),
        'padding = "same" needs stride = 1',
    ),
    "same with an even kernel": (
        {"type": "conv2d", "kernel": [3, 2], "padding": "same"},
        (3, 6, 6),
        'padding = "same" needs odd kernels; write an odd kernel, or a number',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name):
    table, shape, message = REFUSED[name]
    assert refusal({"filters": 4, **table}, shape) == message


NETWORKS = {
    "plain": ({"kernel": 3}, (2, 6)),
    "strided and padded": ({"kernel": 3, "stride": 2, "padding": 1, "activation": "tanh"}, (2, 7)),
    "dilated": ({"kernel": [2, 3], "stride": [1, 2], "dilation": [3, 1], "bias": False}, (2, 5, 6)),
    "same": ({"kernel": [3, 1], "padding": "same"}, (2, 4, 5)),
    "grouped": ({"kernel": 3, "groups": 2, "padding": [0, 1]}, (4, 4, 5)),
    "depthwise": ({"kernel": 3, "groups": 4, "stride": 2}, (4, 8)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_hold_and_agree_with_pytorch(name):
    """Between two others, so that the gradient by the input matters."""
    options, shape = NETWORKS[name]
    layer = {"type": f"conv{len(shape) - 1}d", "filters": 4, **options}
    tables = network(dense(shape[-1]), layer, dense(2), shape=shape)
    gradients_hold(tables)
    nothing_is_changed(tables)
    peers.torch()
    agrees_with_the_peer(tables)
