"""The reverse walk through one equation: every read of a tensor gets its own contribution.

No Kronecker delta and no range condition appears: ``v[I] = f(.. u[e] ..)`` contributes
``du[e] += dv[I] * (df/d this read)`` for all values of all letters (Griewank and Walther,
*Evaluating Derivatives*, 2nd ed., eq. 3.3, written entry by entry).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.calculus.equation import Equation, adjoint_name
from symbp.calculus.expression import (
    Entry,
    FirstMax,
    Letter,
    MaxOver,
    MeanOver,
    Reduction,
    Size,
    leaves,
)
from symbp.calculus.index import base, fresh, signature, substitute
from symbp.calculus.maxima import Masks


@dataclass(frozen=True)
class Contribution:
    """``adjoint of target += product of factors``, over all values of the open letters.

    ``factors`` keep the order of the chain rule, from the loss inwards; the first is the adjoint of
    what the equation defines, unless that is the loss itself.
    """

    target: Entry
    factors: tuple[sp.Expr, ...]
    letters: tuple[Letter, ...]
    source: str


def pullback(
    equation: Equation, axes: dict[str, str], seed: bool = True, masks: Masks | None = None
) -> list[Contribution]:
    """The contributions of one equation to the adjoints of all that it reads.

    ``masks`` name the places where maxima are taken; one without a name stands written out.
    """
    found: list[Contribution] = []
    target = equation.target

    def walk(node: sp.Expr, factors: tuple[sp.Expr, ...], open_letters: tuple[Letter, ...]) -> None:
        if isinstance(node, Entry):
            found.append(Contribution(node, factors, open_letters, equation.name))
        elif isinstance(node, Reduction):
            body, opened = _open(node, open_letters)
            if isinstance(node, MeanOver):
                factors += tuple(1 / axis_size(i, axes) for i in opened)
            if isinstance(node, MaxOver):
                factors += (_mask(node, body, opened, masks or {}),)
            walk(body, factors, open_letters + opened)
        elif isinstance(node, sp.Add):
            for term in node.args:
                walk(term, factors, open_letters)
        else:
            _differentiate(node, factors, open_letters)

    def _differentiate(
        node: sp.Expr, factors: tuple[sp.Expr, ...], open_letters: tuple[Letter, ...]
    ) -> None:
        reads = leaves(node)
        stand_in = {leaf: sp.Dummy(f"u{k}") for k, leaf in enumerate(reads)}
        back = {dummy: leaf for leaf, dummy in stand_in.items()}
        plain = node.xreplace(stand_in)
        for leaf, dummy in stand_in.items():
            local = plain.diff(dummy).xreplace(back)
            if local != 0:
                walk(leaf, factors + ((local,) if local != 1 else ()), open_letters)

    free = target.free_symbols | equation.rhs.free_symbols  # `+=` sums what it leaves open
    start = (Entry(adjoint_name(target.name), *target.indices),) if seed else ()
    walk(equation.rhs, start, tuple(sorted(free, key=lambda i: i.name)))
    return found


def _mask(
    node: MaxOver, body: sp.Expr, opened: tuple[Letter, ...], masks: Masks
) -> FirstMax | Entry:
    text, free = signature(node)
    return masks[text].at(free, opened) if text in masks else FirstMax(body, *opened)


def axis_size(index: Letter, axes: dict[str, str]) -> Size:
    """The size of a letter's axis; one and the same for all letters of that axis."""
    family = base(index)
    return Size(sp.Symbol(axes.get(family, family), integer=True))


def _open(node: Reduction, taken: tuple[Letter, ...]) -> tuple[sp.Expr, tuple[Letter, ...]]:
    """The body with its letters opened, renamed where a letter is open already."""
    moved: dict[Letter, sp.Expr] = {}
    avoid = set(taken) | node.body.free_symbols
    for index in node.letters:
        if index in taken:
            moved[index] = fresh(index, avoid)
            avoid.add(moved[index])
    return substitute(node.body, moved), tuple(moved.get(i, i) for i in node.letters)
