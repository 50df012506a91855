"""The tree of array operations that both the code and the formulas are printed from.

Every node knows its axes: index letters in the order of the array's real axes. A printer has one
method a node class, named after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.calculus.expression import Letter

Axes = tuple[Letter, ...]


@dataclass(frozen=True)
class Const:
    """A number, or a product of sizes."""

    value: sp.Expr
    axes: Axes = ()


@dataclass(frozen=True)
class Ref:
    """A read of a tensor; ``index`` holds one index expression for each axis of the tensor.

    Along the axes in ``short`` a bare letter covers the beginning alone.
    """

    name: str
    index: tuple[sp.Expr, ...]
    axes: Axes
    short: tuple[int, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all entries are read, in the order in which they lie."""
        bare = all(i.is_Symbol and i in self.axes for i in self.index)
        return bare and not self.short and len(set(self.index)) == len(self.index)


@dataclass(frozen=True)
class Align:
    """``x`` transposed and broadcast to ``axes``; those not of ``x`` have length one."""

    x: Node
    axes: Axes

    @property
    def keep(self) -> Axes:
        return tuple(a for a in self.axes if a in self.x.axes)


@dataclass(frozen=True)
class Contract:
    """Sum over the shared letters ``over`` of a product of two, one result for each of ``batch``.

    The axes are those of ``batch``, of ``a`` and of ``b``; where it is ``stacked``, ``a`` is a matrix and
    ``b`` has axes in front, for each of which there is one product.
    """

    a: Node
    b: Node
    over: Axes
    batch: Axes
    axes: Axes

    @property
    def stacked(self) -> bool:
        free = tuple(x for x in (*self.a.axes, *self.b.axes) if x not in self.batch + self.over)
        return self.axes != (*self.batch, *free)


@dataclass(frozen=True)
class Einsum:
    """A sum over ``over`` of a product that no single matrix product says."""

    operands: tuple[Node, ...]
    over: Axes
    axes: Axes


@dataclass(frozen=True)
class Prod:
    """coefficient * product of ``over`` / product of ``under``, elementwise."""

    coefficient: sp.Rational
    over: tuple[Node, ...]
    under: tuple[Node, ...]
    axes: Axes


@dataclass(frozen=True)
class Lin:
    """A signed sum: (sign, node) each."""

    terms: tuple[tuple[int, Node], ...]
    axes: Axes


@dataclass(frozen=True)
class Power:
    x: Node
    exponent: sp.Expr
    axes: Axes


@dataclass(frozen=True)
class Call:
    """An elementwise function of the printers' tables, or a named activation."""

    function: str
    arguments: tuple[Node, ...]
    axes: Axes


@dataclass(frozen=True)
class Reduce:
    """``sum``, ``mean`` or ``max`` over letters; with ``keep`` the axes stay, with length one."""

    op: str
    x: Node
    over: Axes
    axes: Axes


@dataclass(frozen=True)
class FirstMaxMask:
    """1 at the first maximum of ``x`` along ``over``, in row-major order, else 0."""

    x: Node
    over: Axes
    axes: Axes


@dataclass(frozen=True)
class Select:
    condition: Node
    then: Node
    otherwise: Node
    axes: Axes


@dataclass(frozen=True)
class Condition:
    """``left op right``; ``op`` is a comparison, or ``and`` / ``or``."""

    op: str
    left: Node
    right: Node
    axes: Axes


@dataclass(frozen=True)
class Arange:
    """An index letter as a number: 0, 1, .. along its axis."""

    letter: Letter
    axes: Axes


Node = (
    Const | Ref | Align | Contract | Einsum | Prod | Lin | Power | Call | Reduce | FirstMaxMask
    | Select | Condition | Arange
)  # fmt: skip


def is_stored(node: Node) -> bool:
    """Whether a node reads an array, other than letters as numbers."""
    return isinstance(node, Ref) or any(is_stored(child) for child in children(node))


def spans(node: Node) -> frozenset[Letter]:
    """The axes along which a node has its full length; along others it may have length one."""
    match node:
        case Align(x=x):
            return spans(x)
        case Prod() | Lin() | Power() | Call() | Select() | Condition():
            return frozenset().union(*map(spans, children(node)))
        case Reduce(x=x, over=over):
            return spans(x) - set(over)
    return frozenset(node.axes)


def is_indicator(node: Node) -> bool:
    """Whether a node is 1 where a condition holds and 0 elsewhere."""
    choice = (Const(sp.S.One), Const(sp.S.Zero))
    return isinstance(node, Select) and (node.then, node.otherwise) == choice


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in reading order."""
    match node:
        case Align(x=x) | Power(x=x) | Reduce(x=x) | FirstMaxMask(x=x):
            return (x,)
        case Contract(a=a, b=b):
            return (a, b)
        case Einsum(operands=operands):
            return operands
        case Prod(over=over, under=under):
            return over + under
        case Lin(terms=terms):
            return tuple(x for _, x in terms)
        case Call(arguments=arguments):
            return arguments
        case Select(condition=c, then=a, otherwise=b):
            return (c, a, b)
        case Condition(left=a, right=b):
            return (a, b)
    return ()
