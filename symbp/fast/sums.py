"""Reductions, and sums of products."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.nodes import Node
from symbp.calculus.expression import Letter
from symbp.fast import numbers, windows
from symbp.fast.choices import Choices
from symbp.fast.contraction import contract, summed
from symbp.fast.entrywise import Value
from symbp.fast.places import Unplanned
from symbp.fast.strides import View


class Sums(Choices):
    """Reductions and contractions."""

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
        order = [x for x in dict.fromkeys((*a.by_stride(), *b.by_stride())) if x in free]
        batch = [x for x in order if x in a.letters and x in b.letters]
        order = [*batch, *(x for x in order if x not in batch)]
        target = out if fits and out is not None else None
        if target is None:
            target = self.build.temporary(order, [sizes[x] for x in order])
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
