"""Conditions, and what is chosen by them."""

from __future__ import annotations

from symbp.arrays import nodes
from symbp.arrays.nodes import is_indicator
from symbp.fast import numbers
from symbp.fast.entrywise import Entrywise, Value
from symbp.fast.places import Unplanned
from symbp.fast.strides import View

COMPARE = {"<": "np.less", "<=": "np.less_equal", ">": "np.greater", ">=": "np.greater_equal",
           "==": "np.equal", "!=": "np.not_equal", "and": "np.logical_and",
           "or": "np.logical_or"}  # fmt: skip


class Choices(Entrywise):
    """Selections and comparisons."""

    def Select(self, node: nodes.Select, out: View | None) -> Value:
        condition, then, otherwise = node.condition, node.then, node.otherwise
        if is_indicator(node) and isinstance(condition, nodes.Condition):
            return self.compared(condition, out, "float")
        if isinstance(condition, nodes.Condition) and condition.op in ("<", "<=", ">", ">="):
            if (condition.left, condition.right) == (then, otherwise):
                name = "np.maximum" if condition.op in (">", ">=") else "np.minimum"
                return self.apply(name, (self.value(then), self.value(otherwise)), out)
        where = self.value(condition)
        if not isinstance(where, View):
            raise Unplanned("a condition between numbers")
        a, b = self.value(then), self.value(otherwise)
        values = [where, a, b]
        target = self.target(values, out)
        order = target.by_stride()
        low, high = (v.ordered(order) if isinstance(v, View) else numbers.code(v) for v in (b, a))
        if any(isinstance(v, View) and v.array == target.array for v in (a, where)):
            target = self.target(values, None)
        place = target.ordered(order)
        self.build.call("np.copyto({out}, {0})", (low,), place, entrywise=True)
        text = "np.copyto({out}, {0}, where={1})"
        self.build.call(text, (high, where.ordered(order)), place, adds=True)
        return target

    def Condition(self, node: nodes.Condition, out: View | None) -> Value:
        return self.compared(node, None, "bool")

    def compared(self, node: nodes.Condition, out: View | None, kind: str) -> View:
        values = [self.value(node.left), self.value(node.right)]
        if kind == "bool" or node.op in ("and", "or"):
            flags = self.apply(COMPARE[node.op], values, None, "bool")
            if kind == "bool":
                return flags
            target = self.target([flags], out)
            place = target.ordered(flags.letters)
            self.build.call("np.copyto({out}, {0})", (flags,), place)
            return target
        target = self.target(values, out)
        order = target.by_stride()
        inputs = [v.ordered(order) if isinstance(v, View) else numbers.code(v) for v in values]
        text = f'{COMPARE[node.op]}({{0}}, {{1}}, {{out}}, casting="unsafe")'
        self.build.call(text, inputs, target.ordered(order), entrywise=True)
        return target
