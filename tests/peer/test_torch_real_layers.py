"""The witness for images, sequences and attention, cross-examined in NumPy, loop by loop."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.peer.torch_network import evaluate, kink_distance, parameter_shapes, value_shapes

RNG = np.random.default_rng(0)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers_in_any_order():
    RNG.bit_generator.state = START


def network(*layers: dict, shape: list[int]) -> dict:
    loss = {"type": "mse", "reduction": "sum"}
    return {"name": "net", "input": {"shape": shape}, "layer": list(layers), "loss": loss}


def run(layer: dict, x: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Random parameters by letter, and the output of the layer."""
    tables = network(layer, shape=list(x.shape[1:]))
    params = {key: RNG.normal(size=shape) for key, shape in parameter_shapes(tables).items()}
    t = np.zeros((len(x), *value_shapes(tables)[None]))
    letters = {key.rstrip("0123456789"): value for key, value in params.items()}
    return letters, evaluate(tables, params, x, t).outputs


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


# -- images ----------------------------------------------------------------------------------


CONVOLUTIONS = [
    {"kernel": 2},
    {"kernel": [3, 2], "stride": [1, 2], "padding": [2, 1]},
    {"kernel": [2, 3], "dilation": [2, 1], "padding": 1},
    {"kernel": 3, "padding": "same", "dilation": 2},
    {"kernel": [1, 3], "groups": 2, "stride": 2},
    {"kernel": 2, "groups": 4, "bias": False, "activation": "tanh"},
]


@pytest.mark.parametrize("options", CONVOLUTIONS, ids=str)
def test_convolution_is_a_cross_correlation_of_padded_images(options):
    x = RNG.normal(size=(2, 4, 6, 5))
    letters, y = run({"type": "conv2d", "filters": 8, **options}, x)
    K, groups = letters["K"], options.get("groups", 1)
    (s, z), (d, e) = (np.broadcast_to(options.get(key, 1), 2) for key in ("stride", "dilation"))
    margin = options.get("padding", 0)
    if margin == "same":
        margin = [d * (K.shape[2] - 1) // 2, e * (K.shape[3] - 1) // 2]
        assert y.shape[2:] == x.shape[2:]
    (above, left) = np.broadcast_to(margin, 2)
    padded = np.pad(x, [(0, 0), (0, 0), (above, above), (left, left)])
    expected = np.zeros_like(y)
    for n, f, p, q in np.ndindex(y.shape):
        group = f // (8 // groups)
        for c, u, v in np.ndindex(K.shape[1:]):
            channel = group * K.shape[1] + c
            expected[n, f, p, q] += padded[n, channel, s * p + d * u, z * q + e * v] * K[f, c, u, v]
    if options.get("bias", True):
        expected += letters["b"][:, None, None]
    expected = np.tanh(expected) if "activation" in options else expected
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    outside = [(6 + 2 * above - d * (K.shape[2] - 1) - 1) // s + 1]
    outside += [(5 + 2 * left - e * (K.shape[3] - 1) - 1) // z + 1]
    assert list(y.shape[2:]) == outside


def test_conv1d_is_conv2d_of_one_row():
    x = RNG.normal(size=(3, 4, 7))
    layer = {"type": "conv1d", "filters": 6, "kernel": 3, "stride": 2, "padding": 1, "groups": 2}
    letters, y = run(layer, x)
    assert letters["K"].shape == (6, 2, 3)
    images, kernels = torch.tensor(x)[:, :, None], torch.tensor(letters["K"])[:, :, None]
    rows = F.conv2d(images, kernels, stride=(1, 2), padding=(0, 1), groups=2)[:, :, 0]
    np.testing.assert_allclose(y, rows.numpy() + letters["b"][:, None], rtol=1e-12)


@pytest.mark.parametrize("options", [{"kernel": 2}, {"kernel": [3, 2], "stride": [2, 1]}], ids=str)
@pytest.mark.parametrize("kind", ["maxpool2d", "avgpool2d"])
def test_pools_reduce_windows_that_fit(kind, options):
    x = RNG.normal(size=(2, 3, 7, 5))
    _, y = run({"type": kind, **options}, x)
    (kh, kw) = np.broadcast_to(options["kernel"], 2)
    (sh, sw) = np.broadcast_to(options.get("stride", options["kernel"]), 2)
    assert y.shape[2:] == ((7 - kh) // sh + 1, (5 - kw) // sw + 1)
    reduce = np.max if kind == "maxpool2d" else np.mean
    for p, q in product(range(y.shape[2]), range(y.shape[3])):
        window = x[:, :, sh * p : sh * p + kh, sw * q : sw * q + kw]
        np.testing.assert_allclose(y[:, :, p, q], reduce(window, axis=(2, 3)), rtol=1e-12)


def test_equal_maxima_send_the_gradient_to_the_first_in_row_major_order():
    tables = network({"type": "maxpool2d", "kernel": [2, 3]}, shape=[1, 2, 3])
    x = np.array([[[[1.0, 5, 2], [5, 5, 0]]], [[[1.0, 2, 3], [4, 0, 4]]]])
    result = evaluate(tables, {}, x, np.zeros((2, 1, 1, 1)))
    np.testing.assert_array_equal(result.dx[0, 0], [[0, 5, 0], [0, 0, 0]])
    np.testing.assert_array_equal(result.dx[1, 0], [[0, 0, 0], [4, 0, 0]])


def test_nearly_equal_maxima_have_their_distance_measured():
    tables = network({"type": "maxpool2d", "kernel": 2}, shape=[1, 2, 4])
    x, t = np.array([[[[0, 0.25, 3, 3], [0.5, 0.5, 1, 3]]]]), np.zeros((1, 1, 1, 2))
    assert kink_distance(tables, {}, x, t) == float("inf")
    x[0, 0, 1, 1] = 0.75
    assert kink_distance(tables, {}, x, t) == 0.25


def test_globalavgpool_takes_the_mean_of_each_channel():
    x = RNG.normal(size=(2, 3, 4, 5))
    _, y = run({"type": "globalavgpool"}, x)
    np.testing.assert_allclose(y, x.mean(axis=(2, 3)), rtol=1e-12)


# -- sequences -------------------------------------------------------------------------------


def test_embedding_looks_rows_up():
    tokens = np.array([[0, 6, 6], [2, 1, 0]])
    letters, y = run({"type": "embedding", "vocabulary": 7, "dim": 2}, tokens)
    np.testing.assert_array_equal(y, letters["E"][tokens])


@pytest.mark.parametrize("d", [4, 5])
def test_sinusoidal_positions_interleave_sine_and_cosine(d):
    _, y = run({"type": "positional"}, np.zeros((1, 3, d)))
    for p, i in np.ndindex(3, d):
        angle = p / 10000 ** (2 * (i // 2) / d)
        assert y[0, p, i] == pytest.approx(np.cos(angle) if i % 2 else np.sin(angle), abs=1e-15)


def test_learned_positions_are_added():
    x = RNG.normal(size=(2, 3, 4))
    letters, y = run({"type": "positional", "kind": "learned"}, x)
    np.testing.assert_allclose(y, x + letters["P"], rtol=1e-12)


def steps(
    kind: str, letters: dict[str, np.ndarray], x: np.ndarray, function: Callable
) -> np.ndarray:
    """The equations of the contract, one step after another: (n, t, units)."""
    Wx, Wh, units = letters["Wx"], letters["Wh"], len(letters["Wh"])
    h = c = np.zeros((len(x), units))
    found = []
    for t in range(x.shape[1]):
        if kind == "rnn":
            h = function(x[:, t] @ Wx + h @ Wh + letters["b"])
        elif kind == "lstm":
            i, f, g, o = np.split(x[:, t] @ Wx + h @ Wh + letters["b"], 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            rx, zx, nx = np.split(x[:, t] @ Wx + letters["bx"], 3, axis=1)
            rh, zh, nh = np.split(h @ Wh + letters["bh"], 3, axis=1)
            n, z = np.tanh(nx + sigmoid(rx + rh) * nh), sigmoid(zx + zh)
            h = (1 - z) * n + z * h
        found.append(h)
    return np.stack(found, axis=1)


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize(
    ("layer", "function"),
    [
        ({"type": "rnn"}, np.tanh),
        ({"type": "rnn", "activation": "relu"}, lambda z: np.maximum(z, 0)),
        ({"type": "rnn", "activation": "x*sigmoid(1.7*x)"}, lambda z: z * sigmoid(1.7 * z)),
        ({"type": "lstm"}, np.tanh),
        ({"type": "gru"}, np.tanh),
    ],
    ids=["rnn", "rnn relu", "rnn by formula", "lstm", "gru"],
)
def test_recurrent_layers_step_as_the_contract_says(layer, function, sequences):
    x = RNG.normal(size=(2, 5, 3))
    letters, y = run({**layer, "units": 4, "return_sequences": sequences}, x)
    expected = steps(layer["type"], letters, x, function)
    np.testing.assert_allclose(y, expected if sequences else expected[:, -1], rtol=1e-12)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_recurrent_layers_are_the_torch_modules(kind):
    x = RNG.normal(size=(2, 5, 3))
    letters, y = run({"type": kind, "units": 4}, x)
    module = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](
        3, 4, batch_first=True, dtype=torch.float64
    )
    bx = letters["b"] if "b" in letters else letters["bx"]
    bh = letters.get("bh", np.zeros_like(bx))
    copies = {"weight_ih_l0": letters["Wx"].T, "weight_hh_l0": letters["Wh"].T}
    copies |= {"bias_ih_l0": bx, "bias_hh_l0": bh}
    module.load_state_dict({key: torch.tensor(value) for key, value in copies.items()})
    np.testing.assert_allclose(y, module(torch.tensor(x))[0].detach().numpy(), rtol=1e-12)


def test_a_rectified_recurrence_has_its_kinks_measured():
    tables = network({"type": "rnn", "units": 1, "activation": "relu"}, shape=[2, 1])
    params = {"Wx1": np.ones((1, 1)), "Wh1": np.full((1, 1), -1.0), "b1": np.zeros(1)}
    x, t = np.array([[[0.5], [0.4]]]), np.zeros((1, 2, 1))
    assert kink_distance(tables, params, x, t) == pytest.approx(0.1)


# -- attention -------------------------------------------------------------------------------


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_attention_is_scaled_dot_products_of_heads_along_the_last_axis(heads, causal):
    x = RNG.normal(size=(2, 5, 6))
    letters, y = run({"type": "attention", "heads": heads, "causal": causal}, x)
    q, k, v = (x @ letters[f"W{role}"] + letters[f"b{role}"] for role in "qkv")
    o = np.zeros_like(x)
    size = 6 // heads
    for n, h, t in np.ndindex(2, heads, 5):
        own, seen = slice(h * size, (h + 1) * size), t + 1 if causal else 5
        scores = k[n, :seen, own] @ q[n, t, own] / np.sqrt(size)
        weights = np.exp(scores) / np.exp(scores).sum()
        o[n, t, own] = weights @ v[n, :seen, own]
    np.testing.assert_allclose(y, o @ letters["Wo"] + letters["bo"], rtol=1e-12)


def test_attention_is_scaled_dot_product_attention():
    x = torch.tensor(RNG.normal(size=(2, 5, 6)))
    letters, y = run({"type": "attention", "heads": 2, "causal": True}, x.numpy())
    weights = {key: torch.tensor(value) for key, value in letters.items()}
    q, k, v = (
        (x @ weights[f"W{role}"] + weights[f"b{role}"]).unflatten(2, (2, 3)).transpose(1, 2)
        for role in "qkv"
    )
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
    np.testing.assert_allclose(y, o @ weights["Wo"] + weights["bo"], rtol=1e-12)


# -- their parameters ------------------------------------------------------------------------


def test_parameters_have_the_shapes_of_the_contract():
    images = network(
        {"type": "conv2d", "filters": 6, "kernel": [3, 2], "groups": 2},
        {"type": "maxpool2d", "kernel": 2},
        {"type": "globalavgpool"},
        shape=[4, 7, 6],
    )
    assert parameter_shapes(images) == {"K1": (6, 2, 3, 2), "b1": (6,)}
    repeated = {"type": "repeat", "times": 2, "layers": [
        {"type": "attention", "heads": 2}, {"type": "positional"}, {"type": "rnn", "units": 6},
    ]}  # fmt: skip
    sequences = network(
        {"type": "embedding", "vocabulary": 9, "dim": 6},
        {"type": "positional", "kind": "learned"},
        repeated,
        {"type": "lstm", "units": 4},
        {"type": "gru", "units": 3, "return_sequences": False},
        shape=[5],
    )
    assert parameter_shapes(sequences) == {
        **{"E1": (9, 6), "P2": (5, 6)},
        **{f"W{role}3": (2, 6, 6) for role in "qkvo"},
        **{f"b{role}3": (2, 6) for role in "qkvo"},
        **{"Wx4": (2, 6, 6), "Wh4": (2, 6, 6), "b4": (2, 6)},
        **{"Wx5": (6, 16), "Wh5": (4, 16), "b5": (16,)},
        **{"Wx6": (4, 9), "Wh6": (3, 9), "bx6": (9,), "bh6": (9,)},
    }
    assert value_shapes(sequences)[None] == (3,)
