"""The numbers of one training step, equation by equation, small enough to show and to send along.

numbers(network.program).steps[0]
# Step("forward.z1", "z1", {}, Value((4, 3), ((0.0, 0.0, 0.0), ...), ...), {})
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbp.lecture.numbers_run import Note, Run, run
from symbp.network.program import Program

DIGITS = 4
SMALL = 8  # rows and columns of an array whose entries are shown as numbers
EDGES = (32, 24, 16, 12, 8, 6, 4)  # of a heat map: the first that keeps all of them below ROOM
ROOM = 300_000  # characters of JSON

Row = tuple[float | str, ...]


@dataclass(frozen=True)
class Value:
    """An array of ``shape`` as rows of cells, and the largest magnitude in it.

    Leading axes lie side by side: those at even distance from the last go into the columns, the
    others into the rows, so that each image of a batch stays an image. The cells are the entries to
    four digits or, where ``heat``, whole percents of ``largest``, each the entry of the largest
    magnitude of its block. What is no number is "nan", "inf" or "-inf".
    """

    shape: tuple[int, ...]
    cells: tuple[Row, ...]
    largest: float | str
    heat: bool = False

    def as_json(self) -> dict[str, Any]:
        cells = {"heat" if self.heat else "cells": self.cells}
        return {"shape": self.shape, **cells, "largest": self.largest}


@dataclass(frozen=True)
class Step:
    """Equation ``id`` makes ``name``, in the round ``at`` (variable -> number) of the loops around.

    An empty ``id``: a value that the next equation reads as a part or under another name, such as
    the state before the first step. ``reads`` says for each name in the equation which step made
    the value that it reads; names that are not in it are given.
    """

    id: str
    name: str
    at: Mapping[str, int]
    value: Value
    reads: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """The fields that are not empty."""
        whole = {
            "id": self.id, "name": self.name, "at": dict(self.at), "value": self.value.as_json(),
            "reads": dict(self.reads),
        }  # fmt: skip
        return {key: found for key, found in whole.items() if found}


@dataclass(frozen=True)
class Numbers:
    """``given``: inputs, targets, parameters and the batch size by their names in the code;
    ``steps``: everything that one training step computes, in order, the new parameters last."""

    given: Mapping[str, Value]
    steps: tuple[Step, ...]

    @property
    def order(self) -> tuple[str, ...]:
        """The equations in the order in which they first run; those of the other mode never do."""
        return tuple(dict.fromkeys(s.id for s in self.steps if s.id))

    @property
    def values(self) -> dict[str, Value]:
        """The last value of every name."""
        return {**self.given, **{s.name: s.value for s in self.steps}}

    def as_json(self) -> dict[str, Any]:
        return {
            "given": {name: value.as_json() for name, value in self.given.items()},
            "steps": [step.as_json() for step in self.steps],
        }


def numbers(program: Program) -> Numbers:
    """One step of the generated module's training on a few samples of the network's data.

    Raises InputError where the data cannot be read or do not fit.
    """
    made = run(program)
    arrays = [*made.given.values(), *(note.value for note in made.notes)]
    fitting = (edge for edge in EDGES if sum(_room(a, edge) for a in arrays) <= ROOM)
    return shown(made, next(fitting, EDGES[-1]))


def shown(made: Run, edge: int) -> Numbers:
    """A run with heat maps of at most ``edge`` rows and columns."""
    given = {name: value(array, edge) for name, array in made.given.items()}
    return Numbers(given, tuple(_step(note, edge) for note in made.notes))


def _step(note: Note, edge: int) -> Step:
    return Step(note.id, note.name, note.at, value(note.value, edge), note.reads)


def value(array: np.ndarray, edge: int = EDGES[0]) -> Value:
    """An array as it is shown."""
    array = np.asarray(array)
    table = flat(array.astype(float))
    finite = np.abs(table[np.isfinite(table)])
    largest = number(finite.max() if finite.size else 0.0)
    if max(table.shape) <= SMALL:
        return Value(array.shape, tuple(tuple(number(x) for x in row) for row in table), largest)
    cells = _reduced(_reduced(table, edge).T, edge).T
    return Value(array.shape, _percents(cells, finite.max(initial=0.0)), largest, True)


def _room(array: np.ndarray, edge: int) -> int:
    """About how many characters of JSON an array takes."""
    height, width = flat_shape(array.shape)
    small = max(height, width) <= SMALL
    return 150 + (9 * height * width if small else 5 * min(height, edge) * min(width, edge))


def flat_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the table that ``flat`` makes."""
    return math.prod(shape[-2::-2]), math.prod(shape[::-2])


def flat(array: np.ndarray) -> np.ndarray:
    """An array (..., i, j) as a table: the axes before, in turn, beside and below each other."""
    axes = range(array.ndim)
    columns = [k for k in axes if (array.ndim - 1 - k) % 2 == 0]
    rows = [k for k in axes if k not in columns]
    return array.transpose(*rows, *columns).reshape(flat_shape(array.shape))


def _reduced(table: np.ndarray, edge: int) -> np.ndarray:
    """At most ``edge`` rows: of each block of rows the entry of the largest magnitude."""
    if len(table) <= edge:
        return table
    blocks = np.array_split(table, edge)
    places = [np.nan_to_num(np.abs(block), nan=np.inf).argmax(axis=0) for block in blocks]
    return np.array([b[p, np.arange(b.shape[1])] for b, p in zip(blocks, places, strict=True)])


def number(x: float) -> float | str:
    """Four digits of a number; a whole number without a point."""
    if not np.isfinite(x):
        return str(float(x))
    short = float(f"{x:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e6 else short


def _percents(table: np.ndarray, largest: float) -> tuple[Row, ...]:
    parts = 100 * table / (largest or 1.0)
    whole = np.rint(np.where(np.isfinite(parts), parts, 0)).astype(int).tolist()
    for row, column in np.argwhere(~np.isfinite(parts)):
        whole[row][column] = str(float(table[row, column]))
    return tuple(tuple(row) for row in whole)
