"""Transposes and broadcasts, pushed down to the leaves where elementwise nodes allow it."""

from __future__ import annotations

from symbp.arrays.nodes import Align, Axes, Call, Lin, Node, Power, Prod


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

    def same(children: tuple[Node, ...]) -> bool:
        return all(c.axes in ((), x.axes) for c in children)

    match x:
        case Prod(coefficient, over, under) if same(over + under):
            return Prod(coefficient, tuple(map(push, over)), tuple(map(push, under)), wanted)
        case Call(function, arguments) if same(arguments):
            return Call(function, tuple(map(push, arguments)), wanted)
        case Power(base, exponent):
            return Power(push(base), exponent, wanted)
        case Lin(terms) if same(tuple(t for _, t in terms)):
            return Lin(tuple((sign, push(t)) for sign, t in terms), wanted)
    return Align(x, wanted)
