"""Functions of a formula: NumPy's, those of the network, and those that the answer defines."""

from __future__ import annotations

from dataclasses import replace

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
        first = arguments[0] if arguments else scalar(1.0)
        if len(arguments) == 2 and node.key in known.PAIRS:
            return entrywise(known.PAIRS[node.key], first, arguments[1], node.key)
        match node.key:
            case "dot":
                return matmul(*arguments)
            case "outer":
                return outer(*arguments)
            case "transpose":
                return transpose(first)
            case "diag":
                return diagonal(first)
            case "where" if len(arguments) == 3:
                chosen = entrywise(np.multiply, first, arguments[1], "where")
                other = entrywise(
                    np.multiply, replace(first, data=1 - first.data), arguments[2], "where"
                )
                return entrywise(np.add, chosen, other, "where")
            case "ones":
                return scalar(1.0) if self.scene.scalar else Value(np.ones(()), ones="column")
            case "norm":
                squares = replace(first, data=first.data**2)
                total = over_axis(squares, None, False) if first.matrix else squares
                return replace(total, data=np.sqrt(total.data))
            case "softmax" if not node.primes and first.matrix:
                axis = -2 if self.scene.columns else -1
                return replace(first, data=known.softmax(first.data, axis))
            case "step" if not node.primes:
                return replace(first, data=known.step(first.data))
        if node.key == "softmax":
            raise Misfit("softmax is no function of one number", node.start, "unknown")
        return self.activations.value(node, first, self.scene)

    def own(self, node: Call, arguments: list[Value]) -> Value:
        """A function that the answer defines; its derivative by the complex step if it defines none."""
        key = node.key + "'" * node.primes
        argument, body = self.bodies.get(key) or self.bodies[node.key]
        exact = key in self.bodies
        if not exact and node.primes > 1:
            raise Misfit(f"{key} is not defined in the answer", node.start, "unknown")
        before, step = dict(self.bound), 1e-30
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
