"""A formula together with what is declared beside it: what checks and size inference read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

from symbp.errors import InputError
from symbp.language.tree import Affine, Equation, Pad, Position, Read, Reduction, SizeOf
from symbp.language.walk import Node, affine, gathers, indices, letters, walk

Axis = int | str | None  # a size, a letter that has it, or None: the batch


@dataclass(frozen=True)
class Use:
    """A tensor at the positions where an equation reads or writes it."""

    equation: Equation
    read: Read
    padded: bool = False
    written: bool = False


@dataclass(frozen=True)
class Program:
    """Equations without ellipses, and the axes of every tensor that is given."""

    equations: tuple[Equation, ...]
    given: Mapping[str, tuple[Axis, ...]]
    parameters: tuple[str, ...]
    constants: tuple[str, ...]
    integer: frozenset[str]
    batch: tuple[str, ...]
    file: str | None
    line: int

    def fail(self, equation: Equation | None, message: str) -> NoReturn:
        """Raise InputError at the equation's line, or at the formula's first."""
        offset = equation.line - 1 if equation and equation.line else 0
        raise InputError(message, self.file, self.line + offset)

    @cached_property
    def definitions(self) -> dict[str, list[Equation]]:
        """The equations that define each name."""
        found: dict[str, list[Equation]] = {}
        for equation in self.equations:
            found.setdefault(equation.name, []).append(equation)
        return found

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every left side and every read, in the order written."""
        return tuple(use for equation in self.equations for use in _uses(equation))

    @cached_property
    def letters(self) -> frozenset[str]:
        """Whatever stands in a position, behind a reduction, in size(), or for a declared axis."""
        found = {axis for axes in self.given.values() for axis in axes if isinstance(axis, str)}
        for use in self.uses:
            for position in use.read.positions:
                found.update(moving(position))
        for equation in self.equations:
            for node in walk(equation.rhs):
                if isinstance(node, Reduction):
                    found.update(node.letters)
                elif isinstance(node, SizeOf):
                    found.add(node.letter)
        return frozenset(found)


def left(equation: Equation) -> Read:
    """The left side of an equation as if it were read."""
    return Read(equation.name, equation.positions)


def is_point(equation: Equation) -> bool:
    """Whether an equation sets its tensor at one position of an axis, as ``h[n,-1,j]`` does."""
    return any(isinstance(p, Affine) and not p.terms for p in equation.positions)


def moving(position: Position) -> tuple[str, ...]:
    """The letters of a position, with those of each size() in it."""
    sizes = (letter for index in indices(position) for _, letter in affine(index).sizes)
    return (*letters(position), *sizes)


def _uses(equation: Equation) -> Iterator[Use]:
    target = left(equation)
    yield Use(equation, target, written=True)
    for position in target.positions:
        for gather in gathers(position):
            yield from (Use(equation, n) for n in walk(gather.read) if isinstance(n, Read))
    yield from _reads(equation.rhs, equation)


def _reads(node: Node, equation: Equation) -> Iterator[Use]:
    padded = {id(inner.read) for inner in walk(node) if isinstance(inner, Pad)}
    for inner in walk(node):
        if isinstance(inner, Read):
            yield Use(equation, inner, id(inner) in padded)
