"""What a node of a tree says, apart from how its arrays lie: the identity of a term.

Formula and code are printed from two trees of one equation, which differ in axes, transposes, the grouping
of products and the letters that are loops of the code. What a node says is the same in both, but for a
sign in front: ``t - y`` says what ``y - t`` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field

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
Signed = tuple[int, Meaning]
Factors = tuple[sp.Expr, Counter[Meaning], Counter[Meaning]]  # number, above, below
Sum = Contract | Einsum | Reduce


@dataclass(frozen=True)
class Reader:
    """``tensor`` says what a read of a tensor is; sums leave out the letters in ``loops``, all of them
    where that is None: then every tensor is one number, as in scalar form. ``same`` has what stands for
    something else, up to a sign."""

    tensor: Callable[[Ref], Hashable] = lambda ref: (ref.name, ref.index)
    loops: Collection[Letter] | None = ()
    same: Mapping[Meaning, Signed] = field(default_factory=dict)

    def meaning(self, node: Node) -> Meaning:
        return self.signed(node)[1]

    def signed(self, node: Node) -> Signed:
        """Whether the node is what it says, or minus that."""
        sign, found = self._signed(node)
        other, meaning = self.same.get(found, (1, found))
        return sign * other, meaning

    def _signed(self, node: Node) -> Signed:
        match node:
            case Align(x=x):
                return self.signed(x)
            case Ref():
                return 1, ("read", self.tensor(node))
            case Arange(letter=letter):
                return 1, ("letter", letter)
            case Const() | Prod():
                return _product(self._factors(node))
            case Contract() | Einsum() | Reduce():
                return self._sum(node)
            case Lin(terms=terms):
                return self._signed_sum(terms)
            case Power(x=x, exponent=exponent) if exponent.is_Integer:
                sign, base = self.signed(x)
                return sign ** (exponent % 2), ("power", base, exponent)
            case Select(condition=condition) if is_indicator(node):
                return self.signed(condition)
        return 1, (*self._kind(node), *map(self.signed, children(node)))

    def _kind(self, node: Node) -> tuple[Hashable, ...]:
        """What a node says besides its children, whose signs count."""
        match node:
            case Call(function=function):
                return (function,)
            case Condition(op=op):
                return (op,)
            case Power(exponent=exponent):
                return ("power", exponent)
            case FirstMaxMask(over=over):
                return ("first", frozenset(over))
        return (type(node).__name__,)

    # -- sums -----------------------------------------------------------------------------------

    def _sum(self, node: Sum) -> Signed:
        letters = self._letters(node)
        if not letters:
            return _product(self._factors(node))
        if isinstance(node, Reduce) and node.op == "max":
            return 1, ("max", letters, self.signed(node.x))
        sign, body = _product(self._combined(sp.S.One, _summed(node)))
        return sign, ("sum", letters, body)

    def _letters(self, node: Sum) -> frozenset[Letter]:
        """What a sum still runs over."""
        return frozenset() if self.loops is None else frozenset(node.over) - frozenset(self.loops)

    def _signed_sum(self, terms: tuple[tuple[int, Node], ...]) -> Signed:
        """A sum begins with the side, of plus or of minus, whose hash is less."""
        sides: dict[int, Counter[Meaning]] = {1: Counter(), -1: Counter()}
        for sign, term in terms:
            own, meaning = self.signed(term)
            sides[sign * own][meaning] += 1
        plus, minus = (frozenset(sides[sign].items()) for sign in (1, -1))
        turned = not plus or (bool(minus) and hash(minus) < hash(plus))
        return (-1, ("plus", minus, plus)) if turned else (1, ("plus", plus, minus))

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
        sign, meaning = self.signed(node)
        return sp.Integer(sign), Counter([meaning]), Counter()

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
            return value.xreplace(dict.fromkeys(value.atoms(Size), sp.S.One))
        return value


def _product(factors: Factors) -> Signed:
    number, over, under = factors
    sign = -1 if number.could_extract_minus_sign() else 1
    if number == sign and not under and over.total() == 1:
        return sign, next(iter(over))
    return sign, ("product", sign * number, frozenset(over.items()), frozenset(under.items()))


def _summed(node: Sum) -> tuple[Node, ...]:
    """The factors of what a node sums."""
    return (node.x,) if isinstance(node, Reduce) else children(node)


def is_compound(meaning: Meaning) -> bool:
    """Whether something is said of more than one tensor, letter or number."""
    kind, *rest = meaning if isinstance(meaning, tuple) else ("",)
    return kind not in ("read", "letter") and not (kind == "product" and not any(rest[1:]))


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
