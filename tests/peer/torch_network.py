"""Evaluates a network's tables with PyTorch: outputs, loss, and gradients by autograd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from tests.peer.torch_layers import LAYERS, Table, Value, activate, formula, merge
from tests.peer.torch_losses import loss

Arrays = dict[str, np.ndarray]
# What a sharing layer need not say again.
TAKEN_OVER = ("units", "bias", "formula", "function", "parameters", "sizes", "constants")
REGULARIZED = ("W", "K", "Wx", "Wh", "Wq", "Wk", "Wv", "Wo")


class Evaluation(NamedTuple):
    """``outputs``: an array, or one per output by its layer's name. ``dx``: None for integers."""

    outputs: Any
    loss: float
    grads: Arrays
    dx: Any


class Walk:
    """One pass through the layers. Parameters come from ``params``; without, they are made up.

    ``k`` of a parameter's name counts, in file order, the layers that asked for parameters of
    their own; a stack under ``repeat`` counts them once and reads a slice per step.
    """

    def __init__(
        self,
        tables: Table,
        params: Mapping[str, Tensor] | None,
        *,
        training: bool = False,
        masks: Sequence[np.ndarray] = (),
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self.tables, self.params, self.training, self.dtype = tables, params, training, dtype
        self.masks = [torch.as_tensor(mask, dtype=dtype) for mask in masks]
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.buffers: set[str] = set()
        self.regularized: set[str] = set()
        self.kink_distance = float("inf")
        self.count = self.drops = 0
        self.number: int | None = None  # of the current layer; None until it asks
        self.repeats: tuple[tuple[int, int], ...] = ()  # (step, times) of each repeat around
        self.owners: dict[str, tuple[Table, int | None, int]] = {}  # by name; repeats around
        self.depth: int | None = None  # of the sharing layer's source

    # -- what a layer may ask for ------------------------------------------------------------

    def parameter(self, letter: str, shape: tuple[int, ...]) -> Tensor:
        if self.number is None:
            self.count += 1
            self.number = self.count
        key, around = f"{letter}{self.number}", self.repeats[: self.depth]
        self.shapes[key] = (*(times for _, times in around), *shape)
        if self.params is None:
            return torch.ones(shape, dtype=self.dtype)
        assert self.params[key].shape == self.shapes[key], f"{key}: {self.shapes[key]}"
        return self.params[key][tuple(step for step, _ in around)]

    def buffer(self, letter: str, shape: tuple[int, ...]) -> Tensor:
        value = self.parameter(letter, shape).detach()
        self.buffers.add(f"{letter}{self.number}")
        return value

    def mask(self, x: Tensor, rate: float) -> Tensor:
        """The next mask of zeros and ones; without masks nothing is dropped, only scaled."""
        self.drops += 1
        return self.masks[self.drops - 1] if self.masks else torch.ones_like(x)

    def kink(self, distance: float) -> None:
        self.kink_distance = min(self.kink_distance, distance)

    # -- the walk ----------------------------------------------------------------------------

    def forward(self, x: Tensor) -> dict[str | None, Value]:
        """The named values and, as None, the last one."""
        named = {self.tables["input"].get("name", "x"): Value(x)}
        last = self.chain(self.tables["layer"], Value(x), named)
        return {**named, None: last}

    def chain(self, layers: Sequence[Table], value: Value, named: dict[str, Value]) -> Value:
        for table in layers:
            self.number = self.depth = None
            if share := table.get("share"):
                owner, self.number, self.depth = self.owners[share]
                table = {**{k: v for k, v in owner.items() if k in TAKEN_OVER}, **table}
            value = self.layer(table, value, named)
            if name := table.get("name"):
                named[name] = value
                self.owners[name] = (table, self.number, len(self.repeats))
        return value

    def layer(self, table: Table, value: Value, named: dict[str, Value]) -> Value:
        kind, wanted = table["type"], table.get("inputs", ())
        inputs = [named[name] for name in (wanted.values() if isinstance(wanted, dict) else wanted)]
        value = inputs[0] if inputs else value
        if kind in ("add", "multiply", "concat"):
            return Value(merge(table, [v.data for v in inputs]))
        if kind == "residual":
            inner = self.chain(table["layers"], value, named)
            return Value(value.data + inner.data)
        if kind == "repeat":
            return self.repeat(table, value, named)
        if kind == "softmax":
            return activate("softmax", value.data, self, {})
        if kind == "activation":
            declared = {key: table[key] for key in ("parameters", "constants") if key in table}
            return activate(table["function"], value.data, self, declared)
        if kind == "formula":
            local = (
                dict(zip(wanted, inputs, strict=True)) if isinstance(wanted, dict) else {"x": value}
            )
            data = formula(table, {name: v.data for name, v in local.items()}, self)
            self.regularized |= {f"{name}{self.number}" for name in table.get("regularized", ())}
            return Value(data)
        before = set(self.shapes)
        data = LAYERS[kind](table, value.data, self)
        made = set(self.shapes) - before
        self.regularized |= {key for key in made if key.rstrip("0123456789") in REGULARIZED}
        function = table.get("activation") if kind == "dense" else None
        return activate(function, data, self, {}) if function else Value(data)

    def repeat(self, table: Table, value: Value, named: dict[str, Value]) -> Value:
        first = self.count
        for step in range(table["times"]):
            self.count = first
            self.repeats = (*self.repeats, (step, table["times"]))
            value = self.chain(table["layers"], value, named)
            self.repeats = self.repeats[:-1]
        return value

    def total_loss(self, values: Mapping[str | None, Value], t: object) -> Tensor:
        outputs = self.tables.get("output", ())
        total = torch.zeros((), dtype=self.dtype)
        for output in outputs:
            assert isinstance(t, Mapping)
            target = self.target(t[output["target"]])
            y = values[output.get("from")]
            part = loss(output["loss"], y, target, values, self)
            total = total + output.get("weight", 1.0) * part
        if not outputs:
            total = loss(self.tables["loss"], values[None], self.target(t), values, self)
        weights = self.tables.get("regularization", {})
        for key in sorted(self.regularized):
            assert self.params is not None
            w = self.params[key]
            total = (
                total
                + weights.get("l2", 0.0) / 2 * (w**2).sum()
                + weights.get("l1", 0.0) * w.abs().sum()
            )
            if weights.get("l1", 0.0):
                self.kink(float(w.detach().abs().min()))
        return total

    def target(self, t: object) -> Tensor:
        tensor = torch.as_tensor(np.asarray(t))
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor


def evaluate(
    tables: Table,
    params: Mapping[str, np.ndarray],
    x: np.ndarray,
    t: object,
    *,
    training: bool = False,
    masks: Sequence[np.ndarray] | None = None,
    dtype: torch.dtype = torch.float64,
) -> Evaluation:
    """Outputs, loss, the gradients of all trained parameters, and of ``x``.

    ``tables``: as ``tomllib`` gives them. ``x``: (n, ...). ``t``: an array, or a dict of them by
    target's name where the tables hold ``output``. ``masks``: of zeros and ones, one for each
    dropout layer in the order they run (under ``repeat`` again and again).
    """
    # Every array is copied: batch_norm writes into the buffers.
    leaves = {k: torch.tensor(v, dtype=dtype, requires_grad=True) for k, v in params.items()}
    batch = torch.tensor(x)
    if batch.is_floating_point():
        batch = batch.to(dtype).requires_grad_()
    walk = Walk(tables, leaves, training=training, masks=masks or (), dtype=dtype)
    values = walk.forward(batch)
    total = walk.total_loss(values, t)
    trained = [key for key in leaves if key not in walk.buffers]
    wanted = [leaves[key] for key in trained] + [batch] * batch.requires_grad
    found = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    arrays = [gradient.numpy() for gradient in found]
    dx = arrays.pop() if batch.requires_grad else None
    out: Any
    if outputs := tables.get("output"):
        out = {o["from"]: values[o["from"]].data.detach().numpy() for o in outputs}
    else:
        out = values[None].data.detach().numpy()
    return Evaluation(out, total.item(), dict(zip(trained, arrays, strict=True)), dx)


def kink_distance(
    tables: Table,
    params: Mapping[str, np.ndarray],
    x: np.ndarray,
    t: object,
    *,
    training: bool = False,
    masks: Sequence[np.ndarray] | None = None,
) -> float:
    """How near the nearest pre-activation, error or regularised weight is to a kink."""
    leaves = {key: torch.tensor(value, dtype=torch.float64) for key, value in params.items()}
    walk = Walk(tables, leaves, training=training, masks=masks or ())
    with torch.no_grad():
        walk.total_loss(walk.forward(torch.tensor(x)), t)
    return walk.kink_distance


def running_buffers(tables: Table, params: Mapping[str, np.ndarray], x: np.ndarray) -> Arrays:
    """The buffers after one forward pass over the batch ``x`` in training mode."""
    leaves = {key: torch.tensor(value, dtype=torch.float64) for key, value in params.items()}
    walk = Walk(tables, leaves, training=True)
    with torch.no_grad():
        walk.forward(torch.tensor(x))
    return {key: leaves[key].numpy() for key in sorted(walk.buffers)}


def _survey(tables: Table) -> tuple[Walk, dict[str | None, Value]]:
    """A walk with made-up parameters over a batch of two, for the shapes alone."""
    walk = Walk(tables, None)
    x = torch.zeros(2, *tables["input"]["shape"], dtype=torch.float64)
    with torch.no_grad():
        return walk, walk.forward(x)


def parameter_shapes(tables: Table) -> dict[str, tuple[int, ...]]:
    """The shape of every entry of the params dict, buffers included, in file order."""
    return _survey(tables)[0].shapes


def buffer_names(tables: Table) -> set[str]:
    """The keys of the params dict that are not trained."""
    return _survey(tables)[0].buffers


def value_shapes(tables: Table) -> dict[str | None, tuple[int, ...]]:
    """The shape of one sample of every named value and, as None, of the network's last one."""
    return {name: tuple(v.data.shape[1:]) for name, v in _survey(tables)[1].items()}
