"""Trees -> numbers at one point, with what the answer itself defines in front of what is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symbp.judge.text import functions as known
from symbp.judge.text.evaluate_calls import Functions
from symbp.judge.text.products import product
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
    entrywise,
    over_axis,
    over_label,
    scalar,
    transpose,
)

SAMPLES = ("n", "m", "i", "b", "s")  # letters that count samples where nothing shows them


class Evaluator(Functions):
    """Every kind of node."""

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
            case Transpose(body=Number(value=1.0)) if not self.scene.scalar:
                return transpose(self.value(Ones(node.start)))
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
        return Value(value.data * np.ones(shape), (), True)

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
