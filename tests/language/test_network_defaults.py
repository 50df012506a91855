"""Every option that a network leaves out gets its default."""

from __future__ import annotations

from typing import Any

import pytest

from symbp.language.options import LAYERS, LOSSES
from symbp.language.spec import Train
from tests.language.networks import DENSE, layer, message, network

LEAST: dict[str, dict[str, Any]] = {  # the required options of each type that has any
    "dense": {"units": 3},
    "activation": {"function": "tanh"},
    "dropout": {"rate": 0.5},
    "reshape": {"shape": [2, 2]},
    "conv1d": {"filters": 4, "kernel": 3},
    "conv2d": {"filters": 4, "kernel": 3},
    "maxpool2d": {"kernel": 2},
    "avgpool2d": {"kernel": 2},
    "embedding": {"vocabulary": 9, "dim": 3},
    "rnn": {"units": 3},
    "lstm": {"units": 3},
    "gru": {"units": 3},
    "attention": {"heads": 2},
    "residual": {"layers": [DENSE]},
    "repeat": {"times": 2, "layers": [DENSE]},
    "add": {"inputs": ["x", "x"]},
    "multiply": {"inputs": ["x", "x"]},
    "concat": {"inputs": ["x", "x"]},
    "formula": {"formula": "x*x"},
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "dense": {"bias": True, "activation": None, "init": None},
    "activation": {"parameters": (), "latex": ()},
    "conv1d": {"kernel": (3,), "stride": (1,), "padding": (0,), "dilation": (1,), "groups": 1,
               "bias": True, "activation": None, "init": None},
    "conv2d": {"kernel": (3, 3), "stride": (1, 1), "padding": (0, 0), "dilation": (1, 1),
               "groups": 1, "bias": True, "activation": None, "init": None},
    "maxpool2d": {"kernel": (2, 2), "stride": (2, 2)},
    "avgpool2d": {"kernel": (2, 2), "stride": (2, 2)},
    "batchnorm": {"eps": 1e-5, "momentum": 0.1},
    "layernorm": {"eps": 1e-5},
    "rmsnorm": {"eps": 1e-5},
    "positional": {"kind": "sinusoidal"},
    "rnn": {"activation": "tanh", "return_sequences": True, "init": None},
    "lstm": {"return_sequences": True, "init": None},
    "gru": {"return_sequences": True, "init": None},
    "attention": {"causal": False, "init": None},
    "concat": {"axis": -1},
    "reshape": {"shape": (2, 2)},
    "formula": {"parameters": (), "init": (), "constants": (), "sizes": (), "latex": (),
                "regularized": ()},
}  # fmt: skip


@pytest.mark.parametrize("kind", LAYERS)
def test_every_layer_type_with_its_defaults(kind):
    given = LEAST.get(kind, {})
    kept = {k: v for k, v in given.items() if k not in ("layers", "inputs", "formula")}
    expected = {**kept, **DEFAULTS.get(kind, {})}
    assert dict(layer(type=kind, **given).options) == expected


@pytest.mark.parametrize("kind", LEAST)
def test_required_options_are_asked_for(kind):
    assert "needs" in message({"type": kind})


ADAM: dict[str, Any] = {"betas": (0.9, 0.999), "eps": 1e-8}


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("sgd", Train("sgd", 1e-3)),
        ("momentum", Train("momentum", 1e-3, momentum=0.9)),
        ("nesterov", Train("nesterov", 1e-3, momentum=0.9)),
        ("rmsprop", Train("rmsprop", 1e-2, alpha=0.99, eps=1e-8)),
        ("adam", Train("adam", 1e-3, **ADAM)),
        ("adamw", Train("adamw", 1e-3, weight_decay=0.01, **ADAM)),
    ],
)
def test_optimizers_have_the_defaults_of_torch(optimizer, expected):
    assert network(train={"optimizer": optimizer}).train == expected


def test_no_train_table_means_sgd_with_its_defaults():
    assert network().train == network(train={"optimizer": "sgd"}).train


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"schedule": "constant"}, {}),
        ({"schedule": "step", "step_size": 9}, {"step_size": 9, "gamma": 0.1}),
        ({"schedule": "cosine", "epochs": 70}, {"t_max": 70, "min_learning_rate": 0.0}),
        (
            {"schedule": "warmup_cosine", "epochs": 70},
            {"warmup_epochs": 7, "min_learning_rate": 0.0},
        ),
    ],
)
def test_schedules_with_their_defaults(table, expected):
    assert dict(network(train=table).train.schedule_options) == expected


@pytest.mark.parametrize("kind", [kind for kind in LOSSES if kind != "formula"])
def test_losses_with_their_defaults(kind):
    loss = network(loss={"type": kind}).outputs[0].loss
    assert (loss.type, loss.reduction, loss.formula) == (kind, "mean", None)
    assert loss.options == ((("delta", 1.0),) if kind == "huber" else ())


def test_other_defaults():
    spec = network()
    assert (spec.name, spec.title, spec.input_name) == ("network", "", "x")
    assert (spec.l1, spec.l2, spec.data) == (0.0, 0.0, None)
    assert spec.outputs[0].target == "t"


def test_padding_same_is_half_the_dilated_kernel():
    conv = layer(type="conv2d", filters=4, kernel=[3, 5], dilation=[2, 1], padding="same")
    assert conv.option("padding") == (2, 2)
