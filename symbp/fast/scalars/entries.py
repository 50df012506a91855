"""A tree of array operations, entry by entry: every letter but that of the batch has a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product as combinations
from typing import Any

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.nodes import Axes, Node, children
from symbp.calculus.expression import Group, Letter, Size
from symbp.fast.scalars.functions import body
from symbp.fast.scalars.terms import (
    ONE,
    ZERO,
    Number,
    Term,
    Unfit,
    Variable,
    call,
    choice,
    condition,
    largest,
    negative,
    over_batch,
    power,
    product,
    total,
)

Place = tuple[int, ...]  # of an entry, without the batch axis
Values = Mapping[Letter, int]
SizeOf = Callable[[Letter], int | None]  # None is the batch
MATH = ("exp", "log", "tanh", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "erf", "abs",
        "log1p", "expm1", "sqrt")  # fmt: skip


class Entries:
    """One method a node class. ``read`` gives the term for an entry of a tensor, by its local name;
    ``samples`` is the size of the batch."""

    def __init__(
        self, size_of: SizeOf, read: Callable[[str, Place], Term], samples: Variable
    ) -> None:
        self.size_of, self.read, self.samples = size_of, read, samples

    def places(self, letters: Axes) -> Iterator[dict[Letter, int]]:
        """All values of the letters, that of the batch left out."""
        own = [(x, size) for x in letters if (size := self.size_of(x)) is not None]
        for values in combinations(*(range(size) for _, size in own)):
            yield {x: v for (x, _), v in zip(own, values, strict=True)}

    def place(self, index: tuple[sp.Expr, ...], at: Values) -> Place:
        """Where index expressions point to; the batch axis is read at its own letter or not at all."""
        bare = [i for i in index if not (i.is_Symbol and self.size_of(i) is None)]
        if len(index) - len(bare) > 1:
            raise Unfit("two axes of a tensor are the batch")
        return tuple(self.position(i, at) for i in bare)

    def position(self, index: sp.Expr, at: Values) -> int:
        if isinstance(index, Group):
            first, *rest = index.parts
            result = self.position(first, at)
            for part in rest:
                size = self.size_of(part) if part.is_Symbol else None
                if size is None:
                    raise Unfit("an axis is split in more than letters")
                result = result * size + self.position(part, at)
            return result
        if index in at:
            return at[index]
        value = self.known(index, at)
        if not value.is_Integer:
            raise Unfit("a position is computed, or depends on the batch")
        return int(value)

    def known(self, expr: sp.Expr, at: Values) -> sp.Expr:
        """An expression with its letters and all sizes but that of the batch as numbers."""
        sizes = {s: self.size_of(s.letter) for s in expr.atoms(Size)}
        values = {**{s: v for s, v in sizes.items() if v is not None}, **at}
        return expr.xreplace({k: sp.Integer(v) for k, v in values.items()})

    def term(self, node: Node, at: Values) -> Term:
        method: Any = getattr(self, type(node).__name__)
        result: Term = method(node, at)
        return result

    # -- leaves ---------------------------------------------------------------------------------

    def Const(self, node: nodes.Const, at: Values) -> Term:
        return self.number(node.value, at)

    def number(self, value: sp.Expr, at: Values) -> Term:
        """A constant; the size of the batch is known when the code runs."""
        value = self.known(value, at)
        if isinstance(value, Size):
            return self.samples
        if value.is_number and not value.has(Size):
            return Number(float(value))
        parts = [self.number(a, at) for a in value.args]
        if value.is_Mul:
            return product(parts)
        if value.is_Add:
            return total(parts)
        if value.is_Pow and value.exp == -1:
            return product([], parts[:1])
        if value.is_Pow:
            return call("pow", *parts)
        raise Unfit("a constant depends on the size of the batch")

    def Ref(self, node: nodes.Ref, at: Values) -> Term:
        return self.read(node.name, self.place(node.index, at))

    def Arange(self, node: nodes.Arange, at: Values) -> Term:
        if node.letter not in at:
            raise Unfit("a sample's number is read")
        return Number(float(at[node.letter]))

    def Align(self, node: nodes.Align, at: Values) -> Term:
        return self.term(node.x, at)

    # -- sums -----------------------------------------------------------------------------------

    def sum(self, operands: tuple[Node, ...], over: Axes, at: Values) -> Term:
        made = []
        for inner in self.places(over):
            made.append(product([self.term(x, {**at, **inner}) for x in operands]))
        batch = any(self.size_of(x) is None for x in over)
        return over_batch(total(made), self.samples) if batch else total(made)

    def Contract(self, node: nodes.Contract, at: Values) -> Term:
        return self.sum((node.a, node.b), node.over, at)

    def Einsum(self, node: nodes.Einsum, at: Values) -> Term:
        return self.sum(node.operands, node.over, at)

    def Reduce(self, node: nodes.Reduce, at: Values) -> Term:
        if node.op != "max":
            whole = self.sum((node.x,), node.over, at)
            sizes = [self.size_of(x) for x in node.over]
            counts = [self.samples if s is None else Number(float(s)) for s in sizes]
            return product([whole], counts if node.op == "mean" else ())
        self.needs_no_batch(node.over)
        return largest([self.term(node.x, {**at, **inner}) for inner in self.places(node.over)])

    def FirstMaxMask(self, node: nodes.FirstMaxMask, at: Values) -> Term:
        """1 where all before are smaller and none behind is larger."""
        self.needs_no_batch(node.over)
        own, mine = self.term(node.x, at), [at[x] for x in node.over]
        case: Term = ONE
        for inner in self.places(node.over):
            theirs = [inner[x] for x in node.over]
            if theirs != mine:
                op = ">" if theirs < mine else ">="
                other = self.term(node.x, {**at, **inner})
                case = condition("and", case, condition(op, own, other))
        return choice(case, ONE, ZERO)

    def needs_no_batch(self, over: Axes) -> None:
        if any(self.size_of(x) is None for x in over):
            raise Unfit("a maximum is taken over the batch")

    # -- elementwise ----------------------------------------------------------------------------

    def Prod(self, node: nodes.Prod, at: Values) -> Term:
        over, under = ([self.term(x, at) for x in xs] for xs in (node.over, node.under))
        return product(over, under, float(node.coefficient))

    def Lin(self, node: nodes.Lin, at: Values) -> Term:
        terms = [(sign, self.term(x, at)) for sign, x in node.terms]
        return total([negative(t) if sign < 0 else t for sign, t in terms])

    def Power(self, node: nodes.Power, at: Values) -> Term:
        return power(self.term(node.x, at), float(node.exponent))

    def Select(self, node: nodes.Select, at: Values) -> Term:
        return choice(*(self.term(x, at) for x in children(node)))

    def Condition(self, node: nodes.Condition, at: Values) -> Term:
        return condition(node.op, self.term(node.left, at), self.term(node.right, at))

    def Call(self, node: nodes.Call, at: Values) -> Term:
        args = [self.term(x, at) for x in node.arguments]
        match node.function:
            case "stop_gradient":
                return args[0]
            case "sign":
                below = choice(condition("<", args[0], ZERO), Number(-1.0), ZERO)
                return choice(condition(">", args[0], ZERO), ONE, below)
            case "power":
                return call("pow", *args)
            case name if name in MATH:
                return call(name, *args)
        inner = Entries(self.size_of, lambda name, place: args[0], self.samples)
        return inner.term(body(node.function), {})
