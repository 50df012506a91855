"""Arrays side by side: the axes they share, and the transposes and broadcasts to them."""

from __future__ import annotations

from symbp.arrays.nodes import (
    Align,
    Axes,
    Call,
    Condition,
    Lin,
    Node,
    Power,
    Prod,
    Select,
    is_stored,
)
from symbp.calculus.expression import Letter


def align(x: Node, axes: Axes) -> Node:
    """``x`` so that it broadcasts against an array with ``axes``; leading missing axes are left out.

    Transposes and broadcasts are pushed down to the leaves where elementwise nodes allow it.
    """
    full = list(axes)
    while full and full[0] not in x.axes:
        full.pop(0)
    wanted = tuple(full)
    if wanted == x.axes or not x.axes:
        return x

    def push(child: Node) -> Node:
        return align(child, axes) if child.axes else child

    match x:
        case Align(inner):
            return align(inner, axes)
        case Prod(coefficient, over, under):
            return Prod(coefficient, tuple(map(push, over)), tuple(map(push, under)), wanted)
        case Call(function, arguments):
            return Call(function, tuple(map(push, arguments)), wanted)
        case Power(base, exponent):
            return Power(push(base), exponent, wanted)
        case Lin(terms):
            return Lin(tuple((sign, push(t)) for sign, t in terms), wanted)
        case Condition(op, left, right):
            return Condition(op, push(left), push(right), wanted)
        case Select(condition, then, otherwise):
            return Select(push(condition), push(then), push(otherwise), wanted)
    return Align(x, wanted)


def aligned(nodes: list[Node], wanted: Axes) -> tuple[tuple[Node, ...], Axes]:
    """The nodes so that they broadcast against each other, and the axes of what they make."""
    axes = common_axes(nodes, wanted)
    return tuple(align(x, axes) for x in nodes), axes


def common_axes(nodes: list[Node], wanted: Axes) -> Axes:
    """The order of the largest stored array; other letters where ``wanted`` has them, or behind."""
    found: list[Letter] = []
    for node in sorted(nodes, key=lambda x: (not is_stored(x), -len(x.axes))):
        for index in node.axes:
            if index not in found:
                found.insert(_behind(index, found, wanted), index)
    if all(a in wanted for a in found):
        found.sort(key=wanted.index)
    return tuple(found)


def _behind(index: Letter, found: list[Letter], wanted: Axes) -> int:
    if index not in wanted:
        return len(found)
    before = wanted[: wanted.index(index)]
    known = [k for k, a in enumerate(found) if a in before]
    if known:
        return known[-1] + 1
    return 0 if any(a in wanted for a in found) else len(found)
