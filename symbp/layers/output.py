"""The output of a user's formula: the last equation's tensor, or a copy where others read it, too."""

from __future__ import annotations

from collections.abc import Set

from symbp.language.program import is_point
from symbp.language.tree import Equation, Formula, Read
from symbp.language.walk import walk

NAMES = ("y", "out", *(f"out{k}" for k in range(2, 100)))


def with_output(formula: Formula, taken: Set[str]) -> tuple[Formula, str]:
    """The formula and the name of its output.

    What reads its own past has two gradients at each step: what comes from outside, and that with
    what comes from the steps behind it. A copy keeps them apart.
    """
    if not formula.equations:
        return formula, "y"
    output = formula.equations[-1].name
    known = {e.name for e in formula.equations} | taken
    read = {n.name for e in formula.equations for n in walk(e.rhs) if isinstance(n, Read)}
    if output not in read:
        return formula, output
    mine = [e for e in formula.equations if e.name == output]
    whole = next((e for e in mine if not is_point(e)), mine[0])
    name = next(n for n in NAMES if n not in known)
    copy = Equation(name, whole.positions, Read(output, whole.positions), line=whole.line)
    return Formula((*formula.equations, copy)), name
