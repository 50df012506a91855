"""One expression -> one tree of array operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from symbp.arrays.align import align, aligned, common_axes
from symbp.arrays.contraction import Contraction, reduce_axes
from symbp.arrays.nodes import (
    Arange,
    Axes,
    Call,
    Condition,
    Const,
    FirstMaxMask,
    Lin,
    Node,
    Power,
    Prod,
    Ref,
    Select,
)
from symbp.arrays.places import letters_of, shared_places
from symbp.arrays.reading import factors, sign, term_order
from symbp.arrays.windows import SizeOf
from symbp.calculus.expression import (
    Compare,
    Entry,
    FirstMax,
    Group,
    Iverson,
    Letter,
    Logical,
    MeanOver,
    Reduction,
    Stop,
    SumOver,
    Where,
    entries,
)
from symbp.calculus.unary import Abs, Apply, Erf, Expm1, Log1p, Prime, Sign

Covers = Callable[[str, int, Letter], bool]  # tensor, axis, letter: whether it covers the axis
CALLS = {
    sp.exp: "exp", sp.log: "log", sp.tanh: "tanh", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan",
    sp.asin: "asin", sp.acos: "acos", sp.atan: "atan", sp.sinh: "sinh", sp.cosh: "cosh",
    Erf: "erf", Abs: "abs", Sign: "sign",
    Log1p: "log1p", Expm1: "expm1", Stop: "stop_gradient",
}  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """What lowering has to know besides an equation.

    ``order`` ranks tensors in the order in which a product or a sum should name them; ``fixed``
    letters are loop variables, not axes; where ``size_of`` is given, the letters of small windows
    become loops.
    """

    order: Mapping[str, int]
    fixed: frozenset[Letter] = frozenset()
    covers: Covers = lambda name, axis, index: True
    size_of: SizeOf | None = None


class Lowering:
    """Nodes of one equation, whose target has ``axes``."""

    def __init__(self, axes: Axes, frame: Frame) -> None:
        self.axes = axes
        self.covers = frame.covers
        self.order = frame.order
        self.fixed = frame.fixed

    def target(self, entry: Entry) -> Ref:
        """What an equation writes to: its axes are the letters in the order of their places."""
        return Ref(entry.name, entry.indices, self.axes, self.short(entry))

    def node(self, expr: sp.Expr) -> Node:
        if isinstance(expr, Entry):
            return self.ref(expr)
        if expr.is_Symbol:
            return Const(expr) if expr in self.fixed else Arange(expr, (expr,))
        if not any(True for _ in entries(expr)) and not expr.free_symbols - self.fixed:
            if not expr.has(Reduction, Iverson, Where, Stop, Compare, Logical):
                return Const(expr)
        if isinstance(expr, Reduction):
            return self.reduction(expr)
        if isinstance(expr, FirstMax):
            x = self.node(expr.body)
            return FirstMaxMask(x, expr.letters, x.axes)
        if isinstance(expr, (Where, Iverson, Compare, Logical)):
            return self.conditional(expr)
        if expr.is_Add:
            return self.add(expr)
        if expr.is_Mul:
            return self.mul(expr)
        if expr.is_Pow and expr.base != sp.E:
            return self.power(expr)
        return self.call(expr)

    def ref(self, entry: Entry) -> Ref:
        """A window ``2*p + u`` has p where the axis was and u behind all axes, as NumPy's views have;
        where a letter stands in several places, these have one axis for each of their letters."""
        shared = shared_places(entry.indices, self.fixed)
        if shared:
            first, last = shared
            block = [x for i in entry.indices[first:last] for x in letters_of(i)]
            every = [
                *(x for i in entry.indices[:first] for x in letters_of(i)),
                *block,
                *(x for i in entry.indices[last:] for x in letters_of(i)),
            ]
            known = tuple(dict.fromkeys(x for x in every if x not in self.fixed))
            return Ref(entry.name, entry.indices, known)
        places: list[Letter] = []
        windows: list[Letter] = []
        for index in entry.indices:
            own = [x for x in letters_of(index) if x not in self.fixed]
            if isinstance(index, Group):
                places += own
            else:
                places += own[:1]
                windows += own[1:]
        return Ref(entry.name, entry.indices, (*places, *windows), self.short(entry))

    def short(self, entry: Entry) -> tuple[int, ...]:
        places = enumerate(entry.indices)
        return tuple(k for k, i in places if i.is_Symbol and not self.covers(entry.name, k, i))

    def call(self, expr: sp.Expr) -> Node:
        if isinstance(expr, Apply):
            argument = self.node(expr.argument)
            mark = "'" if isinstance(expr, Prime) else ""
            return Call(expr.function + mark, (argument,), argument.axes)
        arguments, axes = aligned([self.node(a) for a in expr.args], self.axes)
        return Call(CALLS[expr.func], arguments, axes)

    def power(self, expr: sp.Pow) -> Node:
        base, exponent = expr.args
        if exponent.could_extract_minus_sign():
            return self.mul(expr)
        if not exponent.is_number:
            both, axes = aligned([self.node(base), self.node(exponent)], self.axes)
            return Call("power", both, axes)
        x = self.node(base)
        if exponent == sp.Rational(1, 2):
            return Call("sqrt", (x,), x.axes)
        return Power(x, exponent, x.axes)

    def conditional(self, expr: sp.Expr) -> Node:
        if isinstance(expr, (Where, Iverson)):
            cases = expr.args if isinstance(expr, Where) else (*expr.args, sp.S.One, sp.S.Zero)
            (c, a, b), axes = aligned([self.node(x) for x in cases], self.axes)
            return Select(c, a, b, axes)
        parts, axes = aligned([self.node(x) for x in expr.args[1:]], self.axes)
        result = parts[0]
        for part in parts[1:]:
            result = Condition(expr.op, result, part, axes)
        return result

    def add(self, expr: sp.Add) -> Node:
        terms = sorted(expr.args, key=lambda t: term_order(t, self.order))
        signs = [sign(t) for t in terms]
        nodes = [self.node(-t if s < 0 else t) for s, t in zip(signs, terms, strict=True)]
        parts, axes = aligned(nodes, self.axes)
        return Lin(tuple(zip(signs, parts, strict=True)), axes)

    def mul(self, expr: sp.Expr) -> Node:
        coefficient, over, under = factors(expr, self.order)
        top, bottom = [self.node(f) for f in over], [self.node(f) for f in under]
        if len(top) == 1 and not bottom and coefficient == 1:
            return top[0]
        axes = common_axes(top + bottom, self.axes)
        return Prod(
            coefficient,
            tuple(align(x, axes) for x in top),
            tuple(align(x, axes) for x in bottom),
            axes,
        )

    # -- reductions -----------------------------------------------------------------------------

    def reduction(self, expr: Reduction) -> Node:
        if isinstance(expr, SumOver):
            return self.sum(expr)
        x = self.node(expr.body)
        missing = [i for i in expr.letters if i not in x.axes]
        if missing:
            x = align(x, tuple(missing) + x.axes)
        op = "mean" if isinstance(expr, MeanOver) else "max"
        return reduce_axes(op, x, expr.letters)

    def sum(self, expr: SumOver) -> Node:
        coefficient, over, under = factors(expr.body, self.order)
        constants = [f for f in over if not self._varies(f)]
        divisors = [f for f in under if not self._varies(f)]
        nodes = [self.node(f) for f in over if f not in constants]
        nodes += [self.node(1 / f) for f in under if f not in divisors]
        result = Contraction(self.axes, self.hadamard).contract(nodes, expr.letters)
        if coefficient == 1 and not constants and not divisors:
            return result
        scale = tuple(Const(f) for f in constants)
        return Prod(coefficient, (*scale, result), tuple(Const(f) for f in divisors), result.axes)

    def _varies(self, expr: sp.Expr) -> bool:
        return any(True for _ in entries(expr)) or bool(expr.free_symbols - self.fixed)

    def hadamard(self, nodes: list[Node]) -> Node:
        parts, axes = aligned(nodes, self.axes)
        return Prod(sp.S.One, parts, (), axes)
