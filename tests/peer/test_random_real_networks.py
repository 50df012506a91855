"""What the random networks of images, sequences and attention promise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peer import torch_real_layers
from tests.peer.random_real_data import good_real_sample, is_tied, real_sample
from tests.peer.random_real_layers import FORMULAS
from tests.peer.random_real_networks import KINDS, is_smooth, numbered, real_networks
from tests.peer.torch_network import evaluate, kink_distance, parameter_shapes

ALL = 14 * len(KINDS)


def layers_of(tables: dict) -> Iterator[dict]:
    for table in tables.get("layer", tables.get("layers", [])):
        yield table
        yield from layers_of(table)


def options(kind: str) -> Iterator[dict]:
    return (t for k in range(ALL) for t in layers_of(numbered(k)) if t["type"] == kind)


def kink_of(tables: dict, seed: int) -> float:
    params, x, t = real_sample(tables, seed)
    return kink_distance(tables, params, x, t)


@pytest.mark.slow
def test_every_layer_is_drawn_with_each_of_its_options():
    for axes in ("1d", "2d"):
        drawn = list(options(f"conv{axes}"))
        for key in ("stride", "padding", "dilation", "groups", "bias", "activation", "share"):
            assert sum(key in table for table in drawn) >= 2, (axes, key)
        assert sum(table.get("padding") == "same" for table in drawn) >= 8
    for pool in ("maxpool2d", "avgpool2d"):
        assert {"stride" in table for table in options(pool)} == {True, False}
    for kind in ("rnn", "lstm", "gru"):
        drawn = list(options(kind))
        assert sum("return_sequences" in table for table in drawn) >= 4
        assert any("share" in table for table in drawn)
    functions = {table.get("activation", "tanh") for table in options("rnn")}
    assert {"tanh", "relu", *FORMULAS} <= functions
    drawn = list(options("attention"))
    assert {table["heads"] for table in drawn} == {1, 2, 3}
    assert {table.get("causal", False) for table in drawn} == {True, False}
    kinds = {table.get("kind", "sinusoidal") for table in options("positional")}
    assert kinds == {"sinusoidal", "learned"}
    assert any("share" in table for table in options("embedding"))
    inner = {t["type"] for table in options("repeat") for t in layers_of(table)}
    assert {"conv1d", "conv2d", "rnn", "lstm", "gru", "attention", "positional"} <= inner
    kinds = {table["type"] for k in range(ALL) for table in layers_of(numbered(k))}
    assert set(torch_real_layers.LAYERS) <= kinds


@pytest.mark.slow
def test_nearly_every_network_has_a_good_sample():
    found = [good_real_sample(numbered(number), number) for number in range(60)]
    assert sum(one is None for one in found) <= 2


@pytest.mark.slow
@given(real_networks(smooth=True), st.integers(0, 99))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_smooth_networks_have_no_kink(tables, seed):
    assert kink_of(tables, seed) == float("inf")


def test_numbered_networks_are_smooth_as_they_say():
    smooth = [number for number in range(2 * len(KINDS)) if is_smooth(number)]
    assert len(smooth) == len(KINDS) - 2
    for number in smooth:
        tables = numbered(number)
        assert kink_of(tables, number) == float("inf")


def test_equal_maxima_decide_the_gradient(monkeypatch):
    """Sending it to the last of them instead changes most of the networks drawn for it."""
    numbers = range(KINDS.index("ties"), ALL, len(KINDS))
    drawn = [(numbered(k), real_sample(numbered(k), k)) for k in numbers]
    first = [evaluate(tables, *sample).grads for tables, sample in drawn]
    maximum = torch.nn.functional.max_pool2d

    def last(x, kernel, stride):
        """Reversed in height and width; the windows cover the same entries where none is left out."""
        height, width = (
            (size - k) // s * s + k for size, k, s in zip(x.shape[2:], kernel, stride, strict=True)
        )
        return maximum(x[:, :, :height, :width].flip(2, 3), kernel, stride).flip(2, 3)

    monkeypatch.setattr(torch_real_layers.F, "max_pool2d", last)
    differ = 0
    for (tables, sample), grads in zip(drawn, first, strict=True):
        assert is_tied(tables)
        other = evaluate(tables, *sample).grads
        differ += any(not np.allclose(grads[key], other[key]) for key in grads)
    assert differ >= len(drawn) / 2


def test_the_same_number_draws_the_same():
    assert numbered(7) == numbered(7)
    np.testing.assert_equal(real_sample(numbered(7), 3), real_sample(numbered(7), 3))


def test_tokens_are_whole_numbers_below_the_vocabulary():
    for number in (KINDS.index("transformer"), KINDS.index("embedding")):
        tables = numbered(number)
        params, x, _ = real_sample(tables, number)
        assert x.dtype.kind == "i"
        assert x.max() < len(params["E1"])
        assert {k: v.shape for k, v in params.items()} == parameter_shapes(tables)
