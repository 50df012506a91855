"""One equation -> one tree of array operations.

The rule for sums of products: multiply factors whose axes lie within another's; sum what is private to
one operand; two operands that are left are one product (``Contract``), more are an ``Einsum``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import sympy as sp

from symbp.arrays.align import align
from symbp.arrays.nodes import (
    Arange,
    Axes,
    Call,
    Condition,
    Const,
    Contract,
    Einsum,
    FirstMaxMask,
    Lin,
    Node,
    Power,
    Prod,
    Reduce,
    Ref,
    Select,
    is_stored,
)
from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import (
    Abs,
    Apply,
    Compare,
    Entry,
    Erf,
    Expm1,
    FirstMax,
    Group,
    Iverson,
    Letter,
    Log1p,
    Logical,
    MeanOver,
    Prime,
    Reduction,
    Sign,
    Size,
    Stop,
    SumOver,
    Where,
    entries,
)

Covers = Callable[[str, int, Letter], bool]  # tensor, axis, letter: whether it covers the axis
Rank = Callable[[sp.Expr], tuple]
CALLS = {
    sp.exp: "exp", sp.log: "log", sp.tanh: "tanh", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan",
    sp.asin: "asin", sp.acos: "acos", sp.atan: "atan", sp.sinh: "sinh", sp.cosh: "cosh",
    Erf: "erf", Abs: "abs", Sign: "sign",
    Log1p: "log1p", Expm1: "expm1", Stop: "stop_gradient",
}  # fmt: skip


@dataclass(frozen=True)
class Lowered:
    """``target`` gets ``tree``; a scatter runs over the letters ``loops`` and adds."""

    target: Ref
    tree: Node
    scatter: bool = False
    loops: Axes = ()


def lower(
    equation: Equation,
    order: Mapping[str, int],
    fixed: frozenset[Letter] = frozenset(),
    covers: Covers | None = None,
) -> Lowered:
    """``order`` ranks tensors in the order in which a product or a sum should name them; ``fixed``
    letters are loop variables, not axes."""
    target = equation.target
    scatter = [i for i in target.indices if len(_letters(i)) > 1 and not isinstance(i, Group)]
    incoming = {
        x for r in entries(equation.rhs) if r.name.startswith(ADJOINT) for x in r.free_symbols
    }
    loops = tuple(dict.fromkeys(x for i in scatter for x in _window(i, incoming)))
    fixed |= set(loops)
    axes = tuple(dict.fromkeys(x for i in target.indices for x in _letters(i) if x not in fixed))
    lowering = _Lowering(axes, order, fixed, covers or (lambda name, axis, index: True))
    tree = align(lowering.node(equation.rhs), axes)
    plain = all(i.is_Symbol or isinstance(i, Group) for i in target.indices)
    plain = plain and shared_places(target.indices) is None
    short = lowering.short(target)
    return Lowered(
        Ref(target.name, target.indices, axes, short), tree, not plain or bool(short), loops
    )


def _window(index: sp.Expr, incoming: Collection[Letter]) -> tuple[Letter, ...]:
    """All letters but the one that stays a slice: of the largest stride, and of the incoming adjoint."""
    letters = _letters(index)
    kept = max(letters, key=lambda x: (abs(index.coeff(x)), x in incoming, -letters.index(x)))
    return tuple(x for x in letters if x != kept)


def shared_places(
    indices: tuple[sp.Expr, ...], fixed: Collection[Letter] = ()
) -> tuple[int, int] | None:
    """The span of positions, as a slice, around those that have a letter in common."""
    places: dict[Letter, list[int]] = {}
    for k, index in enumerate(indices):
        for x in _letters(index):
            if x not in fixed:
                places.setdefault(x, []).append(k)
    several = [k for found in places.values() if len(found) > 1 for k in found]
    return (min(several), max(several) + 1) if several else None


def _letters(index: sp.Expr) -> tuple[Letter, ...]:
    """The letters of an index expression, the one with the largest stride first."""
    if index.is_Symbol:
        return (index,)
    if isinstance(index, Group):
        return tuple(x for part in index.parts for x in _letters(part))
    found = sorted(index.free_symbols, key=lambda s: s.name)
    terms = index.as_ordered_terms()

    def stride_first(s: Letter) -> tuple[sp.Expr, int]:
        stride = index.coeff(s)
        return -abs(stride), terms.index(stride * s)

    return tuple(sorted(found, key=stride_first))


class _Lowering:
    def __init__(
        self, axes: Axes, order: Mapping[str, int], fixed: frozenset[Letter], covers: Covers
    ) -> None:
        self.covers = covers
        self.axes = axes
        self.order = order
        self.fixed = fixed

    # -- order ----------------------------------------------------------------------------------

    def rank(self, expr: sp.Expr) -> tuple:
        """Adjoints first, then tensors in the given order; simple before composite."""
        places = sorted(self.order.get(r.name, 90_000) for r in entries(expr))
        simple = isinstance(expr, (Entry, SumOver))
        first = places[0] if places else 200_000
        return (first, not simple, len(places), expr.count_ops(), str(expr))

    def sort_axes(self, nodes: list[Node]) -> Axes:
        """The order of the largest stored array; other letters where the target has them, or behind."""
        found: list[Letter] = []
        for node in sorted(nodes, key=lambda x: (not is_stored(x), -len(x.axes))):
            for index in node.axes:
                if index not in found:
                    found.insert(self._behind(index, found), index)
        if all(a in self.axes for a in found):
            found.sort(key=self.axes.index)
        return tuple(found)

    def _behind(self, index: Letter, found: list[Letter]) -> int:
        if index not in self.axes:
            return len(found)
        before = self.axes[: self.axes.index(index)]
        known = [k for k, a in enumerate(found) if a in before]
        if known:
            return known[-1] + 1
        return 0 if any(a in self.axes for a in found) else len(found)

    def aligned(self, nodes: list[Node]) -> tuple[tuple[Node, ...], Axes]:
        axes = self.sort_axes(nodes)
        return tuple(align(x, axes) for x in nodes), axes

    # -- nodes ----------------------------------------------------------------------------------

    def node(self, expr: sp.Expr) -> Node:
        if isinstance(expr, Entry):
            return self.ref(expr)
        if expr.is_Symbol:
            return Const(expr) if expr in self.fixed else Arange(expr, (expr,))
        if not any(True for _ in entries(expr)) and not expr.free_symbols - self.fixed:
            if not expr.has(Reduction, Iverson, Where, Stop):
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
            block = [x for i in entry.indices[first:last] for x in _letters(i)]
            every = [
                *(x for i in entry.indices[:first] for x in _letters(i)),
                *block,
                *(x for i in entry.indices[last:] for x in _letters(i)),
            ]
            known = tuple(dict.fromkeys(x for x in every if x not in self.fixed))
            return Ref(entry.name, entry.indices, known)
        places: list[Letter] = []
        windows: list[Letter] = []
        for index in entry.indices:
            own = [x for x in _letters(index) if x not in self.fixed]
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
        arguments, axes = self.aligned([self.node(a) for a in expr.args])
        return Call(CALLS[expr.func], arguments, axes)

    def power(self, expr: sp.Pow) -> Node:
        base, exponent = expr.args
        if exponent.could_extract_minus_sign():
            return self.mul(expr)
        if not exponent.is_number:
            both, axes = self.aligned([self.node(base), self.node(exponent)])
            return Call("power", both, axes)
        x = self.node(base)
        if exponent == sp.Rational(1, 2):
            return Call("sqrt", (x,), x.axes)
        return Power(x, exponent, x.axes)

    def conditional(self, expr: sp.Expr) -> Node:
        if isinstance(expr, (Where, Iverson)):
            cases = expr.args if isinstance(expr, Where) else (*expr.args, sp.S.One, sp.S.Zero)
            (c, a, b), axes = self.aligned([self.node(x) for x in cases])
            return Select(c, a, b, axes)
        parts, axes = self.aligned([self.node(x) for x in expr.args[1:]])
        result = parts[0]
        for part in parts[1:]:
            result = Condition(expr.op, result, part, axes)
        return result

    def add(self, expr: sp.Add) -> Node:
        terms = sorted(expr.args, key=self.term_order)
        signs = [_sign(t) for t in terms]
        nodes = [self.node(-t if s < 0 else t) for s, t in zip(signs, terms, strict=True)]
        aligned, axes = self.aligned(nodes)
        return Lin(tuple(zip(signs, aligned, strict=True)), axes)

    def term_order(self, term: sp.Expr) -> tuple:
        """What is added before what is subtracted, 1 before and other constants behind the rest."""
        constant = not any(True for _ in entries(term))
        return (_sign(term) < 0, constant and abs(term) != 1, not constant, self.rank(term))

    def mul(self, expr: sp.Expr) -> Node:
        coefficient, over, under = self.factors(expr)
        top, bottom = [self.node(f) for f in over], [self.node(f) for f in under]
        if len(top) == 1 and not bottom and coefficient == 1:
            return top[0]
        axes = self.sort_axes(top + bottom)
        return Prod(
            coefficient,
            tuple(align(x, axes) for x in top),
            tuple(align(x, axes) for x in bottom),
            axes,
        )

    def factors(self, expr: sp.Expr) -> tuple[sp.Rational, list[sp.Expr], list[sp.Expr]]:
        """Coefficient, numerator and denominator, each in the order of reading."""
        coefficient, rest = expr.as_coeff_Mul()
        if not coefficient.is_Rational:
            coefficient, rest = sp.S.One, expr
        over: list[sp.Expr] = []
        under: list[sp.Expr] = []
        for factor in sp.Mul.make_args(rest):
            if factor == 1:
                continue
            inverse = (
                factor.is_Pow and factor.base != sp.E and factor.exp.could_extract_minus_sign()
            )
            (under if inverse else over).append(1 / factor if inverse else factor)
        coefficient, over = _flip(coefficient, over)
        return coefficient, sorted(over, key=self.rank), sorted(under, key=self.rank)

    # -- reductions -----------------------------------------------------------------------------

    def reduction(self, expr: Reduction) -> Node:
        if isinstance(expr, SumOver):
            return self.sum(expr)
        x = self.node(expr.body)
        missing = [i for i in expr.letters if i not in x.axes]
        if missing:
            x = align(x, tuple(missing) + x.axes)
        op = "mean" if isinstance(expr, MeanOver) else "max"
        return self.reduce(op, x, expr.letters)

    def reduce(self, op: str, x: Node, over: Axes) -> Node:
        return Reduce(op, x, over, tuple(a for a in x.axes if a not in over))

    def sum(self, expr: SumOver) -> Node:
        coefficient, over, under = self.factors(expr.body)
        constants = [f for f in over if not self._varies(f)]
        divisors = [f for f in under if not self._varies(f)]
        nodes = [self.node(f) for f in over if f not in constants]
        nodes += [self.node(1 / f) for f in under if f not in divisors]
        result = self.contract(nodes, expr.letters)
        if coefficient == 1 and not constants and not divisors:
            return result
        scale = tuple(Const(f) for f in constants)
        return Prod(coefficient, (*scale, result), tuple(Const(f) for f in divisors), result.axes)

    def _varies(self, expr: sp.Expr) -> bool:
        return any(True for _ in entries(expr)) or bool(expr.free_symbols - self.fixed)

    def hadamard(self, nodes: list[Node]) -> Node:
        if len(nodes) == 1:
            return nodes[0]
        aligned, axes = self.aligned(nodes)
        return Prod(sp.S.One, aligned, (), axes)

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
        operands = [self.hadamard(g) for g in groups]
        if len(operands) > 1:
            operands = self._sum_private(operands, over)
        if len(operands) == 1:
            return self.reduce("sum", operands[0], tuple(a for a in operands[0].axes if a in over))
        if len(operands) == 2:
            return self.contract_two(operands[0], operands[1], over)
        return Einsum(tuple(operands), over, self._free(operands, over))

    def _sum_private(self, operands: list[Node], over: Axes) -> list[Node]:
        """Sum letters that only one operand has before they meet the others."""
        result = []
        for k, operand in enumerate(operands):
            others = {a for m, x in enumerate(operands) if m != k for a in x.axes}
            private = tuple(a for a in operand.axes if a in over and a not in others)
            result.append(self.reduce("sum", operand, private) if private else operand)
        return result

    def _free(self, operands: list[Node], over: Axes) -> Axes:
        found = dict.fromkeys(a for x in operands for a in x.axes if a not in over)
        return tuple(sorted(found, key=self._place))

    def _place(self, index: Letter) -> int:
        return self.axes.index(index) if index in self.axes else len(self.axes)

    def contract_two(self, a: Node, b: Node, over: Axes) -> Node:
        shared = tuple(x for x in a.axes if x in b.axes and x in over)
        if not shared:
            return self.hadamard([a, b])
        batch = tuple(x for x in a.axes if x in b.axes and x not in over)
        free_a = [x for x in a.axes if x not in shared + batch]
        free_b = [x for x in b.axes if x not in shared + batch]
        if (not free_a and not free_b) or (batch and not (free_a and free_b)):
            return self.reduce("sum", self.hadamard([a, b]), shared)
        last_a = self._place(free_a[-1]) if free_a else len(self.axes)
        last_b = self._place(free_b[-1]) if free_b else len(self.axes)
        if last_a > last_b or not free_a:
            a, b, free_a, free_b = b, a, free_b, free_a
        if not batch or (len(shared) == 1 and len(free_a) == len(free_b) == 1):
            return Contract(a, b, shared, batch, (*batch, *free_a, *free_b))
        return Einsum((a, b), over, self._free([a, b], over))


def _negative(term: sp.Expr) -> bool:
    return term.could_extract_minus_sign()


def _sign(term: sp.Expr) -> int:
    """The sign that a term is printed with: ``-y*(s - 1)`` is printed as ``+ y*(1 - s)``."""
    if not _negative(term):
        return 1
    coefficient, rest = term.as_coeff_Mul()
    coefficient, _ = _flip(coefficient, list(sp.Mul.make_args(rest)))
    return 1 if coefficient > 0 else -1


def _flip(coefficient: sp.Rational, factors: list[sp.Expr]) -> tuple[sp.Rational, list[sp.Expr]]:
    """``-(a - 1)`` reads ``1 - a``."""
    if coefficient.could_extract_minus_sign():
        for k, factor in enumerate(factors):
            if factor.is_Add and _minuses(-factor) <= _minuses(factor):
                return -coefficient, [*factors[:k], -factor, *factors[k + 1 :]]
    return coefficient, factors


def _minuses(expr: sp.Add) -> int:
    return sum(_negative(t) for t in expr.args)


__all__ = ["Lowered", "Size", "lower", "shared_places"]
