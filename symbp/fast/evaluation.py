"""A tree of array operations as instructions: one NumPy call a node, into arrays that stand already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.nodes import Align, Arange, Const, Node, Ref, children, is_indicator, spans
from symbp.calculus.expression import Letter
from symbp.fast import numbers, windows
from symbp.fast.builder import Builder
from symbp.fast.contraction import contract, summed
from symbp.fast.functions import body, constant_code
from symbp.fast.places import Unplanned
from symbp.fast.reads import SizeOf, gathered, read
from symbp.fast.strides import Count, View
from symbp.printers.numpy import UFUNCS

Value: TypeAlias = View | sp.Expr  # an array, or a number
COMPARE = {"<": "np.less", "<=": "np.less_equal", ">": "np.greater", ">=": "np.greater_equal",
           "==": "np.equal", "!=": "np.not_equal", "and": "np.logical_and",
           "or": "np.logical_or"}  # fmt: skip


@dataclass
class Evaluator:
    """Evaluates the trees of one equation; ``view`` gives a tensor's array by its local name."""

    build: Builder
    view: Callable[[str], View]
    size_of: SizeOf
    loops: Mapping[Letter, str]

    def value(self, node: Node, out: View | None = None) -> Value:
        """The node's value: a number, a view of what is there, or a new array (``out``, if given)."""
        if isinstance(node, Align):
            return self.value(node.x, out)
        if isinstance(node, Const):
            return numbers.number(node.value, self.size_of)
        if not any(isinstance(x, Ref) for x in _all(node)) and not isinstance(node, Ref):
            return self.fixed(node)
        method: Callable[[Node, View | None], Value] = getattr(self, type(node).__name__)
        return method(node, out)

    def into(self, node: Node, out: View) -> None:
        """Write the node's value to ``out``."""
        found = self.value(node, out)
        if isinstance(found, View) and found.key == out.key:
            return
        source: View | str = found if isinstance(found, View) else numbers.code(found)
        if isinstance(source, View):
            source = source.ordered(out.letters)
        self.build.call("np.copyto({out}, {0})", (source,), out, entrywise=True)

    # -- reads ----------------------------------------------------------------------------------

    def Ref(self, node: Ref, out: View | None) -> Value:
        rows = gathered(node.index)
        if rows is None:
            return read(self.view(node.name), node.index, self.size_of, self.loops, node.short)
        table = self.view(node.name)
        places = read(self.view(rows.name), rows.indices, self.size_of, self.loops)
        rest = [Count.of(self.size_of(i)) for i in node.index[1:]]
        letters = [*places.by_stride(), *node.index[1:]]
        found = out if out is not None and list(out.by_stride()) == letters else None
        target = found or self.build.temporary(letters, [*places.ordered(letters[: len(places.dims)]).shape, *rest])  # fmt: skip
        ordered = places.ordered(letters[: len(places.dims)])
        text = 'np.take({0}, {1}, 0, {out}, "clip")'
        self.build.call(text, (table, ordered), target.ordered(letters))
        return target

    def fixed(self, node: Node) -> Value:
        """What no tensor decides: made once, before the first step."""
        if isinstance(node, Arange) and node.letter in self.loops:
            raise Unplanned("the number of a step")
        sizes = [Count.of(self.size_of(x)) for x in node.axes]
        kept = [(x, s) for x, s in zip(node.axes, sizes, strict=True) if x in spans(node)]
        kind = "bool" if isinstance(node, nodes.Condition) else "float"
        code = constant_code(node, self.size_of)
        return self.build.constant(code, [x for x, _ in kept], [s for _, s in kept], kind)

    # -- entry by entry -------------------------------------------------------------------------

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
        slots = ", ".join(f"{{{k}}}" for k in range(len(inputs)))
        self.build.call(f"{function}({slots}, {{out}})", inputs, target.ordered(order), entrywise=True)  # fmt: skip
        return target

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
        inside = found.ordered(axes)
        inner = Evaluator(self.build, lambda name: inside, self.size_of, self.loops)
        return inner.value(body(node.function, axes), out)

    # -- choices --------------------------------------------------------------------------------

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

    # -- sums -----------------------------------------------------------------------------------

    def Reduce(self, node: nodes.Reduce, out: View | None) -> Value:
        x = self.value(node.x)
        if not isinstance(x, View):
            raise Unplanned("a reduction of a number")
        missing = [k for k in node.over if k not in x.letters]
        if missing:
            raise Unplanned("a reduction over letters that its body does not have")
        if node.op == "max" or windows.small(x, node.over):
            return windows.reduced(self, x, node, out)
        kept = [k for k in x.by_stride() if k not in node.over]
        sizes = [x.dim(k).size for k in kept]
        fits = out is not None and set(out.letters) == set(kept)
        target = out if fits and out is not None else self.build.temporary(kept, sizes)
        factor = sp.S.One
        if node.op == "mean":
            for k in node.over:
                size = self.size_of(k)
                factor /= numbers.B if size is None else size
        return summed(self.build, x, node.over, target, numbers.code(factor))

    def FirstMaxMask(self, node: nodes.FirstMaxMask, out: View | None) -> Value:
        return windows.first_max(self, node, out)

    def Contract(self, node: nodes.Contract, out: View | None) -> Value:
        return self.product([node.a, node.b], node.over, out)

    def Einsum(self, node: nodes.Einsum, out: View | None) -> Value:
        return self.product(list(node.operands), node.over, out)

    def product(self, operands: list[Node], over: Sequence[Letter], out: View | None) -> Value:
        """The sum over letters of a product, two factors at a time."""
        views = [v for v in map(self.value, operands) if isinstance(v, View)]
        if len(views) != len(operands):
            raise Unplanned("a number in a sum of products")
        total = views[0]
        for k, other in enumerate(views[1:], 1):
            later = {x for v in views[k + 1 :] for x in v.letters}
            mine = [x for x in over if x in {*total.letters, *other.letters} and x not in later]
            last = k == len(views) - 1
            total = self.two(total, other, mine, out if last else None)
        return total

    def two(self, a: View, b: View, over: Sequence[Letter], out: View | None) -> View:
        shared = [x for x in over if x in a.letters and x in b.letters]
        free = [x for x in dict.fromkeys((*a.letters, *b.letters)) if x not in over]
        alone = [x for x in over if x not in shared]
        if alone:
            raise Unplanned("a sum over a letter of one factor")
        matrix = any(x not in b.letters for x in a.letters) or any(
            x not in a.letters for x in b.letters
        )
        if not shared or not matrix:
            made = self.apply("np.multiply", (a, b), None if shared else out)
            if not shared:
                return made
            return self.total(made, shared, free, out)
        sizes = {d.letter: d.size for v in (a, b) for d in v.dims}
        fits = out is not None and set(out.letters) == set(free)
        order = [*(x for x in a.by_stride() if x in free), *(x for x in b.by_stride() if x in free)]
        batch = [x for x in order if x in a.letters and x in b.letters]
        order = [*batch, *(x for x in dict.fromkeys(order) if x not in batch)]
        target = out if fits and out is not None else self.build.temporary(order, [sizes[x] for x in order])  # fmt: skip
        if target.array.name in (a.array.name, b.array.name):
            made = self.build.temporary(order, [sizes[x] for x in order])
            self.two(a, b, over, made)
            self.build.call("np.copyto({out}, {0})", (made.ordered(target.letters),), target)
            return target
        if windows.overlapping(a) or windows.overlapping(b):
            return windows.contract(self.build, a, b, over, target)
        return contract(self.build, a, b, over, target)

    def total(self, x: View, over: Sequence[Letter], free: Sequence[Letter | None],
              out: View | None) -> View:  # fmt: skip
        fits = out is not None and set(out.letters) == set(free)
        kept = [k for k in x.by_stride() if k in free]
        sizes = [x.dim(k).size for k in kept]
        target = out if fits and out is not None else self.build.temporary(kept, sizes)
        return summed(self.build, x, over, target, "1.0")


def _all(node: Node) -> list[Node]:
    return [node, *(y for x in children(node) for y in _all(x))]
