"""Windows ``x[2*p + u]``: loops over the few letters of the window, whole arrays over the others.

An array with all letters of a window at once would be larger than anything the formula names; looping
over the window's own letters (the offsets of a kernel) needs slices alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import sympy as sp

from symbp.arrays.places import is_window
from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import Entry, Letter, SumOver, entries
from symbp.calculus.index import fresh, substitute

SizeOf = Callable[[Letter], int | None]
Letters = tuple[Letter, ...]


def scatter_loops(equation: Equation, fixed: frozenset[Letter], size_of: SizeOf) -> Letters:
    """The loops of an equation that writes to windows."""
    known = incoming(equation.rhs)
    windows = [i for i in equation.target.indices if is_window(i, fixed)]
    return _loops(windows, known, fixed, size_of)


def window_loops(
    term: sp.Expr, target: Entry, fixed: frozenset[Letter], size_of: SizeOf
) -> tuple[sp.Expr, Letters]:
    """A term that sums products over windows, with the loops taken out of its sum."""
    factors = sp.Mul.make_args(term)
    sums = [f for f in factors if isinstance(f, SumOver)]
    if len(sums) != 1 or isinstance(sums[0].body, Entry):
        return term, ()
    (total,) = sums
    windows = [i for r in entries(total.body) for i in r.indices if is_window(i, fixed)]
    known = incoming(term) or target.free_symbols
    loops = _loops(windows, known, fixed, size_of)
    if not loops:
        return term, ()
    moved = {}
    for index in loops:
        if index in total.letters and index in target.free_symbols:
            moved[index] = fresh(index, {*target.free_symbols, *total.body.free_symbols})
    body = substitute(total.body, moved)
    rest = [i for i in total.letters if i not in loops]
    inner = SumOver(body, *rest) if rest else body
    outside = sp.Mul(*(f for f in factors if f is not total))
    return outside * inner, tuple(moved.get(i, i) for i in loops)


def incoming(expr: sp.Expr) -> set[Letter]:
    """The letters of the adjoints that are read."""
    return {x for r in entries(expr) if r.name.startswith(ADJOINT) for x in r.free_symbols}


def _loops(
    windows: list[sp.Expr],
    known: Collection[Letter],
    fixed: Collection[Letter],
    size_of: SizeOf,
) -> Letters:
    """All letters of the windows but one of each, which stays a slice: one of an adjoint or of the
    result, the longest."""
    found: dict[Letter, None] = {}
    for index in windows:
        letters = [x for x in sorted(index.free_symbols, key=str) if x not in fixed]

        def weight(x: Letter, index: sp.Expr = index) -> tuple[bool, int, int]:
            return x in known, size_of(x) or 0, int(abs(index.coeff(x)))

        kept = max(letters, key=weight)
        found |= dict.fromkeys(x for x in letters if x != kept)
    return tuple(found)


__all__ = ["Letters", "incoming", "scatter_loops", "window_loops"]
