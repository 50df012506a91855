"""Maxima and softmaxes over nothing, found before anything runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from symbp.errors import InputError
from symbp.language import tree
from symbp.language.walk import walk

Grid = Mapping[str, np.ndarray]
PLAIN = (
    tree.Number,
    tree.Name,
    tree.SizeOf,
    tree.Negative,
    tree.Binary,
    tree.Compare,
    tree.Logical,
)
LARGEST = 1_000_000  # index values that are tried; a larger grid is left to the run
OPERATIONS: dict[str, Callable[..., np.ndarray]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal, "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip


def check_reductions(
    equations: tuple[tree.Equation, ...],
    sizes: Mapping[str, int | None],
    file: str | None,
    line: int,
) -> None:
    """Raise InputError where a max, min or softmax has a place at which its condition never holds.

    Conditions that read tensors are known at run time alone.
    """
    for equation in equations:
        for node in walk(equation.rhs):
            if isinstance(node, tree.Reduction) and node.op in ("max", "min", "softmax"):
                place = _empty_place(node, sizes)
                if place is not None:
                    message = (
                        f"{node.op}(...) has nothing to choose from{place}; widen its condition"
                    )
                    raise InputError(message, file, line + max(equation.line, 1) - 1)


def _empty_place(node: tree.Reduction, sizes: Mapping[str, int | None]) -> str | None:
    """Where the condition never holds, in words; None where it always does somewhere."""
    if node.condition is None or any(not isinstance(n, PLAIN) for n in walk(node.condition)):
        return None
    letters = [n.name for n in walk(node.condition) if isinstance(n, tree.Name)]
    free = [i for i in dict.fromkeys(letters) if i not in node.letters]
    shape = [sizes.get(i) for i in (*free, *node.letters)]
    known = [s for s in shape if s is not None]
    if len(known) < len(shape) or math.prod(known) > LARGEST:
        return None
    grid = dict(zip((*free, *node.letters), np.indices(known).astype(float), strict=True))
    holds = np.broadcast_to(_value(node.condition, grid, sizes), known)
    some = holds.any(axis=tuple(range(len(free), len(known))))
    if some.all():
        return None
    first = np.argwhere(~some)[0]
    return "".join(
        f"{',' if k else ' at'} {i} = {int(at)}"
        for k, (i, at) in enumerate(zip(free, first, strict=True))
    )


def _value(
    node: tree.Expr | tree.Condition, grid: Grid, sizes: Mapping[str, int | None]
) -> np.ndarray:
    match node:
        case tree.Number(value):
            return np.asarray(float(value))
        case tree.Name(name):
            return grid[name]
        case tree.SizeOf(name):
            return np.asarray(float(sizes[name] or 0))
        case tree.Negative(body):
            return -_value(body, grid, sizes)
        case tree.Binary(op, left, right) | tree.Compare(op, left, right):
            return OPERATIONS[op](_value(left, grid, sizes), _value(right, grid, sizes))
        case tree.Logical(op, parts):
            result = _value(parts[0], grid, sizes)
            for part in parts[1:]:
                result = OPERATIONS[op](result, _value(part, grid, sizes))
            return result
    raise AssertionError(node)
