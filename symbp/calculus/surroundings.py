"""What the names in a formula mean, and what it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symbp.calculus.padding import Shape
from symbp.language import tree
from symbp.language.recurrence import Recurrence


@dataclass(frozen=True)
class Formulas:
    """What names mean: activations kept by name, and activations that are written out."""

    named: frozenset[str]
    written_out: Mapping[str, tree.Expr]  # body in the bare name `x`


@dataclass(frozen=True)
class Surroundings:
    """What a formula stands in: the sizes of its letters, the shapes of its tensors, names that no
    part may get, and the file and the line of its first line."""

    sizes: Mapping[str, int | None]
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    recurrences: Mapping[str, Recurrence] = field(default_factory=dict)
    file: str | None = None
    line: int = 1
