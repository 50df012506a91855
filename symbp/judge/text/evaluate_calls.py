"""Functions of a formula: NumPy's, those of the network, and those that the answer defines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from symbp.judge.text import functions as known
from symbp.judge.text.quantities import Quantities
from symbp.judge.text.tree import Call, Node
from symbp.judge.text.values import (
    Misfit,
    Value,
    diagonal,
    entrywise,
    matmul,
    outer,
    over_axis,
    scalar,
    transpose,
)


def _chosen(condition: Value, this: Value, other: Value) -> Value:
    """``this`` where the condition is 1, ``other`` where it is 0."""
    rest = replace(condition, data=1 - condition.data)
    chosen = entrywise(np.multiply, condition, this, "where")
    return entrywise(np.add, chosen, entrywise(np.multiply, rest, other, "where"), "where")


PAIRS: Mapping[str, Callable[[Value, Value], Value]] = {
    "dot": matmul,
    "outer": outer,
    "max": partial(entrywise, np.maximum, what="max"),
    "min": partial(entrywise, np.minimum, what="min"),
    "multiply": partial(entrywise, np.multiply, what="multiply"),
    "power": partial(entrywise, np.float_power, what="power"),
}


class Functions(Quantities):
    """Evaluates calls."""

    def value(self, node: Node) -> Value:
        raise AssertionError

    def solid(self, node: Node) -> Value:
        raise AssertionError

    def call(self, node: Call) -> Value:
        arguments = [self.solid(a) for a in node.arguments]
        if node.key in self.bodies or node.key + "'" * node.primes in self.bodies:
            try:
                return self.own(node, arguments)
            except Misfit:
                if not known.is_function(node.key):
                    raise
        if node.key == "ones":
            return scalar(1.0) if self.scene.scalar else Value(np.ones(()), ones="column")
        if len(arguments) == 1:
            return self.of_one(node, arguments[0])
        if node.key in PAIRS and len(arguments) == 2:
            return PAIRS[node.key](*arguments)
        if node.key == "where" and len(arguments) == 3:
            return _chosen(*arguments)
        raise Misfit(f"{node.key} does not take {len(arguments)} arguments", node.start, "unknown")

    def of_one(self, node: Call, argument: Value) -> Value:
        """Matrices as a whole, softmax row by row, and whatever works on each number."""
        match node.key:
            case "transpose":
                return transpose(argument)
            case "diag":
                return diagonal(argument)
            case "norm":
                squares = replace(argument, data=argument.data**2)
                total = over_axis(squares, None, False) if argument.matrix else squares
                return replace(total, data=np.sqrt(total.data))
            case "softmax" if not node.primes and argument.matrix:
                axis = -2 if self.scene.columns else -1
                return replace(argument, data=known.softmax(argument.data, axis))
            case "step" if not node.primes:
                return replace(argument, data=known.step(argument.data))
            case "softmax" | "step":
                reason = f"{node.key} is not known as a function of one number"
                raise Misfit(reason, node.start, "unknown")
        if node.key in (*PAIRS, "where"):
            raise Misfit(f"{node.key} takes more than one argument", node.start, "unknown")
        try:
            return self.activations.value(node, argument, self.scene)
        except TypeError:  # a function that knows real numbers only, derived by a complex step
            raise Misfit(f"{node.key} cannot be derived here", node.start, "unknown") from None

    def own(self, node: Call, arguments: list[Value]) -> Value:
        """A function that the answer defines; its derivative by the complex step if it defines none."""
        key = node.key + "'" * node.primes
        argument, body = self.bodies.get(key) or self.bodies[node.key]
        exact = key in self.bodies
        if not exact and node.primes > 1:
            raise Misfit(f"{key} is not defined in the answer", node.start, "unknown")
        before, step = dict(self.bound), 1e-30
        if len(arguments) != 1:
            raise Misfit(f"{key} takes one argument", node.start, "unknown")
        value = arguments[0]
        moved = value if exact else replace(value, data=value.data + 1j * step)
        self.bound[argument] = moved
        if len(self.bound) > 20:
            raise Misfit(f"{key} is defined by itself", node.start, "unknown")
        try:
            found = self.value(body)
        finally:
            self.bound = before
        return found if exact else replace(found, data=np.imag(found.data) / step)
