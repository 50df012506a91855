"""The losses in PyTorch's own words."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.peer.formula_sizes import parse
from tests.peer.torch_functions import distance_to_kink
from tests.peer.torch_layers import Run, Table, Value, formula


def loss(table: Table, y: Value, t: Tensor, named: Mapping[str | None, Value], run: Run) -> Tensor:
    """The loss of a batch, reduced as ``table`` says; ``named`` are the values of the network."""
    if "formula" in table:
        others = {local: named[name].data for local, name in table.get("inputs", {}).items()}
        each = formula(table, {"y": y.data, "t": t, **others}, run)
        if not isinstance(parse(table["formula"]), list):
            each = each.flatten(1).sum(1)
        if each.dim() == 0:  # the equations end in L, the loss of the whole batch
            return each
    elif table["type"] == "cross_entropy":
        each = cross_entropy(y, t)
    else:
        each = elementwise(table, y, t, run).flatten(1).sum(1)
    return each.sum() if table.get("reduction", "mean") == "sum" else each.mean()


def cross_entropy(y: Value, t: Tensor) -> Tensor:
    """(n,): the mean over the positions of each sample."""
    classes = y.data.shape[-1]
    is_integer = not t.is_floating_point()
    target = t.reshape(-1).long() if is_integer else t.reshape(-1, classes)
    if y.squash == "softmax" and y.logits is not None:
        each = F.cross_entropy(y.logits.reshape(-1, classes), target, reduction="none")
    elif is_integer:
        each = F.nll_loss(y.data.reshape(-1, classes).log(), target, reduction="none")
    else:
        each = -torch.special.xlogy(target, y.data.reshape(-1, classes)).sum(-1)
    return each.reshape(len(t), -1).mean(1)


def elementwise(table: Table, y: Value, t: Tensor, run: Run) -> Tensor:
    match table["type"]:
        case "mse":
            return F.mse_loss(y.data, t, reduction="none") / 2
        case "mae":
            run.kink(distance_to_kink("abs", y.data - t))
            return F.l1_loss(y.data, t, reduction="none")
        case "huber":
            delta = float(table.get("delta", 1.0))
            run.kink(distance_to_kink("abs", (y.data - t).abs() - delta))
            return F.huber_loss(y.data, t, reduction="none", delta=delta)
        case "binary_cross_entropy":
            if y.squash == "sigmoid" and y.logits is not None:
                return F.binary_cross_entropy_with_logits(y.logits, t, reduction="none")
            return F.binary_cross_entropy(y.data, t, reduction="none")
        case "hinge":
            run.kink(distance_to_kink("relu", 1 - t * y.data))
            return torch.clamp(1 - t * y.data, min=0)
    raise AssertionError(f"no loss {table['type']}")
