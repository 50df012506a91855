"""Small networks of every kind that the lecture has to cope with, and hostile ones."""

from __future__ import annotations

from functools import cache

import symbp
from tests.examples import example
from tests.layers.proved import dense
from tests.network.networks import BATCHNORM, DROPOUT, repeat

SOFTMAX = {"type": "softmax"}
CONV = {
    "name": "conv",
    "input": {"shape": [1, 5, 5]},
    "layer": [
        {"type": "conv2d", "filters": 2, "kernel": 2, "activation": "relu"},
        {"type": "maxpool2d", "kernel": 2},
        {"type": "flatten"},
        DROPOUT,
        dense(3),
        SOFTMAX,
    ],
    "loss": {"type": "cross_entropy"},
    "train": {"optimizer": "momentum", "schedule": "cosine", "epochs": 5},
}
RECURRENT = {
    "name": "recurrent",
    "input": {"shape": [3, 2]},
    "layer": [{"type": "gru", "units": 2}, dense(1, "sigmoid")],
    "loss": {"type": "binary_cross_entropy"},
    "train": {"optimizer": "adam", "clip_norm": 1.0, "held_out": 0.25, "epochs": 5},
}
REPEATED = {
    "name": "repeated",
    "input": {"shape": [3]},
    "layer": [dense(4), repeat(2, dense(4), BATCHNORM), dense(2)],
    "loss": {"type": "mse"},
    "train": {"epochs": 5},
}
HOSTILE = {
    "name": "hostile",
    "title": "</script>\\input{/etc/passwd} $x_1$ %& `rm` <b onclick=alert(1)> #1 ~^{}",
    "input": {"shape": [2], "name": "value"},
    "target": {"name": "name"},
    "layer": [dense(2, name="step"), dense(1, name="rows")],
    "loss": {"type": "mse"},
    "train": {"epochs": 2},
}
STOPPED = {
    "name": "stopped",
    "input": {"shape": [3]},
    "layer": [
        dense(2, name="l"),
        {"type": "formula", "formula": "y[n,d] = x[n,d]*tanh(stop_gradient(x[n,d]))"},
        repeat(2, dense(2, "tanh"), name="r"),
        dense(1),
    ],
    "loss": {"type": "mse"},
    "train": {"epochs": 2},
}
TABLES = {t["name"]: t for t in (CONV, RECURRENT, REPEATED, HOSTILE, STOPPED)}


@cache
def network(name: str) -> symbp.Network:
    """One of these, or a built-in example."""
    return symbp.Network(**TABLES[name]) if name in TABLES else example(name)
