"""What index, matrix and scalar form have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.lower import Lowered
from symbp.arrays.nodes import Align, Condition, Const, Lin, Node, is_indicator
from symbp.calculus.expression import Letter
from symbp.printers.base import ATOM, CONDITION, PRODUCT, SUM, raised
from symbp.printers.leaves import Leaves
from symbp.printers.marks import negative, positive, unmarked
from symbp.printers.reading import bare, in_reading_order, opposite


class Formula(Leaves):
    """Equations, sums, functions, choices and reductions; products differ from form to form."""

    def equation(self, lowered: Lowered) -> tuple[str, str, int]:
        """Left side, right side, and how tightly the right side holds."""
        left = self.text(lowered.target)
        right, level = self.piece(lowered.whole)
        return left, right, level

    # -- elementwise ----------------------------------------------------------------------------

    def Lin(self, node: nodes.Lin) -> tuple[str, int]:
        return signed_sum(self.summands(node)), SUM

    def summands(self, node: nodes.Lin) -> list[tuple[int, str]]:
        """The sign and the text of each summand; all with a minus where that can be."""
        turned = self.turned(node)
        made = []
        for sign, term in (turned or node).terms:
            text, level = self.piece(term)
            if level == SUM and negative(text) and not isinstance(bare(term), Lin):
                sign, text, level = -sign, positive(text), PRODUCT
            made.append((sign, text if level >= PRODUCT or sign > 0 else self.bracket(text)))
        return sorted(made, key=lambda term: len(unmarked(term[1]))) if turned else made

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
        inside = self.marked(condition, self.inside(condition))
        return self.dialect.cases(inside, self.text(node.then), self.text(node.otherwise))

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

    # -- what products and reductions share -----------------------------------------------------

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
            minus = level == SUM and negative(text) and node.op != "max"
            if isinstance(inner, Lin):
                terms = self.summands(inner)
                minus = node.op != "max" and all(sign < 0 for sign, _ in terms)
                if minus:
                    text = self.marked(inner, signed_sum([(1, term) for _, term in terms]))
            elif minus:
                text, level = positive(text), PRODUCT
        body = text if level >= PRODUCT else self.bracket(text)
        result, level = self.dialect.reduction(node.op, letters, body, sizes)
        return ("-" if minus else "") + result, SUM if minus else level

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
            digits = unmarked(left)[-1:].isdigit() and unmarked(right)[:1].isdigit()
            return left + (self.dialect.times if digits else " ") + right
        return left or right


def signed_sum(terms: list[tuple[int, str]]) -> str:
    text = ""
    for k, (sign, term) in enumerate(terms):
        text += ((" - " if sign < 0 else " + ") if k else ("-" if sign < 0 else "")) + term
    return text
