"""Draws layers for images and sequences, one or a few at a time, for the shape at hand."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.peer.torch_functions import ACTIVATIONS, KINKS
from tests.peer.torch_network import value_shapes

Table = dict[str, Any]
Shape = tuple[int, ...]

FORMULAS = ("x*sigmoid(1.7*x)", "tanh(x)**3 + x/2", "sin(x)/(2 + cos(x))")
RECURRENT = ("rnn", "lstm", "gru")
POOLS = ("maxpool2d", "avgpool2d")
# By the rank of one sample: layers that keep its shape, and layers that may change it.
KEEPING: dict[int, tuple[str, ...]] = {
    3: ("conv2d", "batchnorm", "activation"),
    2: (*RECURRENT, "attention", "attention", "positional", "layernorm", "dense", "conv1d"),
    1: ("dense", "layernorm"),
}
CHANGING: dict[int, tuple[str, ...]] = {
    3: ("conv2d", *POOLS, "globalavgpool", "flatten"),
    2: (*RECURRENT, "conv1d", "dense", "flatten"),
    1: ("dense",),
}


class Chain:
    """Grows ``layers`` one behind the other; ``smooth``: without kinks."""

    def __init__(self, random: Random, smooth: bool) -> None:
        self.random, self.smooth = random, smooth
        self.unused = random.sample(range(2, 8), 6)
        self.input: Table = {}
        self.layers: list[Table] = []

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def size(self, low: int, high: int) -> int:
        """One that no other axis has, as long as there are such."""
        for size in self.unused:
            if low <= size <= high:
                self.unused.remove(size)
                return size
        return self.random.randint(low, high)

    @property
    def shape(self) -> Shape:
        return value_shapes({"input": self.input, "layer": self.layers})[None]

    def activation(self) -> str:
        names = (*ACTIVATIONS, *FORMULAS)
        return self.pick(*(name for name in names if not self.smooth or name not in KINKS))

    # -- one layer -----------------------------------------------------------------------------

    def layer(self, kind: str, keeps: bool) -> Table:
        """A layer for the shape at hand; ``keeps``: that does not change it."""
        shape = self.shape
        match kind:
            case "conv1d" | "conv2d":
                return self.convolution(shape, keeps)
            case "maxpool2d" | "avgpool2d":
                return self.pool(kind, shape)
            case "rnn" | "lstm" | "gru":
                return self.recurrent(kind, shape, keeps)
            case "attention":
                heads = [h for h in (1, 2, 3) if shape[-1] % h == 0]
                return {"type": kind, "heads": self.pick(*heads, heads[-1])} | self.maybe(
                    causal=True
                )
            case "positional":
                return {"type": kind} | self.maybe(kind=self.pick("learned", "sinusoidal"))
            case "dense":
                units = shape[-1] if keeps else self.size(2, 5)
                return {"type": kind, "units": units} | self.maybe(activation=self.activation())
            case "activation":
                return {"type": kind, "function": self.activation()}
        return {"type": kind}

    def maybe(self, **options: Any) -> Table:
        """Each option or not."""
        return {key: value for key, value in options.items() if self.pick(True, False)}

    def convolution(self, shape: Shape, keeps: bool) -> Table:
        channels, *image = shape
        groups = self.pick(1, 1, *(g for g in (2, 3) if channels % g == 0))
        filters = channels if keeps else groups * self.pick(1, 2, 3)
        dilation = [self.pick(1, 1, 2) for _ in image]
        padding = [self.pick(0, 0, 1, 2) for _ in image]
        room = [size + 2 * p for size, p in zip(image, padding, strict=True)]
        fitting = [
            [k for k in (1, 2, 3, 3) if d * (k - 1) < size]
            for size, d in zip(room, dilation, strict=True)
        ]
        kernel = [self.pick(1, 3, 3) if keeps else self.pick(*choices) for choices in fitting]
        table: Table = {"type": f"conv{len(image)}d", "filters": filters, "kernel": _brief(kernel)}
        if keeps:
            table["padding"] = "same"
        else:
            stride = [self.pick(1, 1, 2, 3) for _ in image]
            table |= {"padding": _brief(padding), "stride": _brief(stride)}
        table |= {"dilation": _brief(dilation), "groups": groups}
        defaults = {"padding": 0, "stride": 1, "dilation": 1, "groups": 1}
        table = {key: value for key, value in table.items() if defaults.get(key) != value}
        return table | self.maybe(bias=False) | self.maybe(activation=self.activation())

    def pool(self, kind: str, shape: Shape) -> Table:
        kernel = [self.pick(*(k for k in (1, 2, 2, 3) if k <= size)) for size in shape[1:]]
        stride = [self.pick(1, 2, 3) for _ in kernel]
        if max(kernel) == 1:
            kernel[-1] = min(2, shape[-1])
        return {"type": kind, "kernel": _brief(kernel)} | self.maybe(stride=_brief(stride))

    def recurrent(self, kind: str, shape: Shape, keeps: bool) -> Table:
        table: Table = {"type": kind, "units": shape[-1] if keeps else self.size(2, 4)}
        if kind == "rnn":
            usual = ("tanh", "sigmoid") if self.smooth else ("tanh", "relu", "relu")
            table |= self.maybe(activation=self.pick(*usual, *FORMULAS, self.activation()))
        return table if keeps else table | self.maybe(return_sequences=False)

    # -- several layers ------------------------------------------------------------------------

    def grow(self, kind: str) -> None:
        """Appends a layer of this kind, maybe shared, repeated, or around which a residual stands."""
        rank = len(self.shape)
        keeps = kind in KEEPING[rank] and (kind not in CHANGING[rank] or self.pick(True, False))
        table = self.layer(kind, keeps)
        self.layers += self.wrapped(table) if keeps else [table]

    def wrapped(self, table: Table) -> list[Table]:
        """The layer, or several made of it that keep the shape, too."""
        owns = table["type"] not in ("positional", "activation", "batchnorm")
        match self.pick("alone", "alone", "residual", "repeat", "both", *["shared"] * owns):
            case "residual":
                return [{"type": "residual", "layers": [table]}]
            case "repeat":
                return [self.repeat([table])]
            case "both":
                inner = [{"type": "layernorm"}, table] if self.shape[-1] > 2 else [table]
                return [self.repeat([{"type": "residual", "layers": inner}])]
            case "shared":
                name = f"s{len(self.layers)}"
                between = {"type": "activation", "function": self.activation()}
                twice = [{**table, "name": name}, between, {**table, "share": name}]
                return [self.repeat(twice)] if self.pick(True, False) else twice
        return [table]

    def repeat(self, layers: list[Table]) -> Table:
        return {"type": "repeat", "times": self.pick(2, 3), "layers": layers}

    def any(self) -> None:
        rank = len(self.shape)
        kinds = [
            k for k in (*KEEPING[rank], *CHANGING[rank]) if not self.smooth or k != "maxpool2d"
        ]
        self.grow(self.pick(*kinds))


def _brief(values: Sequence[int]) -> int | list[int]:
    """As a person writes it: one number where all axes have the same."""
    return values[0] if len(set(values)) == 1 else list(values)
