"""What a lecturer says of a gradient's form: correlations, flipped kernels, routing, rows collected."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symbp.arrays.places import has_gather, is_window, may_repeat
from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import Entry, FirstMax, SumOver, entries, letter
from symbp.calculus.index import substitute
from symbp.network.items import Piece, Statement
from symbp.printers.finished import Finished


def remarks(statement: Statement) -> list[str]:
    """Keys of the phrase book."""
    found: list[str] = []
    for piece in statement.pieces:
        finished = piece.finished
        if finished is None or not statement.defines.startswith(ADJOINT):
            continue
        equation = finished.equation
        reads = list(entries(equation.rhs))
        masks = {e.name for e in finished.unit.equations if isinstance(e.rhs, FirstMax)}
        windows = [
            r for r in reads
            if not r.name.startswith(ADJOINT) and r.name not in masks and any(map(is_window, r.indices))
        ]  # fmt: skip
        if masks & {r.name for r in reads}:
            found.append("routing")
        if windows and equation.rhs.has(SumOver) and any(_is_adjoint(r) for r in reads):
            found.append("correlation")
        if may_repeat(equation.target.indices):
            found.append("collected_rows")
    return list(dict.fromkeys(found))


def _is_adjoint(read: Entry) -> bool:
    return read.name.startswith(ADJOINT)


def flipped(statement: Statement) -> Statement | None:
    """A sum into windows, read from the side of what it fills: the correlation with the kernel turned
    around. None where the windows move by more than one, or nothing but windows of a mask is there."""
    if len(statement.pieces) != 1 or statement.pieces[0].finished is None:
        return None
    piece = statement.pieces[0]
    finished = statement.pieces[0].finished
    equation = finished.equation
    indices = list(equation.target.indices)
    windows = [k for k, i in enumerate(indices) if is_window(i)]
    masks = {e.name for e in finished.unit.equations if isinstance(e.rhs, FirstMax)}
    if (
        not windows
        or masks & {r.name for r in entries(equation.rhs)}
        or any(map(has_gather, indices))
    ):
        return None
    adjoints = {x for r in entries(equation.rhs) if _is_adjoint(r) for x in r.free_symbols}
    tensor = equation.name.lstrip(ADJOINT)
    sizes = dict(finished.unit.sizes)
    moved: dict[sp.Symbol, sp.Expr] = {}
    rest: list[sp.Symbol] = []
    for k in windows:
        steps = [x for x in indices[k].free_symbols if x in adjoints and indices[k].coeff(x) == 1]
        if len(steps) != 1:
            return None
        (step,) = steps
        family = next(c for c in "abcdeghijklmorswxyz" if c not in sizes)
        own = letter(family)
        sizes[family] = finished.unit.size_of(finished.unit.letters[tensor][k])
        moved[step] = own - (indices[k] - step)
        rest += sorted(indices[k].free_symbols - {step}, key=str)
        indices[k] = own
    inner = substitute(equation.rhs, moved)
    body, bound = (inner.body, inner.letters) if isinstance(inner, SumOver) else (inner, ())
    shown = Equation(equation.target.at(*indices), SumOver(body, *bound, *dict.fromkeys(rest)))
    unit = replace(finished.unit, sizes=sizes)
    return replace(statement, pieces=(Piece(Finished(shown, unit, finished.order), piece.names),))


__all__ = ["flipped", "remarks"]
