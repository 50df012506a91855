"""Products and sums of products as NumPy source: ``@``, tensordot, einsum, ``*`` and ``/``."""

from __future__ import annotations

import math

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.nodes import Node, Select, is_indicator
from symbp.calculus.expression import Group, Letter
from symbp.printers.base import ATOM, POWER, PRODUCT, SUM
from symbp.printers.constants import decimal_of
from symbp.printers.reads import Reads


class Products(Reads):
    """Matrix products where the axes allow it, with the transposes that they need."""

    def Contract(self, node: nodes.Contract) -> tuple[str, int]:
        a, b, over = node.a, node.b, node.over
        if node.stacked:
            return self._products(node)
        if not node.batch:
            if len(over) == 1 and len(b.axes) <= 2 and (len(a.axes) <= 2 or a.axes[-1] == over[0]):
                return self._matrix_product(a, b, over[0]), PRODUCT
            first = [a.axes.index(k) for k in over]
            second = [b.axes.index(k) for k in over]
            axes = f"axes=({first}, {second})"
            return f"np.tensordot({self.text(a)}, {self.text(b)}, {axes})", ATOM
        left = self._stacked(a, node, last=True)
        right = self._stacked(b, node, last=False)
        return f"{left} @ {right}", PRODUCT

    def _products(self, node: nodes.Contract) -> tuple[str, int]:
        """A matrix times each of a stack of matrices, whose last axes count as one."""
        (over,) = node.over
        place = node.b.axes.index(over)
        left, right = self._stacked(node.a, node, last=True), self.text(node.b, ATOM)
        rest = node.b.axes[place + 1 :]
        if len(rest) == 1:
            return f"{left} @ {right}", PRODUCT
        columns = (*node.b.axes[: place + 1], Group(*rest))
        right += f".reshape({', '.join(map(self._axis_length, columns))})"
        return f"({left} @ {right}).reshape({', '.join(map(self._axis_length, node.axes))})", ATOM

    def _matrix_product(self, a: Node, b: Node, over: Letter) -> str:
        left = self.text(a, ATOM)
        if len(a.axes) == 2 and a.axes[0] == over:
            left += ".T"
        right = self.text(b, ATOM)
        if len(b.axes) == 2 and b.axes[-1] == over:
            right += ".T"
        return f"{left} @ {right}"

    def _stacked(self, x: Node, node: nodes.Contract, last: bool) -> str:
        free = [a for a in x.axes if a not in node.batch + node.over]
        inner = [*free, *node.over] if last else [*node.over, *free]
        order = [x.axes.index(a) for a in (*node.batch, *inner)]
        text = self.text(x, ATOM)
        if order != sorted(order):
            text += self._transpose(order) if len(order) > 2 else ".T"
        return text

    def Einsum(self, node: nodes.Einsum) -> tuple[str, int]:
        used: dict[Letter, str] = {}
        alphabet = iter("abcdefghijklmnopqrstuvwxyz")
        free = list(alphabet)
        for operand in node.operands:
            for index in operand.axes:
                if index not in used:
                    wish = index.name[0]
                    used[index] = wish if wish in free else free[0]
                    free.remove(used[index])
        spell = ["".join(used[i] for i in x.axes) for x in node.operands]
        result = "".join(used[i] for i in node.axes)
        operands = ", ".join(self.text(x) for x in node.operands)
        return f'np.einsum("{",".join(spell)}->{result}", {operands}, optimize=True)', ATOM

    def _transpose(self, order: list[int]) -> str:
        if len(order) == 2:
            return ".T"
        if order[:-2] == list(range(len(order) - 2)):
            return ".swapaxes(-1, -2)"
        return f".transpose({', '.join(map(str, order))})"

    # -- elementwise ----------------------------------------------------------------------------

    def Prod(self, node: nodes.Prod) -> tuple[str, int]:
        number, divisor = self._coefficient(node.coefficient)
        factors = [number] if number not in ("", "-") else []
        arrays = [x for x in node.over if not is_indicator(x)]
        masks = [x for x in node.over if is_indicator(x)]
        for factor in arrays:
            factors.append(self.text(factor, POWER if factors else PRODUCT))
        for mask in masks:  # True and False are 1 and 0 where they multiply floats
            alone = not any(x.axes for x in arrays)
            plain = mask.condition if isinstance(mask, Select) and not alone else mask
            factors.append(self.text(plain, POWER if factors else PRODUCT))
        sign = "-" if number == "-" else ""
        text = sign + (" * ".join(factors) or "1")
        below = [self.text(x, POWER) for x in node.under]
        numbers = [t for t in (divisor, *below) if t.isdigit()]
        divisors = [str(math.prod(map(int, numbers)))] if numbers else []
        for one in [*divisors, *(t for t in below if not t.isdigit())]:
            text += f" / {one}"
        return text, SUM if text.startswith("-") else PRODUCT

    @staticmethod
    def _coefficient(value: sp.Rational) -> tuple[str, str]:
        """What stands in front of a product, and what divides it."""
        if value == 1:
            return "", ""
        if value == -1:
            return "-", ""
        decimal = decimal_of(value)
        if value.is_Integer or decimal is not None:
            return decimal or str(value), ""
        if abs(value.p) == 1:
            return ("-" if value.p < 0 else ""), str(value.q)
        return str(value.p), str(value.q)
