"""Places in a right side where somebody may go wrong, and what stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy as sp

from symbp.calculus.expression import (
    Compare,
    Entry,
    Inert,
    Iverson,
    Letter,
    Logical,
    Reduction,
    Size,
    rebuild,
)


@dataclass(frozen=True, eq=False)
class Site:
    """``expr`` somewhere in a right side; ``put`` gives the right side with something else there.

    ``deep`` is how many sums with a sign lie around it: a summand of the right side itself has 0, the y
    of a factor (1 - y) has 1. ``bound`` are the letters that reductions around it run over.
    """

    expr: sp.Expr
    put: Callable[[sp.Expr], sp.Expr]
    bound: tuple[Letter, ...] = ()
    deep: int = 0
    parent: sp.Expr | None = None


def sites(rhs: sp.Expr) -> Iterator[Site]:
    """Every place, outer ones first; what an index or a condition is made of is none."""
    waiting = [Site(rhs, lambda new: new)]
    while waiting:
        site = waiting.pop(0)
        yield site
        waiting += below(site)


def below(site: Site) -> list[Site]:
    """The places right below one."""
    expr = site.expr
    if isinstance(expr, (Entry, Size, Compare, Logical, Iverson)) or not expr.args:
        return []
    bound = site.bound
    arguments = list(expr.args)
    places = range(len(arguments))
    if isinstance(expr, Reduction):
        bound, places = (*bound, *expr.letters), range(1)
    elif isinstance(expr, Inert):  # a named function: its argument alone
        places = range(len(arguments) - 1, len(arguments))
    deep = site.deep + (expr.is_Add and site.parent is not None)

    def put(place: int) -> Callable[[sp.Expr], sp.Expr]:
        def replaced(new: sp.Expr) -> sp.Expr:
            changed = [new if k == place else a for k, a in enumerate(arguments)]
            return site.put(rebuild(expr, changed))

        return replaced

    return [Site(arguments[k], put(k), bound, deep, expr) for k in places]


def at(rhs: sp.Expr, wanted: sp.Expr) -> Iterator[Site]:
    """The sites where an expression stands."""
    return (site for site in sites(rhs) if site.expr == wanted)
