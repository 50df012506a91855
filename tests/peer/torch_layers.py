"""The layers in PyTorch's own words.

A layer is a function ``(table, x, run) -> Tensor``: ``table`` is the TOML table, ``x`` the batch,
and ``run`` gives parameters, buffers and dropout masks by letter and shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.peer.torch_formula import evaluate_formula
from tests.peer.torch_functions import ACTIVATIONS, distance_to_kink

Table = Mapping[str, Any]


class Run(Protocol):
    """What a layer may ask of the walk through the network."""

    training: bool
    dtype: torch.dtype

    def parameter(self, letter: str, shape: tuple[int, ...]) -> Tensor: ...
    def buffer(self, letter: str, shape: tuple[int, ...]) -> Tensor: ...
    def mask(self, x: Tensor, rate: float) -> Tensor: ...
    def kink(self, distance: float) -> None: ...


@dataclass(frozen=True)
class Value:
    """A layer's output; behind a softmax or a sigmoid also what went into it."""

    data: Tensor
    squash: str | None = None
    logits: Tensor | None = None


def activate(function: str, x: Tensor, run: Run, table: Table) -> Value:
    """An activation by name, ``softmax`` among them, or by formula."""
    if function == "softmax":
        return Value(torch.softmax(x, dim=-1), "softmax", x)
    if function not in ACTIVATIONS:
        return Value(formula({"formula": function, **table}, {"x": x}, run))
    run.kink(distance_to_kink(function, x))
    y = ACTIVATIONS[function](x)
    return Value(y, "sigmoid", x) if function == "sigmoid" else Value(y)


def formula(table: Table, inputs: Mapping[str, Tensor], run: Run) -> Tensor:
    """A layer, an activation or a loss by formula, with what is declared beside it."""
    parameters = {
        k: v if isinstance(v, list) else [] for k, v in table.get("parameters", {}).items()
    }
    constants = {k: torch.tensor(v, dtype=run.dtype) for k, v in table.get("constants", {}).items()}
    return evaluate_formula(
        table["formula"],
        {**inputs, **constants},
        parameter=run.parameter,
        declared=parameters,
        sizes=table.get("sizes", {}),
        kink=run.kink,
        dtype=run.dtype,
    )


def dense(table: Table, x: Tensor, run: Run) -> Tensor:
    weight = run.parameter("W", (x.shape[-1], table["units"]))
    bias = run.parameter("b", (table["units"],)) if table.get("bias", True) else None
    return F.linear(x, weight.T, bias)


def dropout(table: Table, x: Tensor, run: Run) -> Tensor:
    rate = table["rate"]
    return x * run.mask(x, rate) / (1 - rate) if run.training else x


def flatten(table: Table, x: Tensor, run: Run) -> Tensor:
    return x.flatten(1)


def reshape(table: Table, x: Tensor, run: Run) -> Tensor:
    return x.reshape(len(x), *table["shape"])


def batchnorm(table: Table, x: Tensor, run: Run) -> Tensor:
    c = (x.shape[1],)
    return F.batch_norm(
        x,
        run.buffer("running_mean", c),
        run.buffer("running_var", c),
        run.parameter("gamma", c),
        run.parameter("beta", c),
        training=run.training,
        momentum=table.get("momentum", 0.1),
        eps=table.get("eps", 1e-5),
    )


def layernorm(table: Table, x: Tensor, run: Run) -> Tensor:
    d = (x.shape[-1],)
    gamma, beta = run.parameter("gamma", d), run.parameter("beta", d)
    return F.layer_norm(x, d, gamma, beta, eps=table.get("eps", 1e-5))


def rmsnorm(table: Table, x: Tensor, run: Run) -> Tensor:
    d = (x.shape[-1],)
    return F.rms_norm(x, d, run.parameter("gamma", d), eps=table.get("eps", 1e-5))


LAYERS: dict[str, Callable[[Table, Tensor, Run], Tensor]] = {
    "dense": dense,
    "dropout": dropout,
    "flatten": flatten,
    "reshape": reshape,
    "batchnorm": batchnorm,
    "layernorm": layernorm,
    "rmsnorm": rmsnorm,
}


def merge(table: Table, values: list[Tensor]) -> Tensor:
    """``add``, ``multiply`` and ``concat``."""
    if table["type"] == "concat":
        axis = table.get("axis", -1)
        return torch.cat(values, dim=axis + 1 if axis >= 0 else axis)
    total = values[0]
    for value in values[1:]:
        total = total + value if table["type"] == "add" else total * value
    return total
