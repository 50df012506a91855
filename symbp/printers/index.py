"""Index form: every read shows its indices, every sum its letters. Always possible."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.nodes import Const, Lin, Node, Prod, Reduce
from symbp.calculus.expression import Group, Size
from symbp.printers.base import ATOM, POWER, PRODUCT, SUM, slot
from symbp.printers.formula import Formula
from symbp.printers.reading import bare, flat, in_reading_order


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


def mean_in(node: Node) -> Reduce | None:
    inner = bare(node)
    return inner if isinstance(inner, Reduce) and inner.op == "mean" else None
