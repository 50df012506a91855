"""What is judged: the data at which an answer is evaluated, and what it says there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self

import numpy as np

from symbp.errors import InputError
from symbp.language.spec import Spec
from symbp.network.program import Program

Array = np.ndarray
Targets = Array | Mapping[str, Array]
Kind = Literal["function", "class", "text"]
Notation = Literal["scalar", "matrix"]


class Network(Protocol):
    """What the judge needs of ``symbp.Network``."""

    @property
    def spec(self) -> Spec: ...

    @spec.setter
    def spec(self, spec: Spec) -> None: ...

    @property
    def program(self) -> Program: ...

    def __hash__(self) -> int: ...

    @classmethod
    def from_spec(cls, spec: Spec) -> Self: ...


@dataclass(frozen=True, eq=False)
class Point:
    """Parameters and buffers by name, inputs x (n, ...), targets t (n, ...) or a dict of them."""

    params: Mapping[str, Array]
    x: Array
    t: Targets


@dataclass(frozen=True)
class Problem:
    """Why a quantity of an answer has no value, or one that cannot be trusted.

    ``kind`` is "shape" (the shapes of a product do not fit, or the result has another shape than the
    parameter), "sum" (an open index is on one side alone), "unknown" (a symbol without a definition),
    "number" (NaN or infinity), "exception" (the answer's code stopped), or "order": the value is there,
    but the update of a class depends on more than its gradient, as it reads weights that the same step
    has changed already. ``value`` is what was found, where that has another shape.
    """

    kind: str
    text: str
    line: int | None = None
    value: Array | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an answer says at one point.

    ``gradients`` are by the network's parameter names and have the parameters' shapes; a name that
    is absent is missing, unless ``problems`` has it. ``others`` are further quantities that the
    answer defines, by the generated module's names: ``dz2``, ``dh``, also ``z1`` or ``loss``. An
    answer may mean something else by the same name (a delta without its 1/N), so they explain a
    wrong gradient and do not make one. ``sides`` are the values of all right sides of a chain
    ``.. = .. = ..`` that are written out, the result last; each of them is a claim. ``chains`` are
    those that rest on a derivative which the answer leaves undefined, as in dL/dh dh/dw.
    """

    gradients: Mapping[str, Array]
    others: Mapping[str, Array] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    sides: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    chains: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Answer:
    """Somebody's gradient, ready to be evaluated at points of its notation.

    ``where`` says on which line a gradient or another quantity is defined, with that line's text;
    ``notes`` are sentences on how the answer was read, where there was a choice.
    """

    name: str
    kind: Kind
    notation: Notation | None
    where: Mapping[str, tuple[int, str]]
    run: Callable[[tuple[Point, ...]], tuple[Outcome, ...]] = field(repr=False)
    notes: tuple[str, ...] = ()

    def evaluate(self, points: tuple[Point, ...]) -> tuple[Outcome, ...]:
        """One outcome for each point; raises Unusable where the answer as a whole gives none."""
        return self.run(tuple(points))


class Unusable(InputError):
    """An answer that cannot be read or run.

    ``excerpt`` is the line at fault with a caret below the place, empty where there is no line;
    ``column`` counts from 1.
    """

    def __init__(
        self,
        reason: str,
        file: str | Path | None = None,
        line: int | None = None,
        column: int | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(reason, None if file is None else str(file), line)
        self.reason = reason
        self.column = column
        self.excerpt = "" if text is None or column is None else excerpt(text, column)

    def of(self, file: str) -> Unusable:
        """The same, told of a file by another name."""
        made = Unusable(self.reason, file, self.line, self.column)
        made.excerpt = self.excerpt
        return made

    def __str__(self) -> str:
        first = super().__str__()
        return f"{first}\n{self.excerpt}" if self.excerpt else first


WIDTH = 96


def excerpt(text: str, column: int) -> str:
    """The line, cut to ``WIDTH`` around the column, and a caret below it; nothing in it can move a
    terminal's cursor."""
    shown = "".join(c if c.isprintable() else " " for c in text.rstrip("\r\n"))
    place = min(max(column - 1, 0), len(shown))
    start = max(0, min(place - WIDTH // 2, len(shown) - WIDTH))
    cut = shown[start : start + WIDTH]
    return f"    {cut}\n    {' ' * (place - start)}^"
