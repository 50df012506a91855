"""PyTorch eager on one CPU thread: a network file as functions of ``torch.nn.functional``.

Weights are held as PyTorch holds them (a dense layer's transposed, the three of attention in one).
The functions are made once, so that a step is their calls and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.contenders import Absent
from benchmarks.contenders.pytorch_layers import Layer, Leaf, Weights, chain
from benchmarks.task import Arrays, Tables, Task

torch.set_num_threads(1)

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Eager:
    forward: Layer
    loss: Loss
    leaves: list[Leaf]
    x: Tensor
    t: Tensor
    rate: float
    start: Arrays

    def __post_init__(self) -> None:
        self.tensors = [leaf.tensor for leaf in self.leaves]

    def step(self) -> float:
        loss = self.loss(self.forward(self.x), self.t)
        loss.backward()
        with torch.no_grad():
            for tensor in self.tensors:
                tensor.sub_(tensor.grad, alpha=self.rate)  # type: ignore[arg-type]
                tensor.grad = None
        return loss.item()

    def params(self) -> Arrays:
        found = {key: value.copy() for key, value in self.start.items()}
        for leaf in self.leaves:
            leaf.write(found)
        return found


def make(task: Task) -> Eager:
    """Raises Absent for a layer or a loss that is not known here."""
    if "regularization" in task.tables:
        raise Absent("regularization is not written for it")
    weights = Weights(task.params)
    layers, loss = _head(task.tables)
    forward = chain(layers, weights)
    x, t = torch.from_numpy(task.x), torch.from_numpy(task.t)
    if task.tables["loss"]["type"] == "cross_entropy":
        t = t.argmax(dim=-1)
    return Eager(forward, loss, weights.leaves, x, t, task.rate, task.params)


def _head(tables: Tables) -> tuple[list[Tables], Loss]:
    """The layers and the loss; a softmax or sigmoid before a cross entropy is part of the loss."""
    layers = [dict(layer) for layer in tables["layer"]]
    total = tables["loss"].get("reduction") == "sum"
    match tables["loss"]["type"]:
        case "cross_entropy" if layers[-1].pop("activation", None) == "softmax":
            return layers, _cross_entropy_sum if total else _cross_entropy
        case "mse":
            return layers, _squares_sum if total else _squares
        case kind:
            raise Absent(f"loss {kind} is not written for it")


def _squares(y: Tensor, t: Tensor) -> Tensor:
    return F.mse_loss(y, t, reduction="sum") * (0.5 / len(y))


def _squares_sum(y: Tensor, t: Tensor) -> Tensor:
    return 0.5 * F.mse_loss(y, t, reduction="sum")


def _cross_entropy(z: Tensor, t: Tensor) -> Tensor:
    return F.cross_entropy(z.flatten(0, -2), t.flatten())


def _cross_entropy_sum(z: Tensor, t: Tensor) -> Tensor:
    return _cross_entropy(z, t) * len(z)
