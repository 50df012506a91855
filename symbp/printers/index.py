"""Index form: every read shows its indices, every sum its letters. Always possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.lower import Lowered
from symbp.arrays.nodes import (
    Align,
    Call,
    Condition,
    Const,
    Contract,
    Einsum,
    Lin,
    Node,
    Prod,
    Reduce,
    children,
    is_indicator,
)
from symbp.arrays.places import has_gather, part_of
from symbp.calculus.equation import ADJOINT, Link
from symbp.calculus.expression import Entry, Group, Letter, Size, letter
from symbp.calculus.index import base
from symbp.printers.base import ATOM, BATCH, CONDITION, POWER, PRODUCT, SUM, Printer, raised, slot
from symbp.printers.constants import decimal_of
from symbp.printers.dialect import Dialect

FunctionNames = Mapping[str, str]  # named activation -> how it is written
SizeOf = Callable[[Letter], int | None]


class Formula(Printer):
    """What index, matrix and scalar form have in common."""

    def __init__(
        self,
        dialect: Dialect,
        functions: FunctionNames,
        size_of: SizeOf,
        shown: Mapping[Letter, str] | None = None,
        links: tuple[Link, ...] = (),
        length: Callable[[str, int], int | None] | None = None,
    ) -> None:
        self.links = {link.name: link for link in links}
        self.dialect = dialect
        self.functions = functions
        self.size_of = size_of
        self.length = length  # of a tensor's axis
        self.shown = dict(shown or {})  # letters in use, as they are written

    def bracket(self, text: str) -> str:
        return self.dialect.bracket(text)

    def equation(self, lowered: Lowered) -> tuple[str, str, int]:
        """Left side, right side, and how tightly the right side holds."""
        left = self.text(lowered.target)
        (tree,) = [lowered.tree] if lowered.tree else [a.tree for a in lowered.added]
        right, level = self.piece(tree)
        return left, right, level

    # -- leaves ---------------------------------------------------------------------------------

    def Const(self, node: nodes.Const) -> tuple[str, int]:
        return self.constant(node.value)

    def constant(self, value: sp.Expr) -> tuple[str, int]:
        """A number, or a product of sizes; decimals stay decimals."""
        if isinstance(value, Size):
            return self.size(value.letter), ATOM
        if value.is_Rational and not value.is_Integer and value.q > 9:
            decimal = decimal_of(value)
            if decimal is not None:
                return self.decimal(decimal), ATOM if value > 0 else SUM
        if value.is_Rational and value < 0:
            return f"-{self.constant(-value)[0]}", SUM
        if value.is_Rational and not value.is_Integer:
            return self.dialect.fraction(str(value.p), str(value.q))
        if value.is_Mul or value.is_Pow:
            over, under = sp.fraction(value)
            if under != 1:
                return self.dialect.fraction(self.factors_of(over), self.factors_of(under))
            if value.is_Mul:
                return self.factors_of(over), PRODUCT
            if value.exp == sp.Rational(1, 2):
                return self.dialect.root(self.constant(value.base)[0])
        if value.has(Size):
            return self.dialect.number(
                value.xreplace({s: sp.Symbol(self.size(s.letter)) for s in value.atoms(Size)})
            )
        return self.dialect.number(value)

    def factors_of(self, value: sp.Expr) -> str:
        factors = sorted(sp.Mul.make_args(value), key=lambda f: (not f.is_number, str(f)))
        return " ".join(
            text if level >= PRODUCT else self.bracket(text)
            for text, level in map(self.constant, factors)
        )

    def decimal(self, text: str) -> str:
        mantissa, _, exponent = text.partition("e")
        if not exponent:
            return text
        ten = self.dialect.power("10", str(int(exponent)))[0]
        return ten if mantissa == "1" else f"{mantissa}{self.dialect.times}{ten}"

    def size(self, index: Letter) -> str:
        """The batch size has a name; other sizes are numbers."""
        size = self.size_of(index)
        return slot(BATCH) if size is None else str(size)

    def letter(self, index: Letter) -> str:
        """``i_2``, a fresh copy of i, is written i, or i' where i is in use."""
        if index not in self.shown:
            text = base(index)
            while text in self.shown.values():
                text += "'"
            self.shown[index] = text
        return self.shown[index]

    def letters(self, indices: tuple[Letter, ...]) -> str:
        return " ".join(self.letter(i) for i in indices)

    @contextmanager
    def bound(self, indices: tuple[Letter, ...]) -> Iterator[str]:
        """Letters that a sum runs over: new ones inside it, forgotten behind it."""
        before = dict(self.shown)
        hidden = {i: f"{self.shown.pop(i)}" for i in indices if i in self.shown}
        self.shown |= {letter(f"{i.name}_outside"): text for i, text in hidden.items()}
        yield self.letters(indices)
        self.shown = before

    def Arange(self, node: nodes.Arange) -> tuple[str, int]:
        return self.letter(node.letter), ATOM

    def place(self, index: sp.Expr) -> str:
        if isinstance(index, Group):
            return f"({','.join(self.place(p) for p in index.parts)})"
        if index.is_Symbol:
            return self.letter(index)
        if has_gather(index):
            return self.gathered(index)
        part = part_of(index, self.size_of)
        if part is not None:
            return self.place(part)
        known = {s: self.size_of(s.letter) for s in index.atoms(Size)}
        index = index.xreplace({s: sp.Integer(k) for s, k in known.items() if k is not None})
        renamed = {s: sp.Symbol(self.letter(s)) for s in index.free_symbols}
        terms = sorted(index.as_ordered_terms(), key=lambda t: not t.free_symbols)
        terms.sort(key=lambda t: t.could_extract_minus_sign())
        text = "+".join(str(t.xreplace(renamed)).replace("*", "") for t in terms)
        return text.replace("+-", "-")

    def gathered(self, index: sp.Expr) -> str:
        """A position that is read from a tensor."""
        text = ""
        for term in sorted(index.as_ordered_terms(), key=lambda t: not has_gather(t)):
            minus = term.could_extract_minus_sign()
            term = -term if minus else term
            read = isinstance(term, Entry)
            place = slot(term.name, self.places(term.indices)) if read else self.place(term)
            text += ("-" if minus else "+" if text else "") + place
        return text

    def delayed(self, name: str, indices: tuple[sp.Expr, ...]) -> tuple[str, tuple[sp.Expr, ...]]:
        """A tensor's own past is written as what it is: ``h_prev[n,t,i]`` as ``h[n,t-1,i]``."""
        link = self.links.get(name.lstrip(ADJOINT))
        if link is None:
            return name, indices
        axis = link.axis
        moved = (*indices[:axis], indices[axis] + link.offset, *indices[axis + 1 :])
        return (link.base if name == link.name else name), moved

    def places(self, indices: tuple[sp.Expr, ...]) -> str:
        """Index expressions one behind the other, with commas where they are needed."""
        return self.dialect.places([self.place(i) for i in indices])

    # -- elementwise ----------------------------------------------------------------------------

    def Lin(self, node: nodes.Lin) -> tuple[str, int]:
        return signed_sum(self.terms(node)), SUM

    def terms(self, node: nodes.Lin) -> list[tuple[int, str]]:
        """The sign and the text of each summand; all with a minus where that can be."""
        turned = self.turned(node)
        made = []
        for sign, term in (turned or node).terms:
            text, level = self.piece(term)
            if level == SUM and text.startswith("-") and not isinstance(bare(term), Lin):
                sign, text, level = -sign, text[1:], PRODUCT
            made.append((sign, text if level >= PRODUCT or sign > 0 else self.bracket(text)))
        return sorted(made, key=lambda term: len(term[1])) if turned else made

    def turned(self, node: nodes.Lin) -> nodes.Lin | None:
        """``(t - 1) a - t b`` as ``-(1 - t) a - t b``."""
        if len(node.terms) < 2 or all(sign > 0 for sign, _ in node.terms):
            return None
        terms = []
        for sign, term in node.terms:
            other = opposite(term) if sign > 0 else term
            if other is None:
                return None
            terms.append((-1, other))
        return None if tuple(terms) == node.terms else replace(node, terms=tuple(terms))

    def Power(self, node: nodes.Power) -> tuple[str, int]:
        return self.dialect.power(raised(self.text(node.x, ATOM)), self.constant(node.exponent)[0])

    def Call(self, node: nodes.Call) -> tuple[str, int]:
        arguments = ", ".join(self.text(a) for a in node.arguments)
        if node.function == "sqrt":
            return self.dialect.root(arguments)
        if node.function == "exp":
            return self.dialect.exponential(arguments)
        if node.function == "abs":
            return self.dialect.absolute(arguments)
        if node.function == "power":
            below, above = node.arguments
            return self.dialect.power(raised(self.text(below, ATOM)), self.text(above))
        return self.dialect.call(self.function(node.function), arguments)

    def function(self, name: str) -> str:
        own = name.rstrip("'")
        known = self.functions.get(own) or self.dialect.names.get(own, own)
        return known + name[len(own) :]

    def Select(self, node: nodes.Select) -> tuple[str, int]:
        condition, then, otherwise = node.condition, node.then, node.otherwise
        if is_indicator(node):
            return self.dialect.iverson(self.inside(condition))
        if isinstance(condition, Condition) and (condition.left, condition.right) == (
            then,
            otherwise,
        ):
            name = {">=": "maximum", "<=": "minimum"}.get(condition.op)
            if name:
                both = f"{self.text(then)}, {self.text(otherwise)}"
                return self.dialect.call(self.dialect.names[name], both)
        return self.dialect.cases(
            self.inside(condition), self.text(node.then), self.text(node.otherwise)
        )

    def inside(self, node: Node) -> str:
        """A condition without its brackets."""
        if isinstance(node, Align):
            return self.inside(node.x)
        if isinstance(node, Condition):
            level = CONDITION if node.op in ("and", "or") else SUM
            left, right = (
                self.inside(x) if node.op in ("and", "or") else self.text(x, level)
                for x in (node.left, node.right)
            )
            return f"{left} {self.dialect.relations[node.op]} {right}"
        return self.text(node)

    def Condition(self, node: nodes.Condition) -> tuple[str, int]:
        return self.dialect.iverson(self.inside(node))

    def coefficient(self, value: sp.Rational) -> tuple[str, str]:
        """Sign, and the number in front of a product."""
        sign = "-" if value < 0 else ""
        value = abs(value)
        return sign, "" if value == 1 else self.constant(value)[0]

    def with_letters(self, node: nodes.Reduce) -> tuple[str, int]:
        """A reduction with its letters below the sign; a minus of the whole body goes in front."""
        sizes = self.sizes(node.over)
        inner = bare(node.x)
        with self.bound(node.over) as letters:
            text, level = self.piece(node.x)
            negative = level == SUM and text.startswith("-") and node.op != "max"
            if isinstance(inner, Lin):
                terms = self.terms(inner)
                negative = node.op != "max" and all(sign < 0 for sign, _ in terms)
                text = signed_sum([(1, term) for _, term in terms]) if negative else text
            elif negative:
                text, level = text[1:], PRODUCT
        body = text if level >= PRODUCT else self.bracket(text)
        result, level = self.dialect.reduction(node.op, letters, body, sizes)
        return ("-" if negative else "") + result, SUM if negative else level

    def below(self, nodes: Iterable[Node]) -> list[Node]:
        """What divides, in reading order: numbers before the batch size."""

        def place(node: Node) -> int:
            return 2 if not isinstance(node, Const) else not self.text(node).isdigit()

        return sorted(in_reading_order(nodes), key=place)

    def sizes(self, letters: tuple[Letter, ...]) -> str:
        """How many entries a mean is over: the sizes of its letters, the batch size behind."""
        text = ""
        for index in sorted(letters, key=lambda i: self.size_of(i) is None):
            text = self.joined(text, self.size(index))
        return text

    def scaled(self, number: str, text: str) -> str:
        """A number in front of a product: ``1/2`` and ``1/N Σ`` are ``1/(2 N) Σ``."""
        mean = re.match(r"1/(\([^()]*\)|\S+) (Σ.*)", text)
        if mean and number.startswith("1/"):
            return f"1/({self.joined(number[2:], mean[1].strip('()'))}) {mean[2]}"
        return " ".join(p for p in (number, text) if p)

    def joined(self, left: str, right: str) -> str:
        """Two factors; two numbers have a dot between them."""
        if left and right:
            digits = left[-1:].isdigit() and right[0].isdigit()
            return left + (self.dialect.times if digits else " ") + right
        return left or right


class Index(Formula):
    def Ref(self, node: nodes.Ref) -> tuple[str, int]:
        name, indices = self.delayed(node.name, node.index)
        return slot(name, self.places(self.with_first_parts(node, indices))), ATOM

    def with_first_parts(
        self, node: nodes.Ref, indices: tuple[sp.Expr, ...]
    ) -> tuple[sp.Expr, ...]:
        """A letter that reads the first part of an axis as ``(0, j)``."""
        places = list(indices)
        for axis in node.short:
            whole = self.length(node.name, axis) if self.length else None
            size = self.size_of(node.index[axis])
            if whole and size and whole % size == 0:
                places[axis] = Group(sp.S.Zero, indices[axis])
        return tuple(places)

    def Align(self, node: nodes.Align) -> tuple[str, int]:
        return self.piece(node.x)

    def Contract(self, node: nodes.Contract) -> tuple[str, int]:
        with self.bound(node.over) as letters:
            body = f"{self.text(node.a, PRODUCT)} {self.text(node.b, POWER)}"
        return self.dialect.reduction("sum", letters, body)

    def Einsum(self, node: nodes.Einsum) -> tuple[str, int]:
        with self.bound(node.over) as letters:
            body = self.dialect.gap.join(self.text(o, POWER) for o in node.operands)
        return self.dialect.reduction("sum", letters, body)

    def Prod(self, node: nodes.Prod) -> tuple[str, int]:
        node = flat(node)
        over, under = in_reading_order(node.over), self.below(node.under)
        sign, number = self.coefficient(node.coefficient)
        if self.dialect.bars and (under or any(mean_in(x) for x in over)):
            return self.with_bar(node.coefficient, over, under)
        text = self.product(over)
        if under and not over:
            over_one, below = map(self.number, sp.fraction(abs(node.coefficient)))
            below = self.joined("" if below == "1" else below, self.product(under))
            lone = len(under) == 1 and below == self.product(under)
            below = self.text(under[0], POWER) if lone else self.bracket(below)
            number, text = "", self.dialect.fraction(over_one, below)[0]
        elif under:
            lone = len(over) == 1
            text = self.text(over[0], PRODUCT) if lone else text
            below = self.product(under)
            if len(under) > 1 or isinstance(under[0], (Lin, Prod)):
                below = self.bracket(below) if len(under) > 1 else self.text(under[0], POWER)
            text, _ = self.dialect.fraction(text or "1", below)
        return sign + self.scaled(number, text), SUM if sign else PRODUCT

    def with_bar(
        self, coefficient: sp.Rational, over: list[Node], under: list[Node]
    ) -> tuple[str, int]:
        """One fraction with all that is below; sums and derivatives stand behind it, not in it."""
        sign = "-" if coefficient < 0 else ""
        means = [m for x in over if (m := mean_in(x))]
        over = [replace(m, op="sum") if (m := mean_in(x)) else x for x in over]
        under = self.below([*(Const(Size(i)) for m in means for i in m.over), *under])
        above = self.constant(sp.Integer(abs(coefficient.p)))[0] if abs(coefficient.p) != 1 else ""
        below = self.constant(sp.Integer(coefficient.q))[0] if coefficient.q != 1 else ""
        flat = [x for x in over if not self.dialect.tall(self.text(x))]
        high = [x for x in over if x not in flat]
        if high and all(isinstance(x, Const) for x in under):
            flat, high = [], [*flat, *high]
        if len(flat) == 1 and not above:
            top = self.text(flat[0])
        else:
            top = self.joined(above, self.product(flat))
        alone = len(under) == 1 and not below
        bottom = self.text(under[0]) if alone else self.joined(below, self.product(under, POWER))
        fraction = self.dialect.fraction(top or "1", bottom)[0]
        parts = [fraction, self.product(high) if len(high) != 1 else self.text(high[0], PRODUCT)]
        level = PRODUCT if parts[1] else POWER
        return sign + " ".join(p for p in parts if p), SUM if sign else level

    def number(self, value: sp.Integer) -> str:
        return self.constant(value)[0]

    def product(self, nodes: list[Node], last: int = PRODUCT) -> str:
        """Factors side by side; two numbers have a dot between them."""
        text = ""
        for k, x in enumerate(nodes):
            text = self.joined(text, self.text(x, last if k == len(nodes) - 1 else POWER))
        return text

    def Reduce(self, node: nodes.Reduce) -> tuple[str, int]:
        return self.with_letters(node)

    def FirstMaxMask(self, node: nodes.FirstMaxMask) -> tuple[str, int]:
        letters = self.letters(node.over)
        letters = f"({letters.replace(' ', ', ')})" if " " in letters else letters
        inner = f"{letters} = {self.dialect.names['argmax']} {self.text(node.x, PRODUCT)}"
        return self.dialect.iverson(inner)


def signed_sum(terms: list[tuple[int, str]]) -> str:
    text = ""
    for k, (sign, term) in enumerate(terms):
        text += ((" - " if sign < 0 else " + ") if k else ("-" if sign < 0 else "")) + term
    return text


def bare(node: Node) -> Node:
    return node.x if isinstance(node, Align) else node


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


def mean_in(node: Node) -> Reduce | None:
    inner = bare(node)
    return inner if isinstance(inner, Reduce) and inner.op == "mean" else None
