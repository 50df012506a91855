"""What must hold once the sizes are known: nothing open, nothing outside, the batch left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symbp.language.program import Program, is_point, moving
from symbp.language.recurrence import Recurrence
from symbp.language.spots import Sizes, Spot, reach
from symbp.language.tree import Affine
from symbp.language.walk import show


def check_given(program: Program, sizes: Mapping[str, Any]) -> dict[str, int]:
    """The sizes that are written beside the formula: positive, and none for the batch."""
    for letter, size in sizes.items():
        if type(size) is not int or size < 1:
            program.fail(None, f"sizes gives {letter} = {size}; write a positive integer")
        if letter == program.batch[0]:
            program.fail(None, f"sizes gives {letter}, the batch; use another letter")
    return dict(sizes)


def check_open(known: Sizes) -> None:
    """Every letter has a size, every axis has one."""
    program = known.program
    for spot in known.spots:
        position = show(spot.position)
        unknown = list(dict.fromkeys(x for x in moving(spot.position) if x not in known.letters))
        if len(unknown) > 1:
            number = {2: "two", 3: "three"}.get(len(unknown), str(len(unknown)))
            problem = f"size of {unknown[0]} is open: {position} has {number} unknowns"
            more = " and ".join(unknown[1:])
            give = f"give {more} a size" if len(unknown) == 2 else f"give {more} sizes"
            program.fail(spot.use.equation, f"{problem}; {give}")
    for letter in sorted(program.letters):
        if letter not in known.letters:
            problem = f"size of {letter} is open: no axis gives it; write it in sizes"
            program.fail(None, f"{problem}, as in sizes = {{ {letter} = 3 }}")
    for spot in known.spots:
        if spot.place not in known.axes:
            problem = f"size of axis {spot.axis + 1} of {spot.use.read.name} is open"
            program.fail(spot.use.equation, f"{problem}; read it with a letter that has a size")


def check_batch(known: Sizes) -> None:
    """The batch is read and written by its own letters alone, and they read nothing else."""
    program = known.program
    for spot in known.spots:
        letter = spot.position.letter if isinstance(spot.position, Affine) else None
        name, axis = spot.place
        along = known.axes[spot.place] is None
        if along and letter not in program.batch:
            problem = f"'{show(spot.position)}' indexes the batch, axis {axis + 1} of {name}"
            program.fail(spot.use.equation, f"{problem}; write {program.batch[0]}")
        batch = [x for x in moving(spot.position) if known.letters[x] is None]
        if batch and not along:
            problem = f"index {batch[0]} is the batch, axis {axis + 1} of {name} is not"
            program.fail(spot.use.equation, f"{problem}; use another letter")
    for name, axes in program.given.items():
        if name in program.parameters and None in [known.axes[name, a] for a in range(len(axes))]:
            program.fail(None, f"parameter {name} has the batch for an axis; use another letter")


def check_range(known: Sizes, spot: Spot) -> None:
    """A position stays inside its axis, unless it is free to leave it."""
    span, size = reach(known, spot.position), known.axes[spot.place]
    if spot.free or span is None or size is None:
        return
    shown = show(spot.use.read)
    verb = "writes" if spot.use.written else "reads"
    right = f"pad({shown})" if verb == "reads" else "positions from 0"
    if span[0] < 0:
        problem = f"{shown} {verb} position {span[0]}"
        known.program.fail(spot.use.equation, f"{problem}; write {right}")
    if span[1] >= size:
        name, axis = spot.place
        problem = f"{shown} {verb} position {span[1]}, axis {axis + 1} of {name} has size {size}"
        known.program.fail(spot.use.equation, f"{problem}; write {right}")


def check_starts(known: Sizes, found: Mapping[str, Recurrence]) -> None:
    """``h[n,-1,j] = ...`` lies before the first step, no further than the recurrence reads."""
    seen: set[tuple[str, int]] = set()
    for spot in known.spots:
        recurrence = found.get(spot.use.read.name)
        if not (spot.use.written and recurrence and is_point(spot.use.equation)):
            continue
        span, size = reach(known, spot.position), known.axes[spot.place] or 0
        bare = isinstance(spot.position, Affine) and spot.position.letter
        shown = show(spot.use.read)
        if spot.axis != recurrence.axes[spot.use.read.name]:
            if not bare:
                problem = f"{shown} sets only some positions of {spot.use.read.name}"
                known.program.fail(
                    spot.use.equation, f"{problem}; write a letter for each other axis"
                )
            continue
        steps = 0
        if span is not None:
            steps = -span[0] if recurrence.direction < 0 else span[0] - size + 1
        if not 1 <= steps <= recurrence.reach or (shown, steps) in seen:
            name = spot.use.read.name
            known.program.fail(spot.use.equation, f"{name} is defined twice; use += or a new name")
        seen.add((shown, steps))
