"""The witness is itself cross-examined: against torch's modules, by hand, and by differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.peer.torch_layers import Value, formula
from tests.peer.torch_losses import loss
from tests.peer.torch_network import (
    Walk,
    buffer_names,
    evaluate,
    kink_distance,
    parameter_shapes,
    running_buffers,
)

RNG = np.random.default_rng(0)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers_in_any_order():
    RNG.bit_generator.state = START


def network(*layers: dict, shape: list[int], **more: object) -> dict:
    tables = {"name": "net", "input": {"shape": shape}, "layer": list(layers)}
    return {**tables, "loss": {"type": "mse", "reduction": "sum"}, **more}


def draw(tables: dict) -> dict[str, np.ndarray]:
    return {key: RNG.uniform(0.3, 1.3, s) for key, s in parameter_shapes(tables).items()}


def value(text: str, **tensors: object) -> Tensor:
    """A formula without parameters; ``sizes`` among the arguments goes beside it."""
    table = {"formula": text, "sizes": tensors.pop("sizes", {})}
    arrays = {name: torch.as_tensor(tensor) for name, tensor in tensors.items()}
    return formula(table, arrays, Walk({}, {}))


def dense(units: int, **more: object) -> dict:
    return {"type": "dense", "units": units, **more}


# -- layers ----------------------------------------------------------------------------------


def test_article_by_hand():
    tables = network(dense(3, activation="sigmoid"), dense(1, activation="sigmoid"), shape=[2])
    params = draw(tables)
    x, t = RNG.normal(size=(4, 2)), RNG.normal(size=(4, 1))
    h = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    y = 1 / (1 + np.exp(-(h @ params["W2"] + params["b2"])))
    delta2 = (y - t) * y * (1 - y)
    delta1 = (delta2 @ params["W2"].T) * h * (1 - h)
    outputs, total, grads, dx = evaluate(tables, params, x, t)
    np.testing.assert_allclose(outputs, y)
    assert total == pytest.approx(0.5 * np.sum((y - t) ** 2))
    by_hand = {"W1": x.T @ delta1, "b1": delta1.sum(0), "W2": h.T @ delta2, "b2": delta2.sum(0)}
    assert list(grads) == list(by_hand)
    for key, gradient in by_hand.items():
        np.testing.assert_allclose(grads[key], gradient, rtol=1e-12)
    np.testing.assert_allclose(dx, delta1 @ params["W1"].T, rtol=1e-12)


@pytest.mark.parametrize("training", [False, True])
def test_batchnorm_is_the_torch_module(training):
    tables = network({"type": "batchnorm"}, shape=[3, 2, 4])
    params = draw(tables)
    module = torch.nn.BatchNorm2d(3, dtype=torch.float64).train(training)
    names = {"gamma": "weight", "beta": "bias", "running_mean": "running_mean"}
    names["running_var"] = "running_var"
    state = {v: torch.tensor(params[f"{k}1"]) for k, v in names.items()}
    module.load_state_dict(
        {**state, "running_var": torch.tensor(params["running_var1"])}, strict=False
    )
    x, t = RNG.normal(size=(5, 3, 2, 4)), np.zeros((5, 3, 2, 4))
    expected = module(torch.tensor(x)).detach().numpy()
    kept = {key: array.copy() for key, array in params.items()}
    result = evaluate(tables, params, x, t, training=training)
    np.testing.assert_allclose(result.outputs, expected, rtol=1e-12)
    assert set(result.grads) == {"gamma1", "beta1"}
    assert buffer_names(tables) == {"running_mean1", "running_var1"}
    for key, array in kept.items():
        np.testing.assert_array_equal(params[key], array)
    if training:
        after = running_buffers(tables, params, x)
        assert module.running_var is not None
        np.testing.assert_allclose(after["running_var1"], module.running_var.numpy())


def test_dropout_takes_the_mask_and_scales_only_in_training():
    tables = network({"type": "dropout", "rate": 0.25}, shape=[3])
    x, mask = RNG.normal(size=(2, 3)), np.array([[0, 1, 1], [1, 1, 0]])
    t = np.zeros((2, 3))
    np.testing.assert_array_equal(evaluate(tables, {}, x, t).outputs, x)
    trained = evaluate(tables, {}, x, t, training=True, masks=[mask])
    np.testing.assert_allclose(trained.outputs, x * mask / 0.75)


def test_branches_merge():
    tables = network(
        dense(3, name="a"),
        dense(3, name="b", inputs=["x"], bias=False),
        {"type": "multiply", "inputs": ["a", "b"], "name": "m"},
        {"type": "concat", "inputs": ["m", "a", "x"]},
        shape=[2],
    )
    params = draw(tables)
    x = RNG.normal(size=(4, 2))
    a = x @ params["W1"] + params["b1"]
    expected = np.concatenate([a * (x @ params["W2"]), a, x], axis=1)
    np.testing.assert_allclose(evaluate(tables, params, x, expected).outputs, expected)


def test_concat_counts_its_axis_on_one_sample():
    tables = network(
        {"type": "activation", "function": "tanh", "name": "a"},
        {"type": "concat", "inputs": ["a", "x"], "axis": 0},
        shape=[2, 3],
    )
    assert evaluate(tables, {}, np.zeros((5, 2, 3)), np.zeros((5, 4, 3))).outputs.shape == (5, 4, 3)


def test_parameters_are_numbered_by_the_layers_that_own_some():
    tables = network(
        {"type": "activation", "function": "relu"},
        dense(3, activation="tanh", name="a"),
        {"type": "residual", "layers": [{"type": "layernorm"}, dense(3, share="a"), dense(3)]},
        {"type": "activation", "function": "x*sigmoid(c*x)", "parameters": {"c": 1.0}},
        {"type": "repeat", "times": 2, "layers": [
            {"type": "rmsnorm"},
            {"type": "repeat", "times": 4, "layers": [dense(3, bias=False)]},
        ]},
        dense(1),
        shape=[3],
    )  # fmt: skip
    assert parameter_shapes(tables) == {
        **{"W1": (3, 3), "b1": (3,), "gamma2": (3,), "beta2": (3,), "W3": (3, 3), "b3": (3,)},
        **{"c4": (), "gamma5": (2, 3), "W6": (2, 4, 3, 3), "W7": (3, 1), "b7": (1,)},
    }


def test_repeat_is_the_stack_written_out():
    body = [dense(3, activation="tanh"), {"type": "repeat", "times": 2, "layers": [dense(3)]}]
    stacked = network({"type": "repeat", "times": 2, "layers": body}, shape=[3])
    flat = network(*(dense(3, activation=a) for a in ["tanh", None, None] * 2), shape=[3])
    params = draw(stacked)
    unstacked = {}
    for step in range(2):
        for letter in "Wb":
            unstacked[f"{letter}{3 * step + 1}"] = params[f"{letter}1"][step]
            for inner in range(2):
                key = f"{letter}{3 * step + 2 + inner}"
                unstacked[key] = params[f"{letter}2"][step, inner]
    x, t = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
    one, other = evaluate(stacked, params, x, t), evaluate(flat, unstacked, x, t)
    np.testing.assert_allclose(one.outputs, other.outputs)
    np.testing.assert_allclose(one.grads["W2"][1, 0], other.grads["W5"])
    np.testing.assert_allclose(one.grads["b1"][1], other.grads["b4"])


def test_shared_weights_sum_their_gradients():
    tables = network(dense(2, name="a"), dense(2, share="a"), shape=[2])
    params, x, t = draw(tables), RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))
    apart = network(dense(2), dense(2), shape=[2])
    twice = {**params, "W2": params["W1"], "b2": params["b1"]}
    grads = evaluate(apart, twice, x, t).grads
    np.testing.assert_allclose(
        evaluate(tables, params, x, t).grads["W1"], grads["W1"] + grads["W2"]
    )


def test_regularization_counts_weights_alone_and_not_per_sample():
    tables = network(dense(2), shape=[2], regularization={"l2": 0.5, "l1": 0.25})
    params, x = draw(tables), RNG.normal(size=(3, 2))
    t = x @ params["W1"] + params["b1"]
    w = params["W1"]
    result = evaluate(tables, params, x, t)
    assert result.loss == pytest.approx(0.25 * np.sum(w**2) + 0.25 * np.sum(np.abs(w)))
    np.testing.assert_allclose(result.grads["W1"], 0.5 * w + 0.25 * np.sign(w), atol=1e-12)
    np.testing.assert_allclose(result.grads["b1"], 0, atol=1e-12)


def test_several_outputs_weigh_their_losses():
    heads = [
        {"from": "a", "target": "ta", "weight": 2.0, "loss": {"type": "mse", "reduction": "sum"}},
        {"from": "b", "target": "tb", "loss": {"type": "mae"}},
    ]
    tables = network(dense(2, name="a"), dense(3, name="b"), shape=[2], output=heads)
    params, x = draw(tables), RNG.normal(size=(4, 2))
    a = x @ params["W1"] + params["b1"]
    b = a @ params["W2"] + params["b2"]
    result = evaluate(tables, params, x, {"ta": a + 1, "tb": b - 1})
    assert result.loss == pytest.approx(2 * 4 * 2 / 2 + 3)
    np.testing.assert_allclose(result.outputs["b"], b)


def test_gradients_are_central_differences():
    tables = network(
        dense(4, activation="x*sigmoid(1.7*x)"),
        {"type": "residual", "layers": [{"type": "layernorm"}, dense(4, activation="gelu")]},
        {"type": "batchnorm"},
        dense(3, activation="softmax"),
        shape=[2],
        loss={"type": "cross_entropy"},
        regularization={"l2": 0.1},
    )
    params, x = draw(tables), RNG.normal(size=(5, 2))
    t = RNG.integers(0, 3, size=5)
    grads = evaluate(tables, params, x, t, training=True).grads
    scale = max(np.abs(g).max() for g in grads.values())
    for key, gradient in grads.items():
        for place in np.ndindex(gradient.shape):
            shifted = []
            for step in (1e-5, -1e-5):
                moved = params[key].copy()
                moved[place] += step
                shifted.append(evaluate(tables, {**params, key: moved}, x, t, training=True).loss)
            assert (shifted[0] - shifted[1]) / 2e-5 == pytest.approx(
                gradient[place], abs=1e-7 * scale
            )


# -- losses ----------------------------------------------------------------------------------


Y, T = torch.tensor(RNG.normal(size=(4, 3))), torch.tensor(RNG.normal(size=(4, 3)))
P = torch.softmax(Y, -1)
SOFT = torch.softmax(T, -1)
SIGNS = torch.sign(T)
CLASSES = torch.tensor([0, 2, 1, 1])
E = Y - T


@pytest.mark.parametrize(
    ("table", "y", "t", "expected"),
    [
        ({"type": "mse"}, Y, T, 0.5 * (E**2).sum() / 4),
        ({"type": "mse", "reduction": "sum"}, Y, T, 0.5 * (E**2).sum()),
        ({"type": "mae"}, Y, T, E.abs().sum() / 4),
        (
            {"type": "huber", "delta": 0.7},
            Y,
            T,
            torch.where(E.abs() < 0.7, E**2 / 2, 0.7 * (E.abs() - 0.35)).sum() / 4,
        ),
        (
            {"type": "binary_cross_entropy"},
            P,
            SOFT,
            -(SOFT * P.log() + (1 - SOFT) * (1 - P).log()).sum() / 4,
        ),
        ({"type": "cross_entropy"}, P, SOFT, -(SOFT * P.log()).sum() / 4),
        ({"type": "cross_entropy"}, P, CLASSES, -P.log()[range(4), CLASSES].mean()),
        ({"type": "hinge"}, Y, SIGNS, F.relu(1 - SIGNS * Y).sum() / 4),
        ({"formula": "(y - t)**4/4"}, Y, T, (E**4 / 4).sum() / 4),
        ({"formula": "L[n] = sum(abs(y[n,k] - t[n,k]), k)**2"}, Y, T,
         (E.abs().sum(1) ** 2).mean()),
        ({"formula": "L = mean((y[n,k] - t[m,k])**2, n, m, k)"}, Y, T,
         ((Y[:, None] - T) ** 2).mean()),
    ],
)  # fmt: skip
def test_losses_by_hand(table, y, t, expected):
    torch.testing.assert_close(loss(table, Value(y), t, {}, Walk({}, {})), expected)


def test_cross_entropy_takes_the_mean_over_positions():
    y = torch.softmax(torch.tensor(RNG.normal(size=(2, 3, 4))), -1)
    t = torch.tensor(RNG.integers(0, 4, size=(2, 3)))
    expected = -y.log().gather(2, t[..., None]).mean()
    torch.testing.assert_close(
        loss({"type": "cross_entropy"}, Value(y), t, {}, Walk({}, {})), expected
    )


@pytest.mark.parametrize("squash", ["softmax", "sigmoid"])
def test_losses_behind_a_squash_are_finite_where_the_probability_is_zero(squash):
    kind = "cross_entropy" if squash == "softmax" else "binary_cross_entropy"
    tables = network({"type": "activation", "function": squash}, shape=[2], loss={"type": kind})
    result = evaluate(tables, {}, np.array([[3000.0, -3000.0]]), np.array([[0.0, 1.0]]))
    assert np.isfinite(result.loss)
    assert result.loss >= 3000
    assert np.isfinite(result.dx).all()


# -- formulas --------------------------------------------------------------------------------


X = torch.tensor(RNG.normal(size=(2, 3, 6)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tanh(x)**2 - 2/(1 + x**2)", torch.tanh(X) ** 2 - 2 / (1 + X**2)),
        ("y[n,t,d] = exp(x[n,t,d])/sum(exp(x[n,t,e]), e)", torch.softmax(X, -1)),
        ("y[n,...,d] = softmax(x[n,...,d], d)", torch.softmax(X, -1)),
        ("m[n,t] = mean(x[n,t,d], d)\ny[n,t,d] = x[n,t,d] - m[n,t]", X - X.mean(-1, keepdim=True)),
        ("y[n,...] = max(x[n,...,d], d) - min(x[n,...,d], d)", X.amax(-1) - X.amin(-1)),
        ("y[n,(h,d),t] = x[n,t,(d,h)]",
         X.unflatten(2, (3, 2)).permute(0, 3, 2, 1).reshape(2, 6, 3)),
        ("y[n,c,p] = x[n,c,2*p] + x[n,c,2*p+1]", X[..., ::2] + X[..., 1::2]),
        ("y[n,c,p] = pad(x[n,c,p-1])", F.pad(X, (1, 1))),
        ("y[n,t,d] = sum(x[n,u,d], u, u <= t)", X.cumsum(1)),
        ("y[n,t,d] = where(t == d or t > 1, x[n,t,d], 0.5)",
         torch.where(torch.eye(3, 6, dtype=torch.bool) | (torch.arange(3) > 1)[:, None], X, 0.5)),
        ("y[n,t,d] = x[n,t,d]*(t - d)/size(d)",
         X * (torch.arange(3)[:, None] - torch.arange(6)) / 6),
        ("y[n,d] += x[n,t,d]", X.sum(1)),
        ("z[n,t,d] += x[n,t,d]\nz[n,t,d+size(e)] += x[n,t,d]*mean(x[n,t,e], e)",
         torch.cat([X, X * X.mean(-1, keepdim=True)], -1)),
        ("h[n,t,d] = h[n,t-1,d] + x[n,t,d]", X.cumsum(1)),
        ("h[n,t,d] = h[n,t+1,d] + x[n,t,d]", X.flip(1).cumsum(1).flip(1)),
        ("h[n,-1,d] = x[n,0,d]\nh[n,t,d] = h[n,t-1,d] + x[n,t,d]", X.cumsum(1) + X[:, :1]),
        ("h[n,t,d] = c[n,t-1,d] + x[n,t,d]\nc[n,t,d] = h[n,t,d]\ny[n,d] = h[n,size(t)-1,d]",
         X.sum(1)),
        ("y[n,t,d] = x[n,t,d]*stop_gradient(x[n,t,d])", X**2),
    ],
)  # fmt: skip
def test_formulas_by_hand(text, expected):
    sizes = {"h": 2} if "(h,d)" in text else {"t": 3} if "<=" in text else {}
    torch.testing.assert_close(value(text, x=X, sizes=sizes), expected)


def test_a_split_axis_alone_is_told_from_two_axes():
    row = torch.arange(6.0, dtype=torch.float64)
    assert value("y[h,d] = x[(h,d)]", x=row, sizes={"h": 2}).shape == (2, 3)
    assert value("y[h,d] = x[h,d]", x=row.reshape(3, 2)).shape == (3, 2)


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 2, 2)])
def test_convolution_as_formula(stride, padding, dilation):
    image, kernel = (
        torch.tensor(RNG.normal(size=(2, 3, 7, 6))),
        torch.tensor(RNG.normal(size=(4, 3, 3, 3))),
    )
    rows, columns = (f"{stride}*{p}+{dilation}*{u}-{padding}" for p, u in ("pu", "qv"))
    text = f"z[n,f,p,q] = sum(pad(x[n,c,{rows},{columns}])*K[f,c,u,v], c, u, v)"
    expected = F.conv2d(image, kernel, stride=stride, padding=padding, dilation=dilation)
    torch.testing.assert_close(value(text, x=image, K=kernel), expected)


def test_transposed_convolution_sums_into_place():
    signal, kernel = (
        torch.tensor(RNG.normal(size=(2, 3, 4))),
        torch.tensor(RNG.normal(size=(3, 2, 3))),
    )
    found = value("z[n,f,2*p+u] += x[n,c,p]*K[c,f,u]", x=signal, K=kernel)
    torch.testing.assert_close(found, F.conv_transpose1d(signal, kernel, stride=2))


def test_a_gather_reads_rows():
    table, tokens = torch.tensor(RNG.normal(size=(5, 2))), torch.tensor([[0, 4, 4], [1, 2, 0]])
    found = value("y[n,t,d] = E[tok[n,t],d]", E=table, tok=tokens)
    torch.testing.assert_close(found, F.embedding(tokens, table))


def test_formula_parameters_take_their_sizes_from_letters():
    layer = {
        "type": "formula",
        "formula": "y[n,...,j] = s*sum(x[n,...,i]*W[i,j], i) + b[j]",
        "parameters": {"W": ["i", 5], "b": ["j"], "s": 1.0},
    }
    tables = network(layer, shape=[2, 3])
    assert parameter_shapes(tables) == {"W1": (3, 5), "b1": (5,), "s1": ()}


def test_kinks_are_measured():
    tables = network({"type": "activation", "function": "relu"}, shape=[2], loss={"type": "mae"})
    x, t = np.array([[0.5, -0.2]]), np.array([[0.6, 3.0]])
    assert kink_distance(tables, {}, x, t) == pytest.approx(0.1)
    smooth = network({"type": "activation", "function": "gelu"}, shape=[2])
    assert kink_distance(smooth, {}, x, t) == float("inf")
