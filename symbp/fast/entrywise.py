"""Sums, products and functions entry by entry: one ufunc a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.nodes import Align, Node, is_indicator
from symbp.calculus.expression import Letter
from symbp.fast import numbers
from symbp.fast.builder import Builder
from symbp.fast.functions import body
from symbp.fast.naming import shaped
from symbp.fast.places import Unplanned
from symbp.fast.reads import SizeOf
from symbp.fast.strides import View
from symbp.printers.numpy import UFUNCS
from symbp.writers.helpers import WHOLE

EXTREMES = ("np.maximum", "np.minimum")
MANY = 512  # entries from which an extreme beside a number is slower than beside as many numbers

Value: TypeAlias = View | sp.Expr  # an array, or a number


@dataclass
class Entrywise:
    """Evaluates the trees of one equation; ``view`` gives a tensor's array by its local name."""

    build: Builder
    view: Callable[[str], View]
    size_of: SizeOf
    loops: Mapping[Letter, str]

    def value(self, node: Node, out: View | None = None) -> Value:
        """The node's value: a number, a view of what is there, or a new array (``out``, if given)."""
        raise NotImplementedError

    def letters(self, values: Sequence[Value], out: View | None) -> tuple[Letter | None, ...]:
        """The letters of a result, in the order in which they should lie."""
        present = dict.fromkeys(
            x
            for v in values
            if isinstance(v, View)
            for x, s in zip(v.letters, v.shape, strict=True)
        )
        views = sorted((v for v in values if isinstance(v, View)), key=lambda v: -len(v.dims))
        order = [*(out.by_stride() if out else ()), *(x for v in views for x in v.by_stride())]
        return tuple(x for x in dict.fromkeys(order) if x in present)

    def target(self, values: Sequence[Value], out: View | None, kind: str = "float") -> View:
        letters = self.letters(values, out)
        if out is not None and set(out.letters) == set(letters) and out.array.kind == kind:
            return out
        sizes = {
            x: s for v in values if isinstance(v, View) for x, s in zip(v.letters, v.shape, strict=True)
        }  # fmt: skip
        return self.build.temporary(letters, [sizes[x] for x in letters], kind)

    def apply(
        self, function: str, values: Sequence[Value], out: View | None, kind: str = "float"
    ) -> View:
        """``function`` of arrays and numbers, entry by entry."""
        target = self.target(values, out, kind)
        order = target.by_stride()
        inputs = [v.ordered(order) if isinstance(v, View) else numbers.code(v) for v in values]
        if function in EXTREMES and target.size.typical >= MANY:
            inputs = [i if isinstance(i, View) else self.repeated(i, target) for i in inputs]
        slots = ", ".join(f"{{{k}}}" for k in range(len(inputs)))
        given = "out={out}" if function in EXTREMES else "{out}"  # NumPy's wish
        self.build.call(
            f"{function}({slots}, {given})", inputs, target.ordered(order), entrywise=True
        )
        return target

    def repeated(self, number: str, like: View) -> View:
        """A number as often as a view has entries: for extremes NumPy is three times as fast then."""
        order = like.by_stride()
        sizes = [like.dim(x).size for x in order]
        return self.build.constant(f"np.full({shaped(tuple(sizes))}, {number})", order, sizes)

    def Lin(self, node: nodes.Lin, out: View | None) -> Value:
        terms = [(s, self.value(x)) for s, x in node.terms[1:]]
        sign, first = node.terms[0]
        alone = self.value(first, out if self.fills(first, out) else None)
        terms = [(sign, alone), *terms]
        constant = sum((s * v for s, v in terms if not isinstance(v, View)), sp.S.Zero)
        views = [(s, v) for s, v in terms if isinstance(v, View)]
        if not views:
            return constant
        views.sort(key=lambda part: (part[0] < 0, len(part[1].dims)) if constant == 0 else (0, 0))
        if views[0][0] > 0 and len(views) > 1 and len(views[0][1].dims) < len(views[-1][1].dims):
            views.sort(key=lambda part: part[0] < 0)
        sign, total = views[0]
        rest = views[1:]
        if constant != 0:
            name = "np.add" if sign > 0 else "np.subtract"
            pair = (total, constant) if sign > 0 else (constant, total)
            total = self.apply(name, pair, out if not rest else None)
        elif sign < 0:
            total = self.apply("np.negative", (total,), out if not rest else None)
        for k, (sign, value) in enumerate(rest):
            name = "np.add" if sign > 0 else "np.subtract"
            total = self.apply(name, (total, value), out if k == len(rest) - 1 else None)
        return total

    def fills(self, node: Node, out: View | None) -> bool:
        """Whether a product may write to the place of the sum that it is part of."""
        return False if out is None else isinstance(node, nodes.Contract) and self.whole(node, out)

    def whole(self, node: Node, out: View) -> bool:
        return set(node.axes) == set(out.letters)

    def Prod(self, node: nodes.Prod, out: View | None) -> Value:
        over = [self.value(x) for x in node.over if not self.is_flag(x)]
        flags = [x for x in node.over if self.is_flag(x)]
        under = [self.value(x) for x in node.under]
        factor = node.coefficient * sp.Mul(*(v for v in over if not isinstance(v, View)))
        factor /= sp.Mul(*(v for v in under if not isinstance(v, View)))
        above = sorted((v for v in over if isinstance(v, View)), key=lambda v: len(v.dims))
        below = [v for v in under if isinstance(v, View)]
        above += [self.flag(x) for x in flags]
        if not above and not below:
            return factor
        total: Value = factor
        pending = [*(("np.multiply", v) for v in above), *(("np.divide", v) for v in below)]
        if factor == 1 and above:
            total = above[0]
            pending = pending[1:]
        for k, (name, value) in enumerate(pending):
            last = k == len(pending) - 1
            total = self.apply(name, (total, value), out if last else None)
        return total

    def is_flag(self, node: Node) -> bool:
        inner = node.x if isinstance(node, Align) else node
        return is_indicator(inner)

    def flag(self, node: Node) -> View:
        found = self.value(node)
        assert isinstance(found, View)
        return found

    def Power(self, node: nodes.Power, out: View | None) -> Value:
        x = self.value(node.x)
        if not isinstance(x, View):
            return x**node.exponent
        if node.exponent == 2:
            return self.apply("np.square", (x,), out)
        if node.exponent in (3, 4):
            square = self.apply("np.square", (x,), None)
            return self.apply("np.multiply", (square, x if node.exponent == 3 else square), out)
        if node.exponent == -1:
            return self.apply("np.reciprocal", (x,), out)
        return self.apply("np.power", (x, numbers.number(node.exponent, self.size_of)), out)

    def Call(self, node: nodes.Call, out: View | None) -> Value:
        if node.function == "stop_gradient":
            return self.value(node.arguments[0], out)
        if node.function in UFUNCS:
            arguments = [self.value(x) for x in node.arguments]
            if not any(isinstance(v, View) for v in arguments):
                raise Unplanned(f"{node.function} of numbers")
            return self.apply(UFUNCS[node.function], arguments, out)
        (argument,) = node.arguments
        found = self.value(argument)
        if not isinstance(found, View):
            raise Unplanned(f"{node.function} of a number")
        axes = tuple(x for x in node.axes if x in found.letters)
        if node.function in WHOLE:
            return self.helped(node.function, found, out)
        inside = found.ordered(axes)
        inner = type(self)(self.build, lambda name: inside, self.size_of, self.loops)
        return inner.value(body(node.function, axes), out)

    def helped(self, function: str, argument: View, out: View | None) -> View:
        """A function that NumPy does not have, by the module's own."""
        target = self.target([argument], out)
        order = target.by_stride()
        text = f"np.copyto({{out}}, {function}({{0}}))"
        self.build.call(text, (argument.ordered(order),), target.ordered(order), entrywise=True)
        return target
