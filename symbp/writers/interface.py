"""What the training part of a generated module needs to know about its network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symbp.layers.definition import Start

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Parameter:
    """A trained array, or a buffer.

    ``shape`` is the whole shape; its first ``levels`` axes count the copies under ``repeat`` and
    are no part of a weight's own fans. ``init`` is a name of the formula language, a number or Normal;
    None stands for its default (``glorot_uniform`` for two axes and more, ``zeros`` for one). The own
    axes of a ``kernel`` are filters, channels and window.
    """

    name: str
    shape: Shape
    init: Start | None = None
    levels: int = 0
    kernel: bool = False

    @property
    def own_shape(self) -> Shape:
        return self.shape[self.levels :]

    @property
    def fans(self) -> tuple[int, int]:
        """(fan-in, fan-out): the product of all own axes but the last, and the last; a filter meets
        a whole window at once."""
        if self.kernel:
            filters, channels, *window = self.own_shape
            return channels * math.prod(window), filters * math.prod(window)
        *others, last = self.own_shape or (1,)
        return math.prod(others), last


@dataclass(frozen=True)
class Output:
    """One output and its target, shapes of one sample.

    ``classes`` says how the data give their classes, and how accuracy is counted: ``"one_hot"`` by
    the largest entry of the last axis, ``"integer"`` the same against integers (then
    ``target_shape`` lacks that axis and ``count`` is the number of classes), ``"binary"`` by 1/2,
    ``"sign"`` by 0, None not at all. ``prepared`` says that ``_targets`` makes one-hot rows of the
    integers. ``source`` is the output's key where ``_forward`` returns a dict.
    """

    target: str
    shape: Shape
    classes: str | None = None
    target_shape: Shape | None = None  # None: as shape
    count: int | None = None
    prepared: bool = False
    source: str = ""

    @property
    def expected(self) -> Shape:
        """The shape of a target as the data give it."""
        return self.shape if self.target_shape is None else self.target_shape

    @property
    def judged(self) -> tuple[str | None, Shape]:
        """``classes`` and the shape of a target as the loss reads it, behind ``_targets``."""
        return ("one_hot", self.shape) if self.prepared else (self.classes, self.expected)


@dataclass(frozen=True)
class Interface:
    """The network seen from outside.

    ``vocabulary`` is the number of tokens where the input is integers; ``smooth`` says that the
    loss has no kink in parameters or input; ``stops`` that a formula calls ``stop_gradient``;
    ``prepares_targets`` that the module has ``_targets``; ``reduction`` is that of the losses over
    the batch (``"mean"``, too, for a loss of the whole batch or for outputs that differ).
    """

    input_shape: Shape
    outputs: tuple[Output, ...]
    parameters: tuple[Parameter, ...]
    buffers: tuple[Parameter, ...] = ()
    vocabulary: int | None = None
    reduction: str = "mean"
    dropout: bool = False
    smooth: bool = False
    stops: bool = False
    prepares_targets: bool = False
    dtype: str = "float64"

    @property
    def several(self) -> bool:
        return len(self.outputs) > 1

    @property
    def counted(self) -> tuple[Output, ...]:
        """The outputs that have an accuracy."""
        return tuple(output for output in self.outputs if output.classes)
