"""Numbers for pencil and paper: given ones with two decimals, and what the generated module makes of
them on the way through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symbp.judge.child.watch import locals_of
from symbp.judge.exercise_network import Small
from symbp.judge.outcome import Array, Point, Targets
from symbp.judge.points import points
from symbp.proof import module
from symbp.writers.module import write

TRIES = 24
DIGITS = 4  # of a number that was worked out
SMALLEST = 0.02  # of what goes forward: nothing is near a kink, or too small to be seen
MODULE = Path("<string>")  # what Python calls a module that came from memory


@dataclass(frozen=True, eq=False)
class Numbers:
    """``point`` is given: one sample, parameters and inputs with few decimals. ``values`` are all
    tensors and adjoints as the generated module calls them (``z1``, ``dz1``), ``loss`` among them;
    ``gradients`` are by parameter."""

    point: Point
    values: Mapping[str, Array]
    gradients: Mapping[str, Array]


def draw(small: Small, seed: int) -> Numbers:
    """Numbers at which every gradient can be seen, where there are such."""
    live = module.load(write(small.program).source)
    best: Numbers | None = None
    for point in points(small.network, small.notation, TRIES, seed):
        given = _rounded(point)
        values: dict[str, Array] = {}
        with locals_of(MODULE, values), np.errstate(all="ignore"):
            loss, grads = live.loss_and_grads(given.params, given.x, given.t)
        made = Numbers(given, values | {"loss": np.asarray(loss)}, grads)
        if best is None or _faults(made) < _faults(best):
            best = made
        if not _faults(best):
            break
    assert best is not None
    return best


def _rounded(point: Point) -> Point:
    """The first sample of a point, weights with two decimals, data with one; none is zero."""
    t = point.t
    first: Targets = (
        {k: np.round(v[:1], 1) for k, v in t.items()}
        if isinstance(t, Mapping)
        else np.round(t[:1], 1)
    )
    params = {k: _shown(v, 2) for k, v in point.params.items()}
    return Point(params, _shown(point.x[:1], 1), first)


def _shown(value: Array, decimals: int) -> Array:
    rounded = np.round(value, decimals)
    return np.where(rounded == 0, 10.0**-decimals, rounded)


def _faults(numbers: Numbers) -> int:
    """How much of it can hardly be seen: gradients that vanish, values near zero."""
    hidden = sum(not np.any(np.abs(g) > 1e-12) for g in numbers.gradients.values())
    near = sum(bool(np.any(np.abs(numbers.point.params[k]) > 2)) for k in numbers.point.params)
    forward = (v for k, v in numbers.values.items() if not k.startswith("d"))
    tiny = sum(bool(np.any((v != 0) & (np.abs(v) < SMALLEST))) for v in forward)
    return 100 * hidden + near + tiny


def written(value: Array | float) -> str:
    """A number to four digits: ``0.1235``, ``-1.5``, ``3.2e-05``; arrays as nested lists."""
    array = np.asarray(value)
    if array.ndim == 0:
        return number(float(array))
    return f"[{', '.join(written(part) for part in array)}]"


def number(value: float) -> str:
    text = f"{value:.{DIGITS}g}"
    return "0" if float(text) == 0 else text


def latex(value: Array | float) -> str:
    """The same for TeX; an array of one or two axes as a matrix."""
    array = np.atleast_2d(np.asarray(value))
    if array.ndim > 2:
        return r"\;".join(latex(part) for part in array)
    if array.size == 1:
        return _latex_number(float(array.reshape(())))
    rows = [" & ".join(_latex_number(float(v)) for v in row) for row in array]
    inside = r" \\ ".join(rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


def _latex_number(value: float) -> str:
    digits, e, power = number(value).partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if e else digits
