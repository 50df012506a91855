"""Evaluates the equations of a formula literally, recurrences step by step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from tests.peer.formula_sizes import (
    Equation,
    Sizes,
    affine,
    expand,
    parse,
    positions,
    reads,
    tensor_name,
)
from tests.peer.torch_expression import Expressions, aligned


def evaluate_formula(
    text: str,
    tensors: Mapping[str, Tensor],
    *,
    parameter: Callable[[str, tuple[int, ...]], Tensor],
    declared: Mapping[str, Sequence[int | str]],
    sizes: Mapping[str, int],
    kink: Callable[[float], None],
    dtype: torch.dtype,
) -> Tensor:
    """The value of the last equation, or of an elementwise expression.

    ``tensors``: inputs and constants by local name, batch axis in front. ``declared``: the axes of
    the parameters, which ``parameter(name, shape)`` then gives. ``kink`` hears of distances to
    kinks.
    """
    formula = parse(text)
    have = dict(tensors)
    if isinstance(formula, ast.expr):
        have |= {name: parameter(name, ()) for name in declared}
        return Expressions(have, {}, kink, dtype).expression(formula).data
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    inferred = Sizes(formula, shapes, declared, sizes)
    have |= {name: parameter(name, inferred.shape(name)) for name in declared}
    return _Equations(have, inferred, kink, dtype).run(formula)


class _Equations(Expressions):
    def __init__(
        self,
        tensors: dict[str, Tensor],
        inferred: Sizes,
        kink: Callable[[float], None],
        dtype: torch.dtype,
    ) -> None:
        super().__init__(tensors, inferred.sizes, kink, dtype)
        self.inferred = inferred

    def run(self, equations: Sequence[Equation]) -> Tensor:
        initial = {e.name: e for e in equations if e.is_initial}
        waiting = [e for e in equations if not e.is_initial]
        needs = {
            name: {tensor_name(r) for e in waiting if e.name == name for r, _ in reads(e.rhs)}
            for name in {e.name for e in waiting}
        }
        last = waiting[-1].name
        while waiting:
            group = next(
                g for g in (_cycle(e.name, needs) for e in waiting) if self._ready(g, needs)
            )
            members = [e for e in waiting if e.name in group]
            if any(needs[name] & group for name in group):
                self._scan(members, initial)
            else:
                self.tensors[members[0].name] = sum(self._equation(e) for e in members)  # type: ignore[assignment]
            waiting = [e for e in waiting if e.name not in group]
        return self.tensors[last]

    def _ready(self, group: set[str], needs: Mapping[str, set[str]]) -> bool:
        return all(name in group or name in self.tensors for g in group for name in needs[g])

    def _equation(self, e: Equation) -> Tensor:
        """Sums the right-hand side into zeros, over the whole grid of its letters."""
        value = self.expression(e.rhs)
        if not e.positions:
            return value.data
        shape = self.inferred.shape(e.name)
        index = [self.index(p) for p in expand(e.positions, len(shape))]
        letters, grids = aligned(*index, value)
        size = [self.sizes[letter] for letter in letters]
        *indices, data = (grid.expand(size) for grid in grids)
        return torch.zeros(shape, dtype=self.dtype).index_put(tuple(indices), data, accumulate=True)

    def _scan(self, members: Sequence[Equation], initial: Mapping[str, Equation]) -> None:
        """Runs equations that read their own past, one step after another."""
        letter, backwards = self._step(members)
        steps: dict[str, dict[int, Tensor]] = {e.name: {} for e in members}
        for e in members:
            letters = [str(getattr(p, "id", None)) for p in e.positions]
            axis = letters.index(letter)
            shape = list(self.inferred.shape(e.name))
            del shape[axis], letters[axis]
            before = torch.zeros(shape, dtype=self.dtype)
            if e.name in initial:
                before = self.expression(initial[e.name].rhs).over(letters).expand(shape)
            self.before[e.name] = (axis, before)
            self.tensors[e.name] = torch.zeros(self.inferred.shape(e.name), dtype=self.dtype)
        order = range(self.sizes[letter])
        for step in reversed(order) if backwards else order:
            self.fixed[letter] = step
            for e in members:
                axis, before = self.before[e.name]
                letters = [p.id for p in e.positions if isinstance(p, ast.Name) and p.id != letter]
                value = self.expression(e.rhs).over(letters).expand(before.shape)
                steps[e.name][step] = value
                blank = torch.zeros_like(value)
                columns = [steps[e.name].get(k, blank) for k in order]
                self.tensors[e.name] = torch.stack(columns, dim=axis)
        del self.fixed[letter]

    def _step(self, members: Sequence[Equation]) -> tuple[str, bool]:
        """The letter that a recurrence steps along, and whether it runs backwards."""
        names = {e.name for e in members}
        for e in members:
            for read, _ in reads(e.rhs):
                for position in positions(read) if tensor_name(read) in names else ():
                    form = affine(position, self.sizes)
                    if form and len(form[0]) == 1 and form[1]:
                        return next(iter(form[0])), form[1] > 0
        raise AssertionError("a cycle within one step")


def _cycle(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """The names that ``name`` reads, directly or not, and that read it: itself at least."""

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        stack = [start]
        while stack:
            for other in needs.get(stack.pop(), set()) - seen:
                seen.add(other)
                stack.append(other)
        return seen

    return {name} | {other for other in reach(name) if name in reach(other)}
