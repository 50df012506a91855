"""A small network to vary, as tables and as text."""

from __future__ import annotations

from typing import Any

import pytest

from symbp.errors import InputError
from symbp.language.network_file import from_tables
from symbp.language.spec import Layer, Spec

Table = dict[str, Any]

DENSE: Table = {"type": "dense", "units": 3}
NETWORK: Table = {"input": {"shape": [4]}, "layer": [DENSE], "loss": {"type": "mse"}}


def network(*layers: Table, **more: object) -> Spec:
    return from_tables({**NETWORK, **({"layer": list(layers)} if layers else {}), **more})


def layer(**table: object) -> Layer:
    return network(table).layers[0]


def message(*layers: Table, **more: object) -> str:
    with pytest.raises(InputError) as caught:
        network(*layers, **more)
    return str(caught.value)


MANUAL = """\
name = "xor"
[input]
name  = "x"
shape = [2]

[target]
name = "t"

[[layer]]
type = "dense"
name = "h"
units = 3
activation = "sigmoid"

[[layer]]
type = "dense"
name = "y"
units = 1
activation = "sigmoid"

[loss]
type = "mse"
reduction = "sum"

[regularization]
l2 = 0.0
l1 = 0.0

[train]
optimizer = "sgd"
learning_rate = 0.5
momentum = 0.9
schedule = "constant"
epochs = 5000
batch_size = 4
clip_norm = 1.0
held_out = 0.2
seed = 0

[data]
source = "xor"
"""
