"""Letters for what a formula leaves unnamed: the axes of ``...`` and of a bare expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from symbp.errors import InputError
from symbp.language.names import unknown_name
from symbp.language.program import Axis
from symbp.language.tree import (
    Affine,
    Ellipsis_,
    Equation,
    Expr,
    Formula,
    Name,
    Position,
    Read,
    Reduction,
    SizeOf,
)
from symbp.language.walk import rebuild, show, walk

USUAL: dict[int, tuple[str, ...]] = {1: ("j",), 2: ("t", "j"), 3: ("c", "p", "q")}
SPARE = "tspqruvw"  # where a usual letter is taken


def elementwise(
    body: Expr,
    inputs: Mapping[str, tuple[Axis, ...]],
    others: Mapping[str, tuple[Axis, ...]],
    output: str,
    batch: str,
    place: tuple[str | None, int],
) -> Equation:
    """``x*sigmoid(x)`` -> ``y[n,j] = x[n,j]*sigmoid(x[n,j])``.

    ``others``, parameters and constants, lie along the last axes. Raises InputError for indices in
    ``body``, and for inputs of different ranks.
    """
    named = [node.name for node in walk(body) if isinstance(node, Name)]
    read = [name for name in dict.fromkeys(named) if name in inputs]
    if any(isinstance(node, Read | Reduction | SizeOf) for node in walk(body)):
        problem = "a formula with indices needs a left side"
        raise InputError(f"{problem}; write {output}[n,j] = ...", *place)
    if not read:
        known = ", ".join(sorted(inputs))
        raise InputError(f"the formula does not read its input; known here: {known}", *place)
    rank = max(len(inputs[name]) for name in read)
    taken = {*inputs, *others, output, batch}
    taken |= {axis for axes in others.values() for axis in axes if isinstance(axis, str)}
    letters = [Affine(((1, letter),)) for letter in (batch, *fresh(usual(rank - 1), taken))]

    def insert(node: object) -> object:
        if not isinstance(node, Name):
            return node
        if node.name not in inputs and node.name not in others:
            raise InputError(unknown_name(node.name, {*inputs, *others}), *place)
        if node.name in inputs and len(inputs[node.name]) != rank:
            other = next(name for name in read if len(inputs[name]) == rank)
            raise InputError(
                f"'{node.name}' has {axes(len(inputs[node.name]))}, {other} has {rank};"
                " an elementwise formula needs equal shapes",
                *place,
            )
        count = len({**others, **inputs}[node.name])
        if count > rank - (node.name in others):
            problem = f"'{node.name}' has {axes(count)}, {read[0]} has {rank - 1} without the batch"
            raise InputError(f"{problem}; give it fewer axes, or write indices", *place)
        return Read(node.name, tuple(letters[rank - count :])) if count else node

    return Equation(output, tuple(letters), rebuild(body, insert), line=1)


def ellipses(
    formula: Formula,
    given: Mapping[str, tuple[Axis, ...]],
    taken: Set[str],
    batch: str,
    place: tuple[str | None, int],
) -> tuple[Equation, ...]:
    """The equations with each ``...`` replaced by letters, the same in all of them."""
    letters: tuple[Position, ...] | None = None
    for equation in formula.equations:
        for read in _open_reads(equation, given):
            shape = given[read.name]
            first, count = read.positions.index(Ellipsis_()), len(shape) - len(read.positions) + 1
            if letters is None and count >= 0:
                sample = usual(len(shape) - 1 if shape[0] is None else len(shape))
                whole = (batch, *sample) if shape[0] is None else sample
                names = fresh(whole[first : first + count], taken - {batch})
                letters = tuple(Affine(((1, name),)) for name in names)
            if letters is None or count != len(letters):
                elsewhere = "fewer than no axes" if letters is None else axes(len(letters))
                raise InputError(
                    f"'...' stands for {elsewhere}, but '{show(read)}' has {axes(len(shape))};"
                    " write letters",
                    place[0],
                    place[1] + equation.line - 1,
                )
    if letters is None:
        return formula.equations

    def insert(node: object) -> object:
        if isinstance(node, Read | Equation) and Ellipsis_() in node.positions:
            return replace(node, positions=_splice(node.positions, letters))
        return node

    return tuple(rebuild(equation, insert) for equation in formula.equations)


def _open_reads(equation: Equation, given: Mapping[str, tuple[Axis, ...]]) -> list[Read]:
    reads = [node for node in walk(equation.rhs) if isinstance(node, Read) and node.name in given]
    return [read for read in reads if Ellipsis_() in read.positions]


def _splice(positions: tuple[Position, ...], letters: tuple[Position, ...]) -> tuple[Position, ...]:
    place = positions.index(Ellipsis_())
    return positions[:place] + letters + positions[place + 1 :]


def usual(rank: int) -> tuple[str, ...]:
    """The letters that the axes of one sample usually have."""
    return USUAL.get(rank, tuple(f"e{axis}" for axis in range(rank)))


def fresh(wanted: Sequence[str], taken: Set[str]) -> list[str]:
    """The wanted letters, with another for each that is taken."""
    used = set(taken) | set(wanted)
    chosen: list[str] = []
    for letter in wanted:
        if letter in taken:
            spare = (*SPARE, *(f"e{number}" for number in range(len(used) + 1)))
            letter = next(other for other in spare if other not in used)
            used.add(letter)
        chosen.append(letter)
    return chosen


def axes(count: int) -> str:
    return f"{count} {'axis' if count == 1 else 'axes'}"
