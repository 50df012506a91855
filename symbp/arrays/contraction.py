"""Sums of products: which array operation says them.

Multiply factors whose axes lie within another's; sum what is private to one operand; two operands that
are left are one product (``Contract``), more are an ``Einsum``.
"""

from __future__ import annotations

from collections.abc import Callable

from symbp.arrays.nodes import Axes, Contract, Einsum, Node, Reduce
from symbp.calculus.expression import Letter

Multiply = Callable[[list[Node]], Node]  # elementwise, aligned


def reduce_axes(op: str, x: Node, over: Axes) -> Node:
    return Reduce(op, x, over, tuple(a for a in x.axes if a not in over))


class Contraction:
    """Contracts operands for a target with ``axes``."""

    def __init__(self, axes: Axes, multiply: Multiply) -> None:
        self.axes = axes
        self.multiply = multiply

    def contract(self, nodes: list[Node], over: Axes) -> Node:
        groups: list[list[Node]] = []
        for node in nodes:
            for group in groups:
                have = {a for x in group for a in x.axes}
                within = set(node.axes) <= have and not set(node.axes) & set(over)
                if set(node.axes) == have or within:
                    group.append(node)
                    break
            else:
                groups.append([node])
        operands = [self.alone(g) for g in groups]
        if len(operands) > 1:
            operands = self._sum_private(operands, over)
        if len(operands) == 1:
            return reduce_axes("sum", operands[0], tuple(a for a in operands[0].axes if a in over))
        if len(operands) == 2:
            return self.contract_two(operands[0], operands[1], over)
        return Einsum(tuple(operands), over, self._free(operands, over))

    def alone(self, nodes: list[Node]) -> Node:
        return nodes[0] if len(nodes) == 1 else self.multiply(nodes)

    def _sum_private(self, operands: list[Node], over: Axes) -> list[Node]:
        """Sum letters that only one operand has before they meet the others."""
        result = []
        for k, operand in enumerate(operands):
            others = {a for m, x in enumerate(operands) if m != k for a in x.axes}
            private = tuple(a for a in operand.axes if a in over and a not in others)
            result.append(reduce_axes("sum", operand, private) if private else operand)
        return result

    def _free(self, operands: list[Node], over: Axes) -> Axes:
        found = dict.fromkeys(a for x in operands for a in x.axes if a not in over)
        return tuple(sorted(found, key=self._place))

    def _place(self, index: Letter) -> int:
        return self.axes.index(index) if index in self.axes else len(self.axes)

    def contract_two(self, a: Node, b: Node, over: Axes) -> Node:
        shared = tuple(x for x in a.axes if x in b.axes and x in over)
        if not shared:
            return self.multiply([a, b])
        batch = tuple(x for x in a.axes if x in b.axes and x not in over)
        free_a = [x for x in a.axes if x not in shared + batch]
        free_b = [x for x in b.axes if x not in shared + batch]
        if (not free_a and not free_b) or (batch and not (free_a and free_b)):
            return reduce_axes("sum", self.multiply([a, b]), shared)
        last_a = self._place(free_a[-1]) if free_a else len(self.axes)
        last_b = self._place(free_b[-1]) if free_b else len(self.axes)
        if last_a > last_b or not free_a:
            a, b, free_a, free_b = b, a, free_b, free_a
        for matrix, stack in ((a, b), (b, a)):
            axes = self.stacked(matrix, stack, shared, batch)
            if axes:
                return Contract(matrix, stack, shared, batch, axes)
        if not batch or (len(shared) == 1 and len(free_a) == len(free_b) == 1):
            return Contract(a, b, shared, batch, (*batch, *free_a, *free_b))
        return Einsum((a, b), over, self._free([a, b], over))

    def stacked(self, matrix: Node, stack: Node, shared: Axes, batch: Axes) -> Axes:
        """The axes of one matrix product for each of the leading axes of ``stack``: ``W[f,c]`` and
        ``x[n,c,p,q]`` give ``[n,f,p,q]``. Empty where the target has them in another order."""
        free = [x for x in matrix.axes if x not in shared + batch]
        if len(shared) != 1 or len(free) != 1 or set(matrix.axes) - {*shared, *free} != set(batch):
            return ()
        place = stack.axes.index(shared[0])
        lead, rest = stack.axes[:place], stack.axes[place + 1 :]
        axes = (*lead, *free, *rest)
        new = lead[: len(lead) - len(batch)]
        known = all(x in self.axes for x in axes) and list(axes) == sorted(axes, key=self._place)
        return axes if known and new and rest and lead == (*new, *batch) else ()
