"""A network as its user described it: checked, with every default filled in, and nothing derived yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from symbp.language.tree import Formula

Options: TypeAlias = tuple[
    tuple[str, Any], ...
]  # sorted by key; lists become tuples, tables sorted pairs


@dataclass(frozen=True)
class Layer:
    type: str
    name: str | None = None
    options: Options = ()  # every option of the type but those with a field here
    inputs: tuple[tuple[str, str], ...] = ()  # (local name or "", name in the network)
    share: str | None = None
    formula: Formula | None = None  # of a `formula` layer, or of an `activation` given by formula
    layers: tuple[Layer, ...] = ()  # of `residual` and `repeat`
    line: int = field(default=0, compare=False)
    formula_line: int = field(default=0, compare=False)

    def option(self, key: str) -> object:
        return dict(self.options)[key]


@dataclass(frozen=True)
class Loss:
    type: str | None = None  # None: by formula
    formula: Formula | None = None
    options: Options = ()  # delta, and the declarations beside a formula
    reduction: str = "mean"
    line: int = field(default=0, compare=False)
    formula_line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Output:
    source: str | None  # name of the layer; None: the last one
    target: str
    loss: Loss
    weight: float = 1.0
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Train:
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    schedule: str = "constant"
    schedule_options: Options = ()
    epochs: int = 100
    batch_size: int | None = None  # None: the whole data set
    clip_norm: float | None = None
    held_out: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Data:
    source: str
    target: tuple[str, ...] = ()  # columns, for .csv
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Spec:
    """One network. ``Network`` (symbp/network.py) is this with methods."""

    name: str
    layers: tuple[Layer, ...]
    outputs: tuple[Output, ...]
    input_name: str = "x"
    input_shape: tuple[int, ...] = ()
    l2: float = 0.0
    l1: float = 0.0
    train: Train = Train()
    data: Data | None = None
    title: str = ""  # the comment block at the top of the file is not kept; this key is
    file: str | None = field(default=None, compare=False)
    base: str | None = field(default=None, compare=False)  # the folder of paths in [data]
