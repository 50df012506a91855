"""Products and sums in the order in which they read best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symbp.arrays import nodes
from symbp.arrays.nodes import (
    Align,
    Call,
    Const,
    Contract,
    Einsum,
    Lin,
    Node,
    Prod,
    Reduce,
    children,
)


def in_reading_order(nodes: Iterable[Node]) -> list[Node]:
    """Sizes, tensors, what stands in brackets, functions, and sums: ``x (1 - t) f(u) (1 - f(u))``."""

    def place(node: Node) -> int:
        match bare(node):
            case Const():
                return -1
            case Call():
                return 2
            case Lin():
                return 3 if has_call(node) else 1
            case Reduce() | Contract() | Einsum():
                return 4
        return 0

    return sorted(nodes, key=place)


def has_call(node: Node) -> bool:
    return isinstance(node, Call) or any(map(has_call, children(node)))


def opposite(node: Node) -> Node | None:
    """``-node`` for a product with a factor ``t - 1``, which reads better as ``1 - t``."""
    inner = bare(node)
    if not isinstance(inner, Prod):
        return None
    for k, factor in enumerate(inner.over):
        found = bare(factor)
        if isinstance(found, Lin) and len(found.terms) == 2:
            (first, x), (second, one) = found.terms
            if (first, second) == (1, -1) and isinstance(bare(one), Const):
                turned = replace(found, terms=((1, one), (-1, x)))
                return replace(inner, over=(*inner.over[:k], turned, *inner.over[k + 1 :]))
    return None


def flat(node: nodes.Prod) -> Prod:
    """A product without products in it."""
    coefficient, under = node.coefficient, list(node.under)
    over: list[Node] = []
    for factor in node.over:
        inner = bare(factor)
        if isinstance(inner, Prod):
            inner = flat(inner)
            coefficient *= inner.coefficient
            over += inner.over
            under += inner.under
        else:
            over.append(factor)
    return replace(node, coefficient=coefficient, over=tuple(over), under=tuple(under))


def bare(node: Node) -> Node:
    return node.x if isinstance(node, Align) else node
