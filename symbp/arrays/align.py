"""Transposes and broadcasts, pushed down to the leaves where elementwise nodes allow it."""

from __future__ import annotations

from symbp.arrays.nodes import Align, Axes, Call, Condition, Lin, Node, Power, Prod, Select


def align(x: Node, axes: Axes) -> Node:
    """``x`` so that it broadcasts against an array with ``axes``; leading missing axes are left out."""
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
