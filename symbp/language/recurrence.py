"""Which tensors read their own past, and along which letter they step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symbp.language.program import Program, Use, is_point, left
from symbp.language.tree import Affine, Equation
from symbp.language.walk import show


@dataclass(frozen=True)
class Recurrence:
    """Names defined together, step by step: each reads the others at ``letter`` and before it."""

    letter: str
    direction: int  # -1 reads t-1, 1 reads t+1
    reach: int  # how far back
    axes: Mapping[str, int]  # of each name, where the letter stands


def recurrences(program: Program) -> dict[str, Recurrence]:
    """The recurrence of each name that is in one.

    Raises InputError where a cycle steps along two letters, both ways, or not at all.
    """
    below = {name: _reachable(program, name) for name in program.definitions}
    found: dict[str, Recurrence] = {}
    for name, reached in below.items():
        if name in reached and name not in found:
            group = [other for other in below if other in reached and name in below[other]]
            recurrence = _recurrence(program, group)
            found.update(dict.fromkeys(group, recurrence))
    return found


def own_past(use: Use, found: Mapping[str, Recurrence]) -> int | None:
    """The axis along which a read may step out of its tensor: that of its own recurrence."""
    recurrence = found.get(use.equation.name)
    same = recurrence is not None and recurrence is found.get(use.read.name)
    return recurrence.axes[use.read.name] if recurrence and same and not use.written else None


def _reachable(program: Program, start: str) -> set[str]:
    reads: dict[str, set[str]] = {name: set() for name in program.definitions}
    for use in program.uses:
        if not use.written and use.read.name in reads:
            reads[use.equation.name].add(use.read.name)
    reached: set[str] = set()
    edge = {start}
    while edge:
        edge = {name for above in edge for name in reads[above]} - reached
        reached |= edge
    return reached


def _recurrence(program: Program, group: list[str]) -> Recurrence:
    reads = [
        use
        for use in program.uses
        if {use.equation.name, use.read.name} <= {*group} and not use.written
    ]
    letter, direction = _letter(program, reads)
    axes = {name: _axis(program, _whole(program, name), letter) for name in group}
    for use in reads:
        _check_read(program, use, letter, axes[use.read.name])
    _check_order(program, reads)
    reach = max(abs(dict(_steps(use)).get(letter, 0)) for use in reads)
    return Recurrence(letter, direction, reach, axes)


def _letter(program: Program, reads: list[Use]) -> tuple[str, int]:
    """The one letter along which all reads that step do so, and its direction."""
    steps = [(use.equation, dict(_steps(use))) for use in reads if _steps(use)]
    if not steps:
        problem = f"{reads[0].equation.name} reads itself in the same step"
        program.fail(reads[0].equation, f"{problem}; write t-1, or a new name")
    equation, first = steps[0]
    shared = [letter for letter in first if all(letter in moved for _, moved in steps)]
    one_way = [x for x in shared if len({moved[x] > 0 for _, moved in steps}) == 1]
    if len(one_way) == 1:
        return one_way[0], 1 if first[one_way[0]] > 0 else -1
    letters = sorted({letter for _, moved in steps for letter in moved})
    if len(letters) == 1:
        problem = f"{equation.name} steps to {letters[0]}-1 and to {letters[0]}+1"
        program.fail(equation, f"{problem}; a recurrence steps one way")
    along = " and ".join(f"along {letter}" for letter in letters)
    program.fail(equation, f"{equation.name} steps {along}; a recurrence steps along one letter")


def _whole(program: Program, name: str) -> Equation:
    """The equation that defines a name beyond its start."""
    equations = program.definitions[name]
    return next((e for e in equations if not is_point(e)), equations[0])


def _steps(use: Use) -> list[tuple[str, int]]:
    """The letters of the left side that a read moves by a constant."""
    own = {p.letter for p in use.equation.positions if isinstance(p, Affine)}
    return [
        (position.terms[0][1], position.constant)
        for position in use.read.positions
        if isinstance(position, Affine) and [c for c, _ in position.terms] == [1]
        if position.constant and not position.sizes and position.terms[0][1] in own
    ]


def _axis(program: Program, equation: Equation, letter: str) -> int:
    bare = [p.letter if isinstance(p, Affine) else None for p in equation.positions]
    if letter not in bare:
        problem = f"{equation.name} is in a recurrence along {letter}, which {show(left(equation))}"
        program.fail(equation, f"{problem} lacks; give it {letter}")
    if equation.accumulate:
        program.fail(equation, f"{equation.name} reads its own past; write = for +=")
    return bare.index(letter)


def _check_read(program: Program, use: Use, letter: str, axis: int) -> None:
    """A recurrence reads itself at ``t`` or at ``t`` plus a number, on the axis of ``t``."""
    place = use.read.positions[axis]
    steps = isinstance(place, Affine) and place.terms == ((1, letter),) and not place.sizes
    if not steps:
        problem = f"'{show(use.read)}' stands in the recurrence of {use.read.name}"
        program.fail(use.equation, f"{problem} along {letter}; read it at {letter} or {letter}-1")


def _check_order(program: Program, reads: list[Use]) -> None:
    """Within one step the names must not wait for each other."""
    waiting: dict[str, set[str]] = {}
    for use in reads:
        if not _steps(use):
            waiting.setdefault(use.equation.name, set()).add(use.read.name)
    while waiting:
        ready = [name for name, others in waiting.items() if not others & waiting.keys()]
        if not ready:
            first = next(use for use in reads if use.equation.name in waiting)
            program.fail(
                first.equation,
                f"{first.equation.name} reads itself in the same step; read it at the step before",
            )
        for name in ready:
            del waiting[name]
