"""Which letters stand for one axis, and the letters that each tensor is written with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, Letter, entries, letter
from symbp.calculus.index import base
from symbp.language import tree
from symbp.language.walk import children, walk

POOL = "kijlpqrsabcdefghuvwoxyzt"  # of letters for axes that no formula names
Axes = dict[str, str]  # letter family -> the family that stands for its axis


def united(equations: tuple[tree.Equation, ...]) -> tuple[Axes, dict[tuple[str, int], str]]:
    """Letters that read the same axis bare stand for one axis, named by the first of them.

    Also the first bare letter of each axis of each tensor.
    """
    axes: Axes = {}
    first: dict[tuple[str, int], str] = {}
    several = [e.name for e in equations if e.accumulate]
    for equation in equations:
        written = tree.Read(equation.name, equation.positions)
        parts = equation.name in several  # each may fill a part of the axis alone
        for read in [*([] if parts else [written]), *reads(equation.rhs)]:
            for axis, position in enumerate(read.positions):
                if isinstance(position, tree.Affine) and position.letter:
                    here = axes.setdefault(position.letter, position.letter)
                    owner = first.setdefault((read.name, axis), position.letter)
                    there = axes.setdefault(owner, owner)
                    axes |= {family: there for family, name in axes.items() if name == here}
    return axes, first


def reads(node: tree.Expr) -> list[tree.Read]:
    """Every read of a formula that is not under ``pad``, outermost first."""
    found: list[tree.Read] = []
    padded = {id(pad.read) for pad in walk(node) if isinstance(pad, tree.Pad)}

    def visit(node: tree.Expr | tree.Condition) -> None:
        if isinstance(node, tree.Read) and id(node) not in padded:
            found.append(node)
        for child in children(node):
            visit(child)

    visit(node)
    return found


def canonical_letters(
    equations: list[Equation],
    known: Mapping[str, tuple[Letter, ...]],
    axes: Axes,
    taken: frozenset[str],
    whole: Callable[[Entry], bool],
) -> dict[str, tuple[Letter, ...]]:
    """Of every tensor the letters of its definition, else of its first bare read, else fresh ones.

    ``whole`` says whether bare letters run over all of a tensor. Fresh letters are added to ``axes``.
    """
    made = dict(known)
    several = [e.name for e in equations]
    for equation in equations:
        if equation.target.plain and several.count(equation.name) == 1:
            made.setdefault(equation.name, equation.target.indices)
    for equation in equations:
        if several.count(equation.name) > 1 and not equation.target.plain:
            made.setdefault(equation.name, _fresh(equation.target, axes, taken))
    touched = [r for e in equations for r in (e.target, *entries(e.target), *entries(e.rhs))]
    for read in touched:
        if read.name not in made and read.plain and whole(read):
            made[read.name] = tuple(letter(base(i)) for i in read.indices)
    for read in touched:
        if read.name not in made:
            made[read.name] = _fresh(read, axes, taken)
    return made


def _fresh(read: Entry, axes: Axes, taken: frozenset[str]) -> tuple[Letter, ...]:
    """Letters for a tensor that is only read at composite places: new families, one an axis."""
    chosen: list[Letter] = []
    for index in read.indices:
        if index.is_Symbol and index not in chosen:
            chosen.append(index)
            continue
        names = [*POOL, *(f"{i}{k}" for k in range(2, 100) for i in POOL)]
        family = next(c for c in names if c not in axes and c not in taken)
        axes[family] = axes.setdefault(base(index), base(index)) if index.is_Symbol else family
        chosen.append(letter(family))
    return tuple(chosen)
