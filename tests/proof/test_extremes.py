"""Generated modules at the edge of what floating point can hold: finite, or a named error."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.proof.module import load

Table = dict[str, Any]


def module(*layers: Table, shape=(4,), loss: Table | str = "mse", **tables: Any) -> Any:
    loss = {"type": loss} if isinstance(loss, str) else loss
    network = symbp.Network(
        name="net", input={"shape": list(shape)}, layer=list(layers), loss=loss, **tables
    )
    return load(network.generate())


def straight(units: int = 4) -> dict[str, np.ndarray]:
    """Parameters of a dense layer that hands its input on."""
    return {"W1": np.eye(units), "b1": np.zeros(units)}


def strictly(made: Any, params: dict, x: Any, t: Any, training: bool = False) -> float:
    """The loss, after a check that loss and gradients are finite and nothing was warned about."""
    with np.errstate(all="raise", under="ignore"):
        value, grads = made.loss_and_grads(params, np.asarray(x, float), t, training=training)
    assert np.isfinite(value)
    assert all(np.isfinite(gradient).all() for gradient in grads.values())
    return value


DENSE = {"type": "dense", "units": 4}
LOGITS = {
    "all large": [[1e300, 1e300, 1e300, 1e300]],
    "both signs": [[1e300, -1e300, 1e4, -1e4]],
    "one small": [[-1e300, 0, 0, 0]],
    "1e4": [[1e4, -1e4, 0, 1], [-1e4, -1e4, -1e4, 1e4]],
    "tiny": [[1e-300, -1e-300, 0, 5e-324]],
    "equal": [[0, 0, 0, 0]],
}
HEADS: dict[str, tuple[list[Table], str]] = {
    "softmax": ([{**DENSE, "activation": "softmax"}], "cross_entropy"),
    "softmax apart": ([DENSE, {"type": "softmax"}], "cross_entropy"),
    "sigmoid": ([{**DENSE, "activation": "sigmoid"}], "binary_cross_entropy"),
    "sigmoid apart": (
        [DENSE, {"type": "activation", "function": "sigmoid"}],
        "binary_cross_entropy",
    ),
    "sigmoids as a distribution": ([{**DENSE, "activation": "sigmoid"}], "cross_entropy"),
}


@cache
def head_module(head: str, reduction: str) -> Any:
    layers, loss = HEADS[head]
    return module(*layers, loss={"type": loss, "reduction": reduction})


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("logits", LOGITS)
@pytest.mark.parametrize("head", HEADS)
def test_extreme_logits_give_finite_gradients(head, logits, reduction):
    made = head_module(head, reduction)
    x = np.array(LOGITS[logits], float)
    for k in range(4):
        t = np.eye(4)[[k] * len(x)]
        strictly(made, straight(), x, t)
    strictly(made, straight(), x, np.full(x.shape, 0.25))


def test_a_hopeless_mistake_costs_the_distance_of_the_logits():
    made = module({**DENSE, "activation": "softmax"}, loss="cross_entropy")
    assert strictly(made, straight(), [[1e4, -1e4, 0, 0]], np.eye(4)[[1]]) == 2e4
    assert strictly(made, straight(), [[1e4, -1e4, 0, 0]], np.eye(4)[[0]]) == 0
    binary = module({**DENSE, "activation": "sigmoid"}, loss="binary_cross_entropy")
    assert strictly(binary, straight(), [[1e4, -1e4, 1e4, -1e4]], np.array([[0, 1, 1, 0.0]])) == 2e4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_of_saturated_outputs_are_plain_differences(dtype):
    made = load(
        symbp.Network(
            name="net", input={"shape": [4]}, layer=[{**DENSE, "activation": "softmax"}],
            loss={"type": "cross_entropy"},
        ).generate(dtype=dtype)
    )  # fmt: skip
    params = {name: value.astype(dtype) for name, value in straight().items()}
    x = np.array([[1e4, -1e4, 0, 0]], dtype)
    with np.errstate(all="raise", under="ignore"):
        _, grads = made.loss_and_grads(params, x, np.eye(4, dtype=dtype)[[1]])
    assert (grads["b1"] == [1, -1, 0, 0]).all() and grads["b1"].dtype == dtype


@pytest.mark.parametrize("function", ["sigmoid", "tanh", "softplus", "elu", "selu", "silu", "gelu"])
def test_saturated_activations_pass_finite_gradients(function):
    made = module({**DENSE, "activation": function}, loss={"type": "mae"})
    strictly(made, straight(), [[1e4, -1e4, 750, -750]], np.zeros((1, 4)))


def test_a_long_chain_of_saturated_layers_is_finite():
    layers = [{**DENSE, "activation": "sigmoid"} for _ in range(8)]
    made = module(*layers, loss="binary_cross_entropy")
    params = {name: 1e4 * value for name, value in made.init_params(0).items()}
    strictly(made, params, np.full((3, 4), 100.0), np.ones((3, 4)))


NORMS = {
    "layernorm": [[2.0, 2, 2, 2], [0, 0, 0, 0], [1e8, 1e8, 1e8, 1e8]],
    "rmsnorm": [[0.0, 0, 0, 0], [1e8, 0, 0, 0], [1e-200, 0, 0, 0]],
    "batchnorm": [[2.0, 0, -1, 1e8]] * 3,
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("norm", NORMS)
def test_zero_variance_is_finite(norm, training):
    made = module(DENSE, {"type": norm}, DENSE)
    params = made.init_params(0) | straight()
    strictly(made, params, NORMS[norm], np.ones((3, 4)), training)


def test_a_batch_of_one_passes_through_batchnorm_in_training():
    made = module(DENSE, {"type": "batchnorm"}, DENSE)
    strictly(made, made.init_params(0), [[1.0, 2, 3, 4]], np.ones((1, 4)), training=True)


# -- targets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4,), (3, 4)])
def test_integer_targets_are_one_hot_targets(shape):
    made = module({**DENSE, "activation": "softmax"}, shape=shape, loss="cross_entropy")
    rng = np.random.default_rng(0)
    params, x = made.init_params(1), rng.standard_normal((5, *shape))
    labels = rng.integers(4, size=(5, *shape[:-1]))
    first = made.loss_and_grads(params, x, labels)
    second = made.loss_and_grads(params, x, np.eye(4)[labels])
    assert first[0] == second[0]
    assert all((first[1][name] == second[1][name]).all() for name in first[1])


def test_the_gradient_for_a_soft_target_is_the_mixture():
    made = module({**DENSE, "activation": "softmax"}, loss="cross_entropy")
    rng = np.random.default_rng(0)
    params, x = made.init_params(1), rng.standard_normal((5, 4))
    soft = rng.dirichlet(np.ones(4), size=5)
    _, wanted = made.loss_and_grads(params, x, soft)
    parts = [made.loss_and_grads(params, x, np.eye(4)[[k] * 5])[1] for k in range(4)]
    y = made.forward(params, x)
    assert np.allclose(wanted["b1"], (y - soft).mean(axis=0))
    assert np.allclose(made.loss(params, x, soft), -(soft * np.log(y)).sum(axis=1).mean())
    assert parts[0]["b1"].shape == wanted["b1"].shape


@pytest.mark.parametrize(
    "t",
    [
        np.full((2, 4), 0.5),
        np.array([0, 4]),
        np.array([-1, 0]),
        np.array([0.5, 1.5]),
        np.eye(3)[:2],
    ],
)
def test_targets_that_are_no_distribution_are_named(t):
    made = module({**DENSE, "activation": "softmax"}, loss="cross_entropy")
    with pytest.raises(ValueError, match=r"^t (holds|has shape).*expected"):
        made.loss_and_grads(made.init_params(0), np.ones((2, 4)), t)


@pytest.mark.parametrize(
    "x", [np.ones((2, 3)), np.ones((0, 4)), np.full((2, 4), np.nan), np.full((2, 4), np.inf), 1.0]
)
def test_inputs_that_cannot_be_meant_are_named(x):
    made = module(DENSE)
    with pytest.raises(ValueError, match=r"^x has shape .*expected \(n, 4\)"):
        made.predict(made.init_params(0), x)
