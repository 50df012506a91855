"""Every position of a formula as a source of sizes, and what is known of the sizes so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from symbp.language.program import Program, Use, is_point
from symbp.language.recurrence import Recurrence, own_past
from symbp.language.tree import Affine, Group, Position

Size = int | None  # None: the batch
Place = tuple[str, int]  # an axis of a tensor, from 0


@dataclass(frozen=True)
class Spot:
    """One position of a use: where sizes come from."""

    use: Use
    axis: int
    position: Position
    exact: bool  # whether a bare letter here has the size of the axis
    free: bool  # whether the position may lie outside: under pad, or in a recurrence's past

    @property
    def place(self) -> Place:
        return self.use.read.name, self.axis


@dataclass
class Sizes:
    """What is known so far, and where each letter's size came from."""

    program: Program
    spots: list[Spot]
    letters: dict[str, Size]
    axes: dict[Place, Size] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)

    def known(self, letters: tuple[str, ...]) -> bool:
        return all(letter in self.letters for letter in letters)

    def unite(self, letter: str, place: Place, spot: Spot | None) -> bool:
        """A letter and an axis have one size; whether that is news. Raises InputError if not."""
        name, axis = place
        if place in self.axes and letter in self.letters:
            here, there = self.letters[letter], self.axes[place]
            if here != there:
                self._clash(letter, place, spot)
            return False
        if place in self.axes:
            self.letters[letter] = self.axes[place]
            self.origin[letter] = f"axis {axis + 1} of {name}"
            return True
        if letter in self.letters:
            self.axes[place] = self.letters[letter]
            return True
        return False

    def _clash(self, letter: str, place: Place, spot: Spot | None) -> NoReturn:
        here, there = self.letters[letter], self.axes[place]
        axis = f"axis {place[1] + 1} of {place[0]}"
        if here is None:
            problem = f"index {letter} is the batch, {axis} has size {there}; use another letter"
        elif there is None:
            problem = (
                f"index {letter} has size {here} ({self.origin[letter]}), {axis} is the batch;"
            )
            problem += f" write {self.program.batch[0]}"
        else:
            problem = (
                f"index {letter} has size {here} ({self.origin[letter]}) and {there} ({axis});"
            )
            problem += " make them equal or use two letters"
        self.program.fail(spot.use.equation if spot else None, problem)


def spots(program: Program, recurrences: Mapping[str, Recurrence]) -> list[Spot]:
    spread = _spread(program)
    found = []
    for use in program.uses:
        past = own_past(use, recurrences)
        for axis, position in enumerate(use.read.positions):
            exact = not use.padded and not (use.written and (use.read.name, axis) in spread)
            start = use.written and is_point(use.equation) and use.read.name in recurrences
            free = use.padded or axis == past or start
            found.append(Spot(use, axis, position, exact, free))
    return found


def _spread(program: Program) -> set[Place]:
    """Axes of ``+=`` targets that are written at more than bare letters: they have an extent."""
    return {
        (name, axis)
        for name, equations in program.definitions.items()
        for equation in equations
        for axis, position in enumerate(equation.positions)
        if equation.accumulate and not (isinstance(position, Affine) and position.letter)
    }


def reach(sizes: Sizes, position: Position) -> tuple[int, int] | None:
    """The lowest and the highest value of a position; None where that is not known.

    A letter of the batch has no size to count with, and a gather no bound.
    """
    if isinstance(position, Group):
        rest = [part.letter for part in position.parts[1:] if isinstance(part, Affine)]
        stride = math.prod(sizes.letters.get(letter or "", 0) or 0 for letter in rest)
        first = reach(sizes, position.parts[0])
        if first is None or not stride:
            return None
        return first[0] * stride, first[1] * stride + stride - 1
    if not isinstance(position, Affine):
        return None
    low = high = position.constant
    for coefficient, letter in position.sizes:
        size = sizes.letters.get(letter)
        if size is None:
            return None
        low, high = low + coefficient * size, high + coefficient * size
    for coefficient, letter in position.terms:
        size = sizes.letters.get(letter)
        if size is None:
            return None
        far = coefficient * (size - 1)
        low, high = low + min(0, far), high + max(0, far)
    return low, high
