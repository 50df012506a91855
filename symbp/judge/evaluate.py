"""Index expressions as functions of tensors: built once, evaluated many times.

Every value is an array with one axis for each of its free letters, so that any right side that somebody
may have written, right or wrong, can be evaluated; nothing is shared with the lowering to code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import sympy as sp

from symbp.calculus.equation import ADJOINT, Unit
from symbp.calculus.expression import (
    Compare,
    Entry,
    FirstMax,
    Group,
    Letter,
    Logical,
    Reduction,
    Size,
    SumOver,
    entries,
)
from symbp.calculus.functions import U, derivative
from symbp.calculus.index import base
from symbp.calculus.interpreter import REDUCTIONS
from symbp.calculus.unary import Apply, Prime
from symbp.judge.evaluate_operations import Run, Tensors, operation
from symbp.judge.evaluate_sums import contraction
from symbp.judge.evaluate_values import Value, union

Array: TypeAlias = np.ndarray
BATCH = "#n"  # the batch size among the tensors
ELSEWHERE = "@"  # in front of the name of a tensor of the network that is none of the unit's
ARGUMENT = "#u"  # the argument of a named function


class Compiler:
    """Functions for the expressions of one unit; equal expressions share one."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.known: dict[sp.Basic, Value] = {}

    def size(self, index: Letter) -> int | None:
        """The size of a letter's axis; None is the batch."""
        return self.unit.sizes[base(index)]

    def length(self, index: Letter) -> Callable[[Tensors], int]:
        size = self.size(index)
        return (lambda t: t[BATCH]) if size is None else (lambda t: size)

    def value(self, expr: sp.Basic) -> Value:
        if expr not in self.known:
            self.known[expr] = self._value(expr)
        return self.known[expr]

    def _value(self, expr: sp.Basic) -> Value:
        if isinstance(expr, Entry):
            return self._read(expr)
        if expr == U:
            return Value(lambda t: t[ARGUMENT])
        if expr.is_Symbol:
            length = self.length(expr)
            return Value(lambda t: np.arange(float(length(t))), (expr,))
        if isinstance(expr, Size):
            length = self.length(expr.letter)
            return Value(lambda t: float(length(t)))
        if isinstance(expr, SumOver):
            return self._sum(expr)
        if isinstance(expr, Reduction):
            return self._reduced(expr)
        if isinstance(expr, FirstMax):
            return self._first_max(expr)
        if isinstance(expr, Group):
            return self._row_major(expr.parts)
        if isinstance(expr, Apply):
            return self._call(expr)
        if not expr.args:
            number = float(expr)
            return Value(lambda t: number)
        return self._entrywise(expr)

    # -- entry by entry -------------------------------------------------------------------------

    def _entrywise(self, expr: sp.Basic) -> Value:
        named = isinstance(expr, (Compare, Logical))
        values = [self.value(a) for a in (expr.args[1:] if named else expr.args)]
        letters = union(values)
        runs = [v.over(letters) for v in values]
        return Value(operation(expr, runs), letters)

    def _call(self, expr: Apply) -> Value:
        body = self.unit.functions[expr.function]
        argument = self.value(expr.argument)
        inner = self.value(derivative(body).raw if isinstance(expr, Prime) else body).run
        return Value(lambda t: inner({ARGUMENT: argument.run(t)}), argument.letters)

    # -- reductions -----------------------------------------------------------------------------

    def _sum(self, expr: SumOver) -> Value:
        factors = [self.value(f) for f in sp.Mul.make_args(expr.body)]
        letters = union(factors)
        kept = tuple(i for i in letters if i not in expr.letters)
        idle = [self.length(i) for i in expr.letters if i not in letters]
        total = contraction([f.letters for f in factors], kept)
        runs = [f.run for f in factors]
        if not idle:
            return Value(lambda t: total([r(t) for r in runs]), kept)
        return Value(
            lambda t: total([r(t) for r in runs]) * math.prod(length(t) for length in idle), kept
        )

    def _reduced(self, expr: Reduction) -> Value:
        body = self.value(expr.body)
        kept = tuple(i for i in body.letters if i not in expr.letters)
        run = self.whole(body, (*kept, *expr.letters))
        over = tuple(range(len(kept), len(kept) + len(expr.letters)))
        total = REDUCTIONS[type(expr)]
        return Value(lambda t: total(run(t), axis=over), kept)

    def whole(self, value: Value, letters: tuple[Letter, ...]) -> Run:
        """The value with these axes in full length, also those that it lacks."""
        run = value.over(letters)
        if set(letters) <= set(value.letters):
            return run
        lengths = [self.length(i) for i in letters]
        return lambda t: np.broadcast_to(run(t), [length(t) for length in lengths])

    def _first_max(self, expr: FirstMax) -> Value:
        body = self.value(expr.body)
        kept = tuple(i for i in body.letters if i not in expr.letters)
        letters = (*kept, *expr.letters)
        whole = self.whole(body, letters)

        def run(t: Tensors) -> Array:
            values = whole(t)
            rows = values.reshape(*values.shape[: len(kept)], -1)
            first = rows.argmax(axis=-1)[..., None] == np.arange(rows.shape[-1])
            return first.reshape(values.shape).astype(float)

        return Value(run, letters)

    # -- places ---------------------------------------------------------------------------------

    def _read(self, entry: Entry) -> Value:
        name = entry.name
        if not entry.indices:
            return Value(lambda t: t[name])
        own = self.unit.letters.get(name.lstrip(ADJOINT))
        sizes = [self.size(i) for i in own or entry.indices]  # a tensor from elsewhere is as long
        if entry.plain and sizes == [self.size(i) for i in entry.indices]:
            return Value(lambda t: t[name], entry.indices)
        cut = self.slices(entry)
        if cut is not None:
            return Value(lambda t: t[name][cut(t)], tuple(map(one_letter, entry.indices)))
        letters, places = self.places(entry)
        return Value(lambda t: t[name][places(t)], letters)

    def slices(self, entry: Entry) -> Callable[[Tensors], tuple[slice, ...]] | None:
        """Where every index is a letter of its own, with a constant at most, the slices that it means."""
        letters = [one_letter(i) for i in entry.indices]
        if None in letters or len(set(letters)) < len(letters):
            return None
        starts = [self.value(i - x).run for i, x in zip(entry.indices, letters, strict=True)]
        lengths = [self.length(x) for x in letters]  # type: ignore[arg-type]

        known: dict[int, tuple[slice, ...]] = {}

        def found(t: Tensors) -> tuple[slice, ...]:
            batch = t.get(BATCH, 0)
            if batch not in known:
                begins = [round(start(t)) for start in starts]
                if min(begins) < 0:
                    raise IndexError(f"{entry} reads in front of its tensor")
                both = zip(begins, lengths, strict=True)
                known[batch] = tuple(slice(b, b + length(t)) for b, length in both)
            return known[batch]

        return found

    def places(self, entry: Entry) -> tuple[tuple[Letter, ...], Callable[[Tensors], Any]]:
        """The letters of an entry's indices, and integer arrays with those axes, one an index."""
        values = [self.value(i) for i in entry.indices]
        letters = union(values)
        runs = [v.over(letters) for v in values]
        fixed: dict[int, tuple[Array, ...]] = {}
        gathers = any(True for i in entry.indices for _ in entries(i))

        def found(t: Tensors) -> tuple[Array, ...]:
            arrays = [np.asarray(np.rint(run(t))).astype(np.intp) for run in runs]
            if any(a.size and a.min() < 0 for a in arrays):
                raise IndexError(f"{entry} reads in front of its tensor")
            return tuple(arrays)

        def once(t: Tensors) -> tuple[Array, ...]:
            batch = t.get(BATCH, 0)
            if batch not in fixed:
                fixed[batch] = found(t)
            return fixed[batch]

        return letters, found if gathers else once

    def _row_major(self, parts: tuple[sp.Expr, ...]) -> Value:
        values = [self.value(p) for p in parts]
        letters = union(values)
        runs = [v.over(letters) for v in values]
        lengths = [self.length(p) for p in parts]

        def run(t: Tensors) -> Any:
            place = runs[0](t)
            for part, length in zip(runs[1:], lengths[1:], strict=True):
                place = place * length(t) + part(t)
            return place

        return Value(run, letters)


def one_letter(index: sp.Expr) -> Letter | None:
    """The letter of ``j`` and of ``j + 3``."""
    free = index.free_symbols
    if len(free) != 1 or isinstance(index, Group) or any(True for _ in entries(index)):
        return None
    (found,) = free
    return None if (index - found).free_symbols else found
