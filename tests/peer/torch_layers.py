"""The layers in PyTorch's own words.

A layer is a function ``(table, x, run) -> Tensor``: ``table`` is the TOML table, ``x`` the batch,
and ``run`` gives parameters, buffers and dropout masks by letter and shape.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.peer import torch_real_layers
from tests.peer.torch_run import Run, Table, Value, activate, formula

__all__ = ["LAYERS", "Run", "Table", "Value", "activate", "formula", "merge"]


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
    **torch_real_layers.LAYERS,
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
