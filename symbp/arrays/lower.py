"""One equation -> one assignment, or additions.

Equations that write to parts of their target, and sums over windows, become additions in loops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbp.arrays.align import align
from symbp.arrays.expressions import Frame, Lowering
from symbp.arrays.nodes import Axes, Node, Ref
from symbp.arrays.places import is_bare, letters_of, may_repeat, shared_places
from symbp.arrays.windows import scatter_loops, window_loops
from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, Group, Letter


@dataclass(frozen=True)
class Added:
    """``target += tree`` for all values of the letters ``loops``, which are loops of the code."""

    target: Ref
    tree: Node
    loops: Axes = ()

    @property
    def repeats(self) -> bool:
        """Whether several values may go to one place."""
        return may_repeat(self.target.index)


@dataclass(frozen=True)
class Lowered:
    """``target`` gets ``tree``, if there is one, and then all that is added to parts of it."""

    target: Ref
    tree: Node | None
    added: tuple[Added, ...] = ()

    @property
    def whole(self) -> Node:
        """The right side, where it is one assignment or one addition."""
        (tree,) = [self.tree] if self.tree else [a.tree for a in self.added]
        return tree


def lower(equation: Equation, frame: Frame) -> Lowered:
    """The equation as an assignment, or as additions to parts of the target."""
    target = equation.target
    lowering = Lowering(_axes(target, frame.fixed), frame)
    place = lowering.target(target)
    plain = all(is_bare(i) for i in target.indices)
    if not plain or place.short or shared_places(target.indices) is not None:
        loops = scatter_loops(equation, frame.fixed, frame.size_of) if frame.size_of else ()
        return Lowered(place, None, (_added(equation, loops, frame),))
    whole, added = [], []
    for term in sp.Add.make_args(equation.rhs):
        inner, loops = term, ()
        if frame.size_of:
            inner, loops = window_loops(term, target, frame.fixed, frame.size_of)
        if loops:
            added.append(_added(Equation(target, inner), loops, frame))
        else:
            whole.append(term)
    if not added:
        return Lowered(place, align(lowering.node(equation.rhs), place.axes))
    if whole and any(isinstance(i, Group) for i in target.indices):
        added.append(_added(Equation(target, sp.Add(*whole)), (), frame))
        whole = []
    tree = align(lowering.node(sp.Add(*whole)), place.axes) if whole else None
    return Lowered(place, tree, tuple(added))


def lower_value(expr: sp.Expr, order: Mapping[str, int]) -> Node:
    """An expression that stands for itself."""
    return Lowering((), Frame(order)).node(expr)


def _axes(target: Entry, fixed: frozenset[Letter]) -> Axes:
    found = (x for i in target.indices for x in letters_of(i) if x not in fixed)
    return tuple(dict.fromkeys(found))


def _added(equation: Equation, loops: Axes, frame: Frame) -> Added:
    frame = replace(frame, fixed=frame.fixed | set(loops))
    lowering = Lowering(_axes(equation.target, frame.fixed), frame)
    place = lowering.target(equation.target)
    return Added(place, align(lowering.node(equation.rhs), place.axes), loops)
