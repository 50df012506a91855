"""What equations mean, as literally as NumPy can say it: every entry over the full grid of indices.

Nothing is rewritten, contracted or saved, and nothing is shared with the lowering to array
operations: this is the second opinion that rewriting and lowering are held against.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import (
    Compare,
    Entry,
    FirstMax,
    Group,
    Iverson,
    Letter,
    Logical,
    MaxOver,
    MeanOver,
    Reduction,
    Size,
    Stop,
    SumOver,
    Where,
)
from symbp.calculus.functions import U, derivative
from symbp.calculus.unary import Abs, Apply, Erf, Expm1, Log1p, Prime, Sign

Array = np.ndarray
SizeOf = Callable[[Letter], int]
FUNCTIONS: dict[type, Callable[..., Array]] = {
    sp.exp: np.exp, sp.log: np.log, sp.sin: np.sin, sp.cos: np.cos, sp.tan: np.tan,
    sp.asin: np.arcsin, sp.acos: np.arccos, sp.atan: np.arctan,
    sp.sinh: np.sinh, sp.cosh: np.cosh, sp.tanh: np.tanh,
    Abs: np.abs, Sign: np.sign, Log1p: np.log1p, Expm1: np.expm1,
    Erf: np.vectorize(math.erf, otypes=[float]),
}  # fmt: skip
REDUCTIONS: dict[type, Callable[..., Array]] = {
    SumOver: np.sum, MeanOver: np.mean, MaxOver: np.max,
}  # fmt: skip
COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal, "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip


def accumulate(
    equation: Equation,
    letters: tuple[Letter, ...],
    shape: tuple[int, ...],
    tensors: dict[str, Array],
    size: SizeOf,
    functions: Mapping[str, sp.Expr],
    fill: float = 0.0,
) -> None:
    """For all values of ``letters``: ``target += rhs``, in ``tensors``, from zeros of ``shape``;
    places that are never written hold ``fill``."""
    grid = Grid(letters, size, tensors, functions)
    values = grid.value(equation.rhs)
    places = tuple(grid.place(i) for i in equation.target.indices)
    total = np.array(tensors.get(equation.name, np.zeros(shape)))
    np.add.at(total, places, values if places else values.sum())
    if fill:
        idle = np.ones(shape, dtype=bool)
        idle[places] = False
        total[idle] = fill
    tensors[equation.name] = total


@dataclass(frozen=True)
class Grid:
    """All values of ``letters`` at once, an axis each; of two equal letters the later one counts.

    ``functions`` are the bodies in ``u`` of the named functions; ``argument`` is the value of u.
    """

    letters: tuple[Letter, ...]
    size: SizeOf
    tensors: Mapping[str, Array]
    functions: Mapping[str, sp.Expr]
    argument: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.size(i) for i in self.letters)

    def value(self, expr: sp.Basic) -> Array:
        """An array of the grid's shape."""
        return np.broadcast_to(self._value(expr), self.shape)

    def place(self, index: sp.Expr) -> Array:
        """An index expression as integers; one outside from below is an error, not a wrap."""
        found = np.rint(self.value(index)).astype(np.intp)
        if found.size and found.min() < 0:
            raise IndexError(f"index {index} is {found.min()}")
        return found

    def _value(self, expr: sp.Basic) -> Array:
        if expr.is_Symbol:
            return self.argument if expr == U else self._letter(expr)  # type: ignore[return-value]
        if isinstance(expr, Entry):
            return self.tensors[expr.name][tuple(self.place(i) for i in expr.indices)]
        if isinstance(expr, Size):
            return np.array(float(self.size(expr.letter)))
        if isinstance(expr, FirstMax):
            return self._first_max(expr)
        if isinstance(expr, Reduction):
            inner = self._with(expr.letters)
            over = tuple(range(len(self.letters), len(inner.letters)))
            return REDUCTIONS[type(expr)](inner.value(expr.body), axis=over)
        if isinstance(expr, Group):
            return self._row_major(expr.parts)
        if isinstance(expr, Prime):
            return self._call(derivative(self.functions[expr.function]).raw, expr.argument)
        if isinstance(expr, Apply):
            return self._call(self.functions[expr.function], expr.argument)
        if expr.is_number and not expr.args:
            return np.array(float(expr))
        return self._operation(expr)

    def _operation(self, expr: sp.Basic) -> Array:
        """What works entry by entry."""
        if isinstance(expr, (Compare, Logical)):
            first, *others = (self.value(a) for a in expr.args[1:])
            for other in others:
                first = COMPARISONS[expr.op](first, other)
            return first
        values = [self.value(a) for a in expr.args]
        if isinstance(expr, Where):
            return np.where(*values)
        if isinstance(expr, (Iverson, Stop)):
            return values[0].astype(float)
        if expr.is_Add:
            return np.sum(values, axis=0)
        if expr.is_Mul:
            return np.prod(values, axis=0)
        if expr.is_Pow and not isinstance(expr, sp.exp):
            return values[0] ** values[1]
        return FUNCTIONS[expr.func](*values)

    def _letter(self, index: Letter) -> Array:
        axis = max(k for k, known in enumerate(self.letters) if known == index)
        behind = len(self.letters) - axis - 1
        return np.arange(float(self.size(index))).reshape(-1, *[1] * behind)

    def _with(self, letters: tuple[Letter, ...]) -> Grid:
        argument = self.argument
        if argument is not None:
            argument = argument[(..., *[None] * len(letters))]
        return replace(self, letters=(*self.letters, *letters), argument=argument)

    def _call(self, body: sp.Expr, argument: sp.Expr) -> Array:
        return replace(self, argument=self.value(argument)).value(body)

    def _row_major(self, parts: tuple[sp.Expr, ...]) -> Array:
        place = self.value(parts[0])
        for part in parts[1:]:
            place = place * self.size(part) + self.value(part)
        return place

    def _first_max(self, expr: FirstMax) -> Array:
        values = self._with(expr.letters).value(expr.body).reshape(*self.shape, -1)
        return (values.argmax(axis=-1) == self._row_major(expr.letters)).astype(float)
