"""One equation -> one tree of array operations.

Equations that write to parts of their target, and sums over windows, become additions in loops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbp.arrays.align import align
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
    is_stored,
)
from symbp.arrays.places import is_bare, letters_of, may_repeat, shared_places
from symbp.arrays.windows import SizeOf, scatter_loops, window_loops
from symbp.calculus.equation import Equation
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
class Added:
    """``target += tree`` for all values of the letters ``loops``, which are loops of the code."""

    target: Ref
    tree: Node
    loops: Axes = ()

    @property
    def repeats(self) -> bool:
        """Whether several values may go to one place."""
        return may_repeat(self.target.index)


@dataclass(frozen=True)
class Lowered:
    """``target`` gets ``tree``, if there is one, and then all that is added to parts of it."""

    target: Ref
    tree: Node | None
    added: tuple[Added, ...] = ()


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


def lower(equation: Equation, frame: Frame) -> Lowered:
    """The equation as an assignment, or as additions to parts of the target."""
    target = equation.target
    lowering = _Lowering(_axes(target, frame.fixed), frame)
    place = lowering.target(target)
    plain = all(is_bare(i) for i in target.indices)
    if not plain or place.short or shared_places(target.indices) is not None:
        loops = scatter_loops(equation, frame.fixed, frame.size_of) if frame.size_of else ()
        return Lowered(place, None, (_added(equation, loops, frame),))
    whole, added = [], []
    for term in sp.Add.make_args(equation.rhs):
        inner, loops = term, ()
        if frame.size_of:
            inner, loops = window_loops(term, target, frame.fixed, frame.size_of)
        if loops:
            added.append(_added(Equation(target, inner), loops, frame))
        else:
            whole.append(term)
    if not added:
        return Lowered(place, align(lowering.node(equation.rhs), place.axes))
    if whole and any(isinstance(i, Group) for i in target.indices):
        added.append(_added(Equation(target, sp.Add(*whole)), (), frame))
        whole = []
    tree = align(lowering.node(sp.Add(*whole)), place.axes) if whole else None
    return Lowered(place, tree, tuple(added))


def lower_value(expr: sp.Expr, order: Mapping[str, int]) -> Node:
    """An expression that stands for itself."""
    return _Lowering((), Frame(order)).node(expr)


def _axes(target: Entry, fixed: frozenset[Letter]) -> Axes:
    found = (x for i in target.indices for x in letters_of(i) if x not in fixed)
    return tuple(dict.fromkeys(found))


def _added(equation: Equation, loops: Axes, frame: Frame) -> Added:
    frame = replace(frame, fixed=frame.fixed | set(loops))
    lowering = _Lowering(_axes(equation.target, frame.fixed), frame)
    place = lowering.target(equation.target)
    return Added(place, align(lowering.node(equation.rhs), place.axes), loops)


class _Lowering:
    def __init__(self, axes: Axes, frame: Frame) -> None:
        self.axes = axes
        self.covers = frame.covers
        self.order = frame.order
        self.fixed = frame.fixed

    def target(self, entry: Entry) -> Ref:
        """What an equation writes to: its axes are the letters in the order of their places."""
        return Ref(entry.name, entry.indices, self.axes, self.short(entry))

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
        return reduce_axes(op, x, expr.letters)

    def sum(self, expr: SumOver) -> Node:
        coefficient, over, under = self.factors(expr.body)
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
        aligned, axes = self.aligned(nodes)
        return Prod(sp.S.One, aligned, (), axes)


def _negative(term: sp.Expr) -> bool:
    return term.could_extract_minus_sign()


def _sign(term: sp.Expr) -> int:
    """The sign that a term is printed with: ``-y*(s - 1)`` is printed as ``+ y*(1 - s)``."""
    coefficient, rest = term.as_coeff_Mul()
    coefficient, _ = _flip(coefficient, list(sp.Mul.make_args(rest)))
    return 1 if coefficient > 0 else -1


def _flip(coefficient: sp.Rational, factors: list[sp.Expr]) -> tuple[sp.Rational, list[sp.Expr]]:
    """``-(a - 1)`` reads ``1 - a``, ``(a - 1)*(b - 1)`` reads ``(1 - a)*(1 - b)``."""
    negative = bool(coefficient.could_extract_minus_sign())
    free = [k for k, f in enumerate(factors) if f.is_Add and _minuses(-f) <= _minuses(f)]
    turned = [k for k in free if _is_less_one(factors[k])]
    rest = [k for k in free if k not in turned]
    if len(turned) % 2 != negative:
        if rest:
            turned.append(rest[0])
        elif len(turned) == 1:
            turned = []
    factors = [-f if k in turned else f for k, f in enumerate(factors)]
    return (-coefficient if len(turned) % 2 else coefficient), _squares(factors)


def _is_less_one(factor: sp.Expr) -> bool:
    """Whether a sum is ``a - 1``."""
    return sp.S.NegativeOne in factor.args and _minuses(factor) == 1


def _squares(factors: list[sp.Expr]) -> list[sp.Expr]:
    """``(1 + a)*(1 - a)`` as ``1 - a**2``."""
    for k, first in enumerate(factors):
        for m in range(k + 1, len(factors)):
            if first.is_Add and first + factors[m] == 2:
                joined = 1 - (first - 1) ** 2
                return _squares([*factors[:k], joined, *factors[k + 1 : m], *factors[m + 1 :]])
    return factors


def _minuses(expr: sp.Add) -> int:
    return sum(_negative(t) for t in expr.args)


__all__ = ["Added", "Frame", "Lowered", "Size", "lower", "lower_value"]
