"""What a network with one or two inputs says about every point: a curve, or a coloured plane."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from symbp.lecture.numbers_run import spread
from symbp.network.program import Program
from symbp.writers.main_part import Arrays
from symbp.writers.outline import interface

LEVELS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SIDE = 41  # points of a plane's side
LENGTH = 61  # points of a curve
CLASSES = 10
POINTS = 200
MARGIN = 0.1  # of the data's range, on each side


@dataclass(frozen=True)
class Picture:
    """``kind`` is "curve" (one input) or "plane" (two).

    ``axes``: (first, last) of each input; the points between are evenly spaced. ``points``: samples,
    inputs first, then the target or the number of its class. A frame of a curve is a list of
    outputs. A frame of a plane is a string, row by row from the smallest second input up, one
    character of ``LEVELS`` a point: the class where there are ``classes``, else how far the output
    is from ``low`` (first character) to ``high`` (last), the ends of the targets.
    """

    kind: str
    axes: tuple[tuple[float, float], ...]
    points: tuple[tuple[float, ...], ...]
    classes: int = 0
    low: float = 0.0
    high: float = 1.0
    frames: tuple[Any, ...] = ()

    def grid(self) -> np.ndarray:
        """The inputs (points, 1 or 2) that the frames show the outputs for."""
        if self.kind == "curve":
            return np.linspace(*self.axes[0], LENGTH)[:, None]
        first, second = (np.linspace(*axis, SIDE) for axis in self.axes)
        return np.array([(a, b) for b in second for a in first])

    def with_frames(self, outputs: list[np.ndarray]) -> Picture:
        """The picture with a frame for each outputs (points, 1) or (points, classes)."""
        whole = [np.nan_to_num(y.astype(float)) for y in outputs]
        if self.kind == "curve":
            frames: list[Any] = [[_short(value) for value in y.ravel()] for y in whole]
        elif self.classes:
            frames = ["".join(LEVELS[k] for k in y.argmax(axis=-1)) for y in whole]
        else:
            last, room = len(LEVELS) - 1, self.high - self.low
            parts = [np.clip((y.ravel() - self.low) / room, 0, 1) for y in whole]
            frames = ["".join(LEVELS[round(p * last)] for p in y.tolist()) for y in parts]
        return replace(self, frames=tuple(frames))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def empty_picture(program: Program, arrays: Arrays) -> Picture | None:
    """The picture without frames; None for a network that none can be drawn of."""
    net = interface(program, "float64")
    plane, output = net.input_shape == (2,), net.outputs[0]
    x, t = spread(arrays, POINTS)
    if net.several or net.vocabulary or not (plane or net.input_shape == (1,)):
        return None
    assert not isinstance(t, dict)
    named = output.classes in ("one_hot", "integer")
    if len(output.shape) != 1 or output.shape[0] > (CLASSES if named and plane else 1):
        return None
    targets = t.argmax(axis=-1) if output.classes == "one_hot" else t.reshape(len(t), -1)[:, 0]
    points = np.column_stack([x, targets]).astype(float)
    low, high = float(targets.min()), float(targets.max())
    return Picture(
        kind="plane" if plane else "curve",
        axes=tuple(_axis(column) for column in arrays[0].T),
        points=tuple(tuple(_short(value) for value in point) for point in points),
        classes=output.shape[0] if named else 0,
        low=_short(low),
        high=_short(high) if high > low else _short(low) + 1.0,
    )


def _axis(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or 1.0
    return _short(low - room), _short(high + room)


def _short(value: float) -> float:
    return float(f"{value:.3g}")
