"""Every name means something, every tensor gets its indices, every index is bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from symbp.language.expand import axes
from symbp.language.names import unknown_name
from symbp.language.program import Program, is_point, left
from symbp.language.recurrence import Recurrence
from symbp.language.tree import Affine, Equation, Gather, Group, Name, Position, Read, Reduction
from symbp.language.walk import Node, children, gathers, indices, letters, show, walk


def check_names(program: Program) -> None:
    """Unknown names, wrong numbers of indices, and indices that are not integer.

    Raises InputError at the equation at fault.
    """
    ranks = {name: len(shape) for name, shape in program.given.items()}
    for equation in program.equations:
        if equation.name in program.given:
            program.fail(equation, f"{equation.name} is given already; write a new name")
        rank = ranks.setdefault(equation.name, len(equation.positions))
        _check_rank(program, equation, left(equation), rank)
    for use in program.uses:
        if use.read.name not in ranks:
            _unknown(program, use.equation, use.read.name)
        _check_rank(program, use.equation, use.read, ranks[use.read.name])
        for gather in (g for position in use.read.positions for g in gathers(position)):
            if gather.read.name in ranks and gather.read.name not in program.integer:
                problem = f"{use.read.name} is indexed by '{gather.read.name}', which is real"
                program.fail(use.equation, problem)
    for equation in program.equations:
        for node in walk(equation.rhs):
            if isinstance(node, Name):
                _check_word(program, equation, node.name, ranks)
    for kind, names in (("parameter", program.parameters), ("constant", program.constants)):
        used = {use.read.name for use in program.uses} | _words(program)
        for name in names:
            if name not in used:
                program.fail(None, f"{kind} {name} is never used")


def _words(program: Program) -> set[str]:
    nodes = (node for equation in program.equations for node in walk(equation.rhs))
    return {node.name for node in nodes if isinstance(node, Name)}


def _check_word(program: Program, equation: Equation, name: str, ranks: Mapping[str, int]) -> None:
    if name in program.letters and name in ranks:
        program.fail(equation, f"{name} is an index and a tensor; rename the index")
    if name not in program.letters and name not in ranks:
        _unknown(program, equation, name)
    if name not in program.letters:
        _check_rank(program, equation, Read(name, ()), ranks[name])


def _unknown(program: Program, equation: Equation, name: str) -> NoReturn:
    """Refuse a name, and say what may be read here: what is given, and what is defined before."""
    place = next(k for k, other in enumerate(program.equations) if other is equation)
    before = {earlier.name for earlier in program.equations[:place]}
    program.fail(equation, unknown_name(name, before | {*program.given}))


def _check_rank(program: Program, equation: Equation, read: Read, rank: int) -> None:
    count = len(read.positions)
    if count == rank:
        return
    shown = [show(position) for position in read.positions[:rank]]
    own = [letter for position in equation.positions for letter in letters(position)]
    spare = [letter for letter in own[::-1] if letter not in shown] + [*"ijkpq"] * rank
    shown += spare[: rank - len(shown)][::-1]
    right = f"{read.name}[{','.join(shown)}]" if shown else read.name
    given = f"{count} {'index' if count == 1 else 'indices'}"
    problem = f"'{show(read)}' gives {given}, {read.name} has {axes(rank)}"
    program.fail(equation, f"{problem}; write {right}")


def check_letters(program: Program) -> None:
    """Each index on the right is on the left or reduced, and each on the left is on the right.

    The sum of a ``+=`` goes over whatever is not on its left. Raises InputError.
    """
    right = [(equation, _free(program, equation, equation.rhs)) for equation in program.equations]
    for equation, free in right:
        own = {letter: None for p in equation.positions for letter in letters(p)}
        shown = show(left(equation))
        for node in walk(equation.rhs):
            if isinstance(node, Reduction) and node.op != "softmax":
                for letter in (letter for letter in node.letters if letter in own):
                    problem = f"index {letter} is on the left of {shown}"
                    problem += f" and reduced in {node.op}(...)"
                    program.fail(equation, f"{problem}; rename the reduced one")
        for letter in free:
            if letter not in own and not equation.accumulate:
                wider = show(Read(equation.name, _with(equation.positions, letter, free)))
                problem = f"index {letter} is neither on the left of {shown} nor reduced"
                program.fail(equation, f"{problem}; write sum(..., {letter}) or {wider}")
        same = [others for other, others in right if other.name == equation.name]
        for letter in own:
            if not any(letter in others for others in same):
                program.fail(equation, f"index {letter} of {shown} is not on the right")


def _with(
    positions: tuple[Position, ...], letter: str, order: Mapping[str, None]
) -> tuple[Position, ...]:
    """The positions with one letter more, in the order of the right side where that is one."""
    new = Affine(((1, letter),))
    known = list(order)
    for place, position in enumerate(positions):
        first = next(iter(letters(position)), "")
        if first in order and known.index(first) > known.index(letter):
            return (*positions[:place], new, *positions[place:])
    return (*positions, new)


def _free(program: Program, equation: Equation, node: Node) -> dict[str, None]:
    """The indices of a node that nothing inside it reduces, in the order written."""
    found: dict[str, None] = {}
    if isinstance(node, Read):
        found.update(dict.fromkeys(x for position in node.positions for x in letters(position)))
    if isinstance(node, Name) and node.name in program.letters:
        found[node.name] = None
    for child in children(node):
        found.update(_free(program, equation, child))
    if isinstance(node, Reduction):
        for letter in node.letters:
            if letter not in found:
                inside = any(_reduces(inner, letter) for inner in walk(node.body))
                problem = "is reduced twice, one inside the other" if inside else "is not in it"
                right = "rename the inner one" if inside else f"write {node.op}(..., i) of what is"
                program.fail(equation, f"index {letter} of {node.op}(...) {problem}; {right}")
            if node.op != "softmax":
                del found[letter]
    return found


def _reduces(node: Node, letter: str) -> bool:
    return isinstance(node, Reduction) and node.op != "softmax" and letter in node.letters


def check_targets(program: Program, recurrences: Mapping[str, Recurrence]) -> None:
    """What is set once is set whole; only ``+=``, and the start of a recurrence, may follow."""
    for name, equations in program.definitions.items():
        whole = [equation for equation in equations if not is_point(equation)]
        starts = len(equations) > 1 and len(whole) == 1 and name in recurrences
        if len(equations) > 1 and not starts and not all(e.accumulate for e in equations):
            program.fail(equations[1], f"{name} is defined twice; use += or a new name")
        for equation in equations:
            shown = [_bare(position) for position in equation.positions]
            moved = [letter for part in shown if part for letter in part]
            plain = None not in shown and len(set(moved)) == len(moved)
            if not plain and not equation.accumulate:
                problem = f"{show(left(equation))} sets only some positions of {name}"
                program.fail(equation, f"{problem}; use +=")


def _bare(position: Position) -> list[str] | None:
    """The letters of a position that runs over its whole axis, or is a point; None otherwise."""
    if isinstance(position, Gather):
        return None
    if isinstance(position, Affine) and not position.terms:
        return []
    parts = position.parts if isinstance(position, Group) else indices(position)
    bare = [part.letter if isinstance(part, Affine) else None for part in parts]
    return None if None in bare else [letter for letter in bare if letter]
