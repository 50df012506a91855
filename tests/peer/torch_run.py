"""What a layer of the witness may ask of the walk, and the activations and formulas it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from tests.peer.torch_formula import evaluate_formula
from tests.peer.torch_functions import ACTIVATIONS, distance_to_kink

torch.set_num_threads(1)  # tensors this small lose more by several threads than they win

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
