"""What a layer is: its forward formula, and what it declares beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symbp.language.tree import Formula

Axes = tuple[int | str, ...]


@dataclass(frozen=True)
class Normal:
    """Normal numbers of this variance, divided by the fan-in where they are weights."""

    variance: float
    weights: bool = True


Start = str | float | Normal  # how an array starts: a known name, one number everywhere, or drawn


@dataclass(frozen=True)
class Definition:
    """A forward formula in the formula language; everything else is derived from it.

    The built-in layers write it as text, a user's layer brings it parsed.
    ``inference`` is the formula outside training where it differs. ``parameters`` and ``buffers`` map
    local names to axes (a size, or a letter of the formula; () is a scalar). ``noise`` maps the name
    of a random tensor to the rate at which it drops. ``updates`` says how buffers move in training.
    ``kernels`` names the parameters that begin with the axis of their outputs.
    """

    formula: str | Formula
    inference: str | Formula | None = None
    inputs: tuple[str, ...] = ("x",)
    output: str = "y"
    parameters: Mapping[str, Axes] = field(default_factory=dict)
    buffers: Mapping[str, Axes] = field(default_factory=dict)
    init: Mapping[str, Start] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    updates: str | None = None
    regularized: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    latex: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, object] = field(default_factory=dict)
    line: int = 0  # of the formula's first line in the user's file; 0 for a built-in layer
