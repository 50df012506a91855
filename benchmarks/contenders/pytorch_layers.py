"""The layers of a network file as functions from tensor to tensor, with their weights inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.contenders import Absent
from benchmarks.task import Arrays, Tables

Layer = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Leaf:
    """A tensor that holds the parameters ``names``, one below the other, at ``place`` of a stack."""

    tensor: Tensor
    names: tuple[str, ...]
    place: tuple[int, ...]
    turned: bool

    def write(self, params: Arrays) -> None:
        parts = np.split(self.tensor.detach().numpy(), len(self.names))
        for name, part in zip(self.names, parts, strict=True):
            params[name][self.place] = part.T if self.turned else part


@dataclass
class Weights:
    """Hands out parameters layer by layer, as symbp counts them."""

    params: Arrays
    number: int = 0
    place: tuple[int, ...] = ()
    leaves: list[Leaf] = field(default_factory=list)

    def count(self) -> None:
        """The next layer that has parameters."""
        self.number += 1

    def has(self, letter: str) -> bool:
        return f"{letter}{self.number}" in self.params

    def take(self, *letters: str, turned: bool = False) -> Tensor:
        """The parameters of these letters as one leaf; ``turned``: each of them transposed."""
        names = tuple(f"{letter}{self.number}" for letter in letters)
        arrays = [self.params[name][self.place] for name in names]
        joined = np.concatenate([a.T if turned else a for a in arrays])
        tensor = torch.tensor(np.ascontiguousarray(joined), requires_grad=True)
        self.leaves.append(Leaf(tensor, names, self.place, turned))
        return tensor


def chain(tables: Sequence[Tables], weights: Weights) -> Layer:
    """The layers one behind the other; raises Absent for one that is not known here."""
    layers = [layer for table in tables for layer in _made(table, weights)]

    def run(x: Tensor) -> Tensor:
        for layer in layers:
            x = layer(x)
        return x

    return run


def _made(table: Tables, weights: Weights) -> list[Layer]:
    """One layer, its activation behind it."""
    if "inputs" in table or "share" in table or table["type"] not in LAYERS:
        raise Absent(f"layer {table['type']} is not written for it")
    layer = LAYERS[table["type"]](table, weights)
    if "activation" in table and table["type"] != "rnn":
        return [layer, _activation(table["activation"])]
    return [layer]


def _activation(name: str) -> Layer:
    if name not in ACTIVATIONS:
        raise Absent(f"activation {name} is not written for it")
    return ACTIVATIONS[name]


def dense(table: Tables, weights: Weights) -> Layer:
    weights.count()
    w, b = weights.take("W", turned=True), weights.take("b") if weights.has("b") else None
    return lambda x: F.linear(x, w, b)


def convolution(table: Tables, weights: Weights) -> Layer:
    weights.count()
    k, b = weights.take("K"), weights.take("b") if weights.has("b") else None
    given = ("stride", "padding", "dilation", "groups")
    options = {key: table[key] for key in given if key in table}
    return lambda x: F.conv2d(x, k, b, **options)


def pool(function: Callable[..., Tensor], table: Tables, weights: Weights) -> Layer:
    kernel, stride = table["kernel"], table.get("stride", table["kernel"])
    return lambda x: function(x, kernel, stride)


def layernorm(table: Tables, weights: Weights) -> Layer:
    weights.count()
    gamma, beta = weights.take("gamma"), weights.take("beta")
    shape, eps = gamma.shape, table.get("eps", 1e-5)
    return lambda x: F.layer_norm(x, shape, gamma, beta, eps)


def recurrent(gates: int, table: Tables, weights: Weights) -> Layer:
    """``torch.rnn_tanh``, ``rnn_relu``, ``lstm`` and ``gru``, which run all steps in C++."""
    weights.count()
    wx, wh = weights.take("Wx", turned=True), weights.take("Wh", turned=True)
    biases = [weights.take(b) for b in (("bx", "bh") if gates == 3 else ("b",))]
    biases += [torch.zeros_like(biases[0])] * (2 - len(biases))
    names = {1: f"rnn_{table.get('activation', 'tanh')}", 3: "gru", 4: "lstm"}
    if names[gates] not in ("rnn_tanh", "rnn_relu", "gru", "lstm"):
        raise Absent(f"a recurrent {table['activation']} is not written for it")
    kernel: Callable[..., tuple[Tensor, ...]] = getattr(torch, names[gates])
    last = not table.get("return_sequences", True)

    def run(x: Tensor) -> Tensor:
        zero = x.new_zeros(1, len(x), wh.shape[1])
        state = (zero, zero) if gates == 4 else zero
        h = kernel(x, state, [wx, wh, *biases], True, 1, 0.0, True, False, True)[0]
        return h[:, -1] if last else h

    return run


def attention(table: Tables, weights: Weights) -> Layer:
    weights.count()
    w, b = weights.take("Wq", "Wk", "Wv", turned=True), weights.take("bq", "bk", "bv")
    wo, bo = weights.take("Wo", turned=True), weights.take("bo")
    heads, causal = table["heads"], table.get("causal", False)

    def run(x: Tensor) -> Tensor:
        n, t, d = x.shape
        q, k, v = F.linear(x, w, b).view(n, t, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return F.linear(y.transpose(1, 2).reshape(n, t, d), wo, bo)

    return run


def residual(table: Tables, weights: Weights) -> Layer:
    inner = chain(table["layers"], weights)
    return lambda x: x + inner(x)


def repeat(table: Tables, weights: Weights) -> Layer:
    number, place = weights.number, weights.place
    copies = []
    for k in range(table["times"]):
        weights.number, weights.place = number, (*place, k)
        copies.append(chain(table["layers"], weights))
    weights.place = place

    def run(x: Tensor) -> Tensor:
        for copy in copies:
            x = copy(x)
        return x

    return run


ACTIVATIONS: dict[str, Layer] = {
    "relu": F.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "elu": F.elu,
    "softplus": F.softplus,
    "leaky_relu": F.leaky_relu,
}
LAYERS: dict[str, Callable[[Tables, Weights], Layer]] = {
    "dense": dense,
    "activation": lambda table, _: _activation(table["function"]),
    "flatten": lambda *_: lambda x: x.flatten(1),
    "conv2d": convolution,
    "maxpool2d": partial(pool, F.max_pool2d),
    "avgpool2d": partial(pool, F.avg_pool2d),
    "layernorm": layernorm,
    "rnn": partial(recurrent, 1),
    "lstm": partial(recurrent, 4),
    "gru": partial(recurrent, 3),
    "attention": attention,
    "residual": residual,
    "repeat": repeat,
}
