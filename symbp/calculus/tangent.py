"""Directional derivatives of equations, from the reverse walk's own contributions.

A contribution ``du[e] += dv[I] * factor`` read forwards says ``R{v[I]} += factor * R{u[e]}``: the walk
is linear, and its transpose is the tangent (Pearlmutter 1994, Fast exact multiplication by the Hessian,
eqs. 3 and 4). Adjoint equations are equations; their tangents are products with the Hessian.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, FirstMax, SumOver
from symbp.calculus.maxima import Masks, with_masks
from symbp.calculus.pullback import pullback
from symbp.calculus.rewrite import Rewriter


def tangent(
    equation: Equation,
    unit: Unit,
    moving: Collection[str],
    names: Mapping[str, str],
    rewriter: Rewriter | None = None,
) -> Equation | None:
    """The equation of ``names[v]``, the directional derivative of v; None where nothing moves.

    ``moving`` are the tensors whose own directional derivative, ``names[u]``, is not zero.
    ``rewriter``: that of ``rewriter_of(unit)``, where many tangents of one unit are wanted.
    """
    terms: list[sp.Expr] = []
    for c in pullback(equation, dict(unit.axes), True, masks_of(unit)):
        if c.target.name not in moving:
            continue
        moved = Entry(names[c.target.name], *c.target.indices)
        product = sp.Mul(*c.factors[1:], moved)
        rest = [i for i in c.letters if i not in equation.target.free_symbols]
        terms.append(SumOver(product, *sorted(rest, key=str)) if rest else product)
    if not terms:
        return None
    rhs, _ = (rewriter or rewriter_of(unit)).rewrite(sp.Add(*terms), {})
    if rhs == 0:
        return None
    return Equation(Entry(names[equation.name], *equation.target.indices), rhs)


def rewriter_of(unit: Unit) -> Rewriter:
    """What brings the tangents of this unit's equations into their shortest form."""
    return Rewriter(_without_masks(unit), dict(unit.axes))


def masks_of(unit: Unit) -> Masks:
    """The masks of maxima that are equations of the unit; others stand written out, as do those of a
    recurrence, whose masks are made behind its loop."""
    if unit.links:
        return {}
    known = {e.name for e in unit.equations}
    return {text: mask for text, mask in with_masks(unit)[1].items() if mask.name in known}


def _without_masks(unit: Unit) -> Unit:
    if not unit.links:
        return unit
    kept = tuple(e for e in unit.equations if not isinstance(e.rhs, FirstMax))
    return replace(unit, equations=kept)


__all__ = ["masks_of", "rewriter_of", "tangent"]
