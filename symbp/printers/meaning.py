"""What a node of a tree says, apart from how its arrays lie: the identity of a term.

Formula and code are printed from two trees of one equation, which differ in axes, transposes, the grouping
of products and the letters that are loops of the code. What a node says is the same in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass

import sympy as sp

from symbp.arrays.nodes import (
    Align,
    Arange,
    Call,
    Condition,
    Const,
    Contract,
    Einsum,
    FirstMaxMask,
    Lin,
    Node,
    Power,
    Prod,
    Reduce,
    Ref,
    Select,
    children,
    is_indicator,
)
from symbp.calculus.expression import Letter, Size

Meaning = Hashable
Factors = tuple[
    sp.Expr, Counter[Meaning], Counter[Meaning]
]  # a number, what is above, what is below


@dataclass(frozen=True)
class Reader:
    """``tensor`` says what a read of a tensor is; sums leave out the letters in ``loops``, all of them
    where that is None: then every tensor is one number, as in scalar form. Signs do not count:
    ``t - y`` is ``y - t``."""

    tensor: Callable[[Ref], Hashable] = lambda ref: (ref.name, ref.index)
    loops: Collection[Letter] | None = ()

    def meaning(self, node: Node) -> Meaning:
        match node:
            case Align(x=x):
                return self.meaning(x)
            case Ref():
                return ("read", self.tensor(node))
            case Arange(letter=letter):
                return ("letter", letter)
            case Const() | Prod():
                return _product(self._factors(node))
            case Contract() | Einsum() | Reduce():
                return self._sum(node)
            case Lin(terms=terms):
                return self._signed_sum(terms)
            case Power(x=x, exponent=exponent):
                return ("power", self.meaning(x), exponent)
            case Call(function=function, arguments=arguments):
                return (function, *map(self.meaning, arguments))
            case FirstMaxMask(x=x, over=over):
                return ("first", frozenset(over), self.meaning(x))
            case Select(condition=condition) if is_indicator(node):
                return self.meaning(condition)
            case Select():
                return ("select", *map(self.meaning, children(node)))
            case Condition(op=op):
                return (op, *map(self.meaning, children(node)))

    def _sum(self, node: Contract | Einsum | Reduce) -> Meaning:
        letters = self._letters(node)
        if not letters:
            return _product(self._factors(node))
        body = _product(self._combined(sp.S.One, _summed(node)))
        op = node.op if isinstance(node, Reduce) and node.op != "mean" else "sum"
        return (op, letters, body)

    def _letters(self, node: Contract | Einsum | Reduce) -> frozenset[Letter]:
        """What a sum still runs over."""
        return frozenset() if self.loops is None else frozenset(node.over) - frozenset(self.loops)

    def _signed_sum(self, terms: tuple[tuple[int, Node], ...]) -> Meaning:
        signs = {sign for sign, _ in terms}
        if len(signs) == 1:
            return ("plus", frozenset(Counter(self.meaning(x) for _, x in terms).items()), None)
        sides = [Counter(self.meaning(x) for s, x in terms if s == sign) for sign in (1, -1)]
        return ("plus", frozenset(frozenset(side.items()) for side in sides), len(sides))

    # -- products -------------------------------------------------------------------------------

    def _factors(self, node: Node) -> Factors:
        """A product as one number and all that it multiplies and divides by."""
        match node:
            case Align(x=x):
                return self._factors(x)
            case Const(value=value):
                return self._number(value), Counter(), Counter()
            case Prod(coefficient=number, over=over, under=under):
                return self._combined(number, over, under)
            case Contract() | Einsum() | Reduce() if not self._letters(node):
                return self._combined(sp.S.One, _summed(node))
        return sp.S.One, Counter([self.meaning(node)]), Counter()

    def _combined(
        self, number: sp.Expr, over: tuple[Node, ...], under: tuple[Node, ...] = ()
    ) -> Factors:
        number = self._number(number)
        above: Counter[Meaning] = Counter()
        below: Counter[Meaning] = Counter()
        for side, parts in ((1, over), (-1, under)):
            for one, top, bottom in map(self._factors, parts):
                number *= one**side
                above += top if side > 0 else bottom
                below += bottom if side > 0 else top
        return number, above, below

    def _number(self, value: sp.Expr) -> sp.Expr:
        if self.loops is None:
            value = value.xreplace(dict.fromkeys(value.atoms(Size), sp.S.One))
        return -value if value.could_extract_minus_sign() else value


def _product(factors: Factors) -> Meaning:
    number, over, under = factors
    if number == 1 and not under and over.total() == 1:
        return next(iter(over))
    return ("product", number, frozenset(over.items()), frozenset(under.items()))


def _summed(node: Contract | Einsum | Reduce) -> tuple[Node, ...]:
    """The factors of what a node sums."""
    return (node.x,) if isinstance(node, Reduce) else children(node)


def compounds(tree: Node) -> tuple[Node, ...]:
    """The nodes that are more than a tensor or a number, each once, in the order of reading."""
    known = Reader()
    found: dict[Meaning, Node] = {}
    for node in _subtrees(tree):
        if not isinstance(node, Align | Ref | Const | Arange):
            found.setdefault(known.meaning(node), node)
    return tuple(found.values())


def _subtrees(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _subtrees(child)
