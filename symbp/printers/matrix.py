"""Matrix form: rows are samples, vectors are rows and broadcast over rows as in NumPy.

Values with more than two axes carry the smallest set of their axes as a label ``x^{(n)}`` that leaves
two; where no such set serves a whole equation, there is no matrix form and the index form is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from symbp.arrays import nodes
from symbp.arrays.lower import Lowered
from symbp.arrays.nodes import (
    Axes,
    Lin,
    Node,
    Ref,
    children,
)
from symbp.calculus.equation import Link
from symbp.calculus.expression import Letter
from symbp.printers.base import ATOM, CONDITION, POWER, PRODUCT, SUM, slot
from symbp.printers.dialect import Dialect, Latex
from symbp.printers.formula import Formula
from symbp.printers.leaves import FunctionNames, SizeOf
from symbp.printers.meaning import Meaning


class NoMatrixForm(Exception):
    """Raised where an equation cannot be said with matrices."""


class Matrix(Formula):
    def __init__(
        self,
        dialect: Dialect,
        functions: FunctionNames,
        size_of: SizeOf,
        labels: Axes = (),
        links: tuple[Link, ...] = (),
    ) -> None:
        super().__init__(dialect, functions, size_of, None, links)
        self.labels = labels

    def matrix_axes(self, node: Node) -> list[Letter]:
        found = [a for a in node.axes if a not in self.labels]
        if len(found) > 2:
            raise NoMatrixForm
        return found

    def Ref(self, node: nodes.Ref) -> tuple[str, int]:
        return self.reference(node, transposed=False)

    def reference(self, node: nodes.Ref, transposed: bool) -> tuple[str, int]:
        self.matrix_axes(node)
        name, indices = self.delayed(node.name, node.index)
        bare = [next(iter(sorted(i.free_symbols, key=str)), None) for i in node.index]
        if node.short or len(set(bare)) < len(bare) or set(bare) != set(node.axes):
            raise NoMatrixForm
        steps = dict(zip(bare, indices, strict=True))  # h[n,t-1,i] is the matrix of step t-1
        for a in node.axes:
            moved = steps[a] - a
            if moved != 0 and not (self.links and moved.is_Integer and a in self.labels):
                raise NoMatrixForm  # a part, or a place within a border
        label = ",".join(self.place(steps[a]) for a in node.axes if a in self.labels)
        return slot(name, "", label, "T" if transposed else ""), ATOM

    def transposed(self, node: Node) -> str:
        if isinstance(node, Ref):
            return self.reference(node, transposed=True)[0]
        mark = r"^\top" if isinstance(self.dialect, Latex) else "ᵀ"
        return self.text(node, ATOM) + mark

    def Arange(self, node: nodes.Arange) -> tuple[str, int]:
        raise NoMatrixForm

    def FirstMaxMask(self, node: nodes.FirstMaxMask) -> tuple[str, int]:
        raise NoMatrixForm

    def Einsum(self, node: nodes.Einsum) -> tuple[str, int]:
        raise NoMatrixForm

    def Align(self, node: nodes.Align) -> tuple[str, int]:
        """Broadcasting is silent; a true transpose is not."""
        self.matrix_axes(node)
        kept = [a for a in node.keep if a not in self.labels]
        have = [a for a in node.x.axes if a not in self.labels]
        if kept != have and len(kept) == 2:
            return self.transposed(node.x), ATOM
        return self.piece(node.x)

    def Contract(self, node: nodes.Contract) -> tuple[str, int]:
        self.matrix_axes(node)
        inner = [k for k in node.over if k not in self.labels]
        if len(inner) != 1 or any(k not in self.labels for k in node.batch):
            raise NoMatrixForm
        left, right = self.matrix_axes(node.a), self.matrix_axes(node.b)
        if not left or not right:
            raise NoMatrixForm
        first = (
            self.transposed(node.a)
            if left[0] == inner[0] and len(left) == 2
            else self.text(node.a, POWER)
        )
        if len(left) == 1 and len(right) == 1:
            raise NoMatrixForm
        second = (
            self.transposed(node.b)
            if len(right) == 2 and right[-1] == inner[0]
            else self.text(node.b, POWER)
        )
        body = f"{first} {second}"
        summed = tuple(k for k in node.over if k in self.labels)
        if summed:
            return self.dialect.reduction("sum", self.letters(summed), body)
        return body, PRODUCT

    def Prod(self, node: nodes.Prod) -> tuple[str, int]:
        self.matrix_axes(node)
        sign, number = self.coefficient(node.coefficient)
        scalars = [x for x in node.over if not self.matrix_axes(x)]
        arrays = [x for x in node.over if self.matrix_axes(x)]
        below = self.below(x for x in node.under if not self.matrix_axes(x))
        divisors = [x for x in node.under if self.matrix_axes(x)]
        last = PRODUCT if not arrays and not divisors else POWER
        words = [self.text(x, POWER) for x in scalars[:-1]]
        words += [self.text(x, last) for x in scalars[-1:]]
        front = self.scaled(number, " ".join(words))
        if below:
            slash = not isinstance(self.dialect, Latex)
            level = POWER if slash or len(below) > 1 else CONDITION
            under = " ".join(self.text(x, level) for x in below)
            if slash and len(below) > 1:
                under = self.bracket(under)
            front = self.dialect.fraction(front or "1", under)[0]
        level = POWER if len(arrays) + len(divisors) > 1 or front else PRODUCT
        body = self.dialect.odot.join(self._factor(x, level) for x in arrays)
        for divisor in divisors:
            body = (body or "1") + self.dialect.oslash + self.text(divisor, POWER)
        return sign + self.scaled(front, body), SUM if sign else PRODUCT

    def _factor(self, node: Node, level: int) -> str:
        """A matrix product beside an elementwise one stands in brackets."""
        return self.text(node, level)

    def Reduce(self, node: nodes.Reduce) -> tuple[str, int]:
        self.matrix_axes(node)
        inner = [k for k in node.over if k not in self.labels]
        summed = tuple(k for k in node.over if k in self.labels)
        if not isinstance(self.dialect, Latex):
            return self.with_letters(node)
        if node.op == "max":
            raise NoMatrixForm
        body = self._with_ones(node.x, inner)
        if node.op == "mean":
            sizes = self.sizes(node.over)
            body = f"{self.dialect.fraction('1', sizes)[0]} {body}"
        if summed:
            return self.dialect.reduction("sum", self.letters(summed), body)
        return body, PRODUCT

    def _with_ones(self, x: Node, inner: list[Letter]) -> str:
        """Column sums are ``1^T x``, row sums ``x 1``."""
        axes = self.matrix_axes(x)
        if not inner:
            return self.text(x, PRODUCT)
        text = self.text(x, POWER)
        if len(inner) == len(axes) == 2:
            return f"{self.dialect.ones_row} {text} {self.dialect.ones}"
        if axes[0] in inner:
            return f"{self.dialect.ones_row} {text}"
        return f"{text} {self.dialect.ones}"


def all_axes(node: Node) -> dict[Letter, None]:
    found = dict.fromkeys(node.axes)
    for child in children(node):
        found |= all_axes(child)
    return found


def matrix_equation(
    lowered: Lowered,
    dialect: Dialect,
    functions: FunctionNames,
    size_of: SizeOf,
    links: tuple[Link, ...] = (),
    terms: Mapping[Meaning, str] | None = None,
) -> tuple[str, str, int] | None:
    """Left side, right side and level in matrix form with the fewest labels; None where there is none.

    Along the letter of a recurrence there is a matrix for each step.
    """
    if lowered.tree is None or (isinstance(dialect, Latex) and not lowered.target.axes):
        return None  # a sum over everything reads better with its letters
    axes = [*dict.fromkeys([*lowered.target.axes, *all_axes(lowered.tree)])]
    steps = {link.letter for link in links}
    axes.sort(key=lambda a: a not in steps)
    for count in range(len(axes) if lowered.target.axes else 1):
        for labels in combinations(axes, count):
            try:
                printer = Matrix(dialect, functions, size_of, labels, links)
                return printer.marking(terms or {}).equation(lowered)
            except NoMatrixForm:
                continue
        if count == 3:
            break
    return None


__all__ = ["Lin", "Matrix", "NoMatrixForm", "matrix_equation"]
