"""Trees -> numbers at one point, with what the answer itself defines in front of what is true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from symbp.judge.text import functions as known
from symbp.judge.text.activations import Activations
from symbp.judge.text.indices import beside
from symbp.judge.text.names import Names
from symbp.judge.text.products import product
from symbp.judge.text.scene import Read, Scene
from symbp.judge.text.tree import (
    Call,
    Compare,
    Node,
    Number,
    Ones,
    Partial,
    Power,
    Product,
    Reduce,
    Sum,
    Symbol,
    Transpose,
)
from symbp.judge.text.values import (
    Misfit,
    Value,
    diagonal,
    entrywise,
    matmul,
    outer,
    over_axis,
    over_label,
    scalar,
    transpose,
)

SAMPLES = frozenset(
    {"n", "m", "i", "b", "s"}
)  # letters that count samples where nothing shows them
Body = tuple[str, Node]  # of a function that the answer defines: its argument, its right side


class Evaluator:
    """``defined(id)`` gives what the answer defines, None where it does not; ``sizes`` say how far the
    letters of a statement run; ``borrowed`` becomes true where a derivative is used that only the
    network knows."""

    def __init__(
        self,
        scene: Scene,
        names: Names,
        defined: Callable[[tuple[str, str]], Value | None],
        bodies: Mapping[str, Body],
        sizes: Mapping[str, int],
    ) -> None:
        self.sizes = sizes
        self.scene, self.names, self.defined, self.bodies = scene, names, defined, bodies
        self.activations = Activations(names)
        self.borrowed = False
        self.bound: dict[str, Value] = {}

    def value(self, node: Node) -> Value:
        """Raises Misfit."""
        try:
            return self._value(node)
        except Misfit as misfit:
            if not misfit.start:
                raise Misfit(misfit.reason, node.start, misfit.kind) from None
            raise

    def _value(self, node: Node) -> Value:
        match node:
            case Number(value=number):
                return scalar(number)
            case Symbol():
                return self.symbol(node)
            case Partial():
                return self.partial(node)
            case Sum():
                return self.sum(node)
            case Product():
                return self.product(node)
            case Power(base=base, exponent=exponent):
                return self.power(base, exponent)
            case Transpose(body=body):
                return transpose(self.value(body))
            case Reduce():
                return self.reduce(node)
            case Compare(sign=sign, left=left, right=right):
                operation = known.COMPARISONS[sign]
                found = entrywise(operation, self.solid(left), self.solid(right), "a comparison")
                return replace(found, data=found.data.astype(float))
            case Ones():
                return scalar(1.0) if self.scene.scalar else Value(np.ones(()), ones="column")
            case Call():
                return self.call(node)

    def solid(self, node: Node) -> Value:
        """A value whose length is known: a vector of ones has one for each sample."""
        value = self.value(node)
        if not value.ones:
            return value
        column = (value.ones == "column") != self.scene.columns
        shape = (self.scene.batch, 1) if column else (1, self.scene.batch)
        return Value(np.ones(shape), (), True)

    # -- names ----------------------------------------------------------------------------------

    def symbol(self, node: Symbol) -> Value:
        if node.key in self.bound:
            return self.bound[node.key]
        meaning = self.names.find(node.key)
        if meaning is None or meaning.kind == "delta":
            found = self.defined(("delta" if meaning else "own", node.key))
            if found is None:
                raise Misfit(f"{node.key} is not defined in the answer", node.start, "unknown")
            name = meaning.name if meaning else ""
            return self.indexed(found, node.indices, node.start, name)
        if meaning.kind == "size":
            return scalar(self.scene.batch)
        if meaning.kind == "constant":
            return scalar(float(meaning.name))
        if meaning.kind == "loss":
            raise Misfit("the loss itself is in no gradient", node.start, "unknown")
        for wanted in (("own", node.key), (meaning.kind, meaning.name + beside(node.indices))):
            found = self.defined(wanted)
            if found is not None:
                return self.indexed(found, node.indices, node.start, meaning.name)
        if meaning.kind == "adjoint":
            return self.true_adjoint(meaning.name, node)
        return self.scene.tensor(meaning.name, Read(node.indices, self.sizes, node.start))

    def indexed(self, found: Value, indices: tuple[str, ...], start: int, name: str) -> Value:
        """What the answer defined, read at indices: the samples of a matrix, or both of its axes;
        what was defined entry by entry may be read as a matrix, too."""
        if self.scene.scalar or (not indices and not found.labels):
            return found
        if not indices:
            known = name in self.names.program.tensors
            return self.scene.matrix(name, found.data) if known and not found.matrix else found
        if found.labels:
            if len(found.labels) != len(indices):
                raise Misfit(f"there are {len(found.labels)} indices, not {len(indices)}", start)
            return replace(found, labels=indices)
        data = found.data.T if self.scene.columns else found.data
        if not found.matrix or len(indices) > 2:
            raise Misfit("there are no such indices", start)
        if len(indices) == 2:
            return Value(data, indices)
        if data.shape[1] == 1:
            return Value(data[:, 0], indices)
        rows = data[:, :, None] if self.scene.columns else data[:, None, :]
        return Value(rows, indices, True)

    def true_adjoint(self, name: str, node: Symbol) -> Value:
        if name in {p.name for p in self.names.program.graph.parameters}:
            text = f"the gradient of {name} is used, but not defined before"
            raise Misfit(text, node.start, "unknown")
        self.borrowed = True
        return self.scene.adjoint(name, Read(node.indices, self.sizes, node.start))

    def partial(self, node: Partial) -> Value:
        lower = self.names.find(node.lower.key)
        if lower is None or lower.kind != "tensor":
            raise Misfit(f"{node.lower.key} is no tensor of the network", node.start, "unknown")
        if node.upper is None:
            found = self.defined(("adjoint", lower.name + beside(node.lower.indices)))
            if found is not None:
                return self.indexed(found, node.lower.indices, node.start, lower.name)
            return self.true_adjoint(lower.name, node.lower)
        found = self.defined(("partial", f"d{node.upper.key}/d{node.lower.key}"))
        if found is not None:
            indices = tuple(dict.fromkeys((*node.upper.indices, *node.lower.indices)))
            return found if not found.labels else self.relabelled(found, indices, node)
        upper = self.names.find(node.upper.key)
        if upper is None or upper.kind != "tensor":
            raise Misfit(f"{node.upper.key} is no tensor of the network", node.start, "unknown")
        self.borrowed = True
        return self.scene.partial(upper.name, lower.name, node.start)

    def relabelled(self, found: Value, indices: tuple[str, ...], node: Partial) -> Value:
        """A local derivative with the letters of the place where it is used."""
        if len(indices) != len(found.labels):
            raise Misfit("the derivative was defined with other indices", node.start, "unknown")
        return replace(found, labels=indices)

    # -- operations -----------------------------------------------------------------------------

    def sum(self, node: Sum) -> Value:
        total: Value | None = None
        for term, sign in zip(node.terms, node.signs, strict=True):
            value = self.solid(term)
            value = value if sign > 0 else replace(value, data=-value.data)
            total = value if total is None else entrywise(np.add, total, value, "a sum")
        assert total is not None
        return total

    def power(self, base: Node, exponent: Node) -> Value:
        below, above = self.solid(base), self.solid(exponent)
        return entrywise(np.float_power, below, above, "a power")

    def product(self, node: Product) -> Value:
        values = [self.value(factor) for factor in node.factors]
        if node.signs == ("/",):
            a, b = (
                self.solid(f) if v.ones else v for f, v in zip(node.factors, values, strict=True)
            )
            return entrywise(np.divide, a, b, "a division")
        return product(values, list(node.signs))

    def reduce(self, node: Reduce) -> Value:
        value = self.solid(node.body)
        mean = node.kind == "mean"
        if self.scene.scalar:
            return value
        if not node.letters:
            if value.labels and not value.matrix:
                raise Misfit("an axis is summed of what has indices; write the index", node.start)
            return over_axis(value, node.axis, mean)
        axes = (
            {"samples": 0, "features": 1}
            if not self.scene.columns
            else {"samples": 1, "features": 0}
        )
        for letter in node.letters:
            over = "samples" if node.batch or letter in SAMPLES else "features"
            if letter in value.labels:
                value = over_label(value, letter, mean)
            elif value.matrix and axes:
                value = over_axis(
                    value, axes.pop(over) if over in axes else axes.popitem()[1], mean
                )
            else:
                raise Misfit(f"the sum runs over {letter}, but nothing in it does", node.start)
        return value if axes else over_axis(value, None, False)

    # -- functions ------------------------------------------------------------------------------

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
