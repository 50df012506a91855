"""Numbers of an evaluated formula: scalars and matrices, with one axis in front for each open index."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
LARGEST = 2_000_000  # entries


class Misfit(Exception):
    """No value: ``kind`` is that of a Problem."""

    def __init__(self, reason: str, start: int = 0, kind: str = "shape") -> None:
        super().__init__(reason)
        self.reason, self.start, self.kind = reason, start, kind


@dataclass(frozen=True, eq=False)
class Value:
    """``data`` has an axis for each of ``labels``, then two if it is a ``matrix``, else none.

    ``ones`` marks a vector of any length, ``data`` in each entry: a "column" or a "row".
    """

    data: Array
    labels: tuple[str, ...] = ()
    matrix: bool = False
    ones: str = ""

    @property
    def core(self) -> tuple[int, ...]:
        """The shape of the matrix, () of a scalar."""
        return self.data.shape[len(self.labels) :]


def scalar(number: float) -> Value:
    return Value(np.array(number, dtype=float))


def show(value: Value) -> str:
    """``(4 x 3)``, as it is said in a message."""
    return f"({' x '.join(map(str, value.core))})" if value.matrix else "a number"


def _spread(value: Value, labels: tuple[str, ...], matrix: bool) -> Array:
    """The data with all of these axes; those that the value lacks have length one."""
    order = [value.labels.index(i) for i in labels if i in value.labels]
    rest = range(len(value.labels), value.data.ndim)
    data = value.data.transpose(*order, *rest)
    place = tuple(slice(None) if i in value.labels else None for i in labels)
    data = data[(*place, ...)] if labels else data
    return data[..., None, None] if matrix and not value.matrix else data


def spread(value: Value, labels: tuple[str, ...]) -> Value:
    """The value with these axes in this order; those that it lacks have length one."""
    return Value(_spread(value, labels, value.matrix), labels, value.matrix)


def _together(a: Value, b: Value) -> tuple[tuple[str, ...], bool, Array, Array]:
    labels = tuple(dict.fromkeys((*a.labels, *b.labels)))
    matrix = a.matrix or b.matrix
    left, right = _spread(a, labels, matrix), _spread(b, labels, matrix)
    for letter, m, n in zip(labels, left.shape, right.shape, strict=False):
        if m != n and 1 not in (m, n):
            raise Misfit(f"the index {letter} has {m} values in one factor and {n} in the other")
    return labels, matrix, left, right


def entrywise(operation: Callable[..., Array], a: Value, b: Value, what: str) -> Value:
    """Entry by entry; a row, a column or a number is repeated, as in NumPy. Raises Misfit."""
    labels, matrix, left, right = _together(a, b)
    if a.matrix and b.matrix:
        for m, n in zip(a.core, b.core, strict=True):
            if m != n and 1 not in (m, n):
                raise Misfit(f"the shapes {show(a)} and {show(b)} do not fit {what}")
    size = math.prod(max(m, n) for m, n in zip(left.shape, right.shape, strict=True))
    if size > LARGEST:
        raise Misfit("an intermediate result is too large", kind="number")
    return Value(operation(left, right), labels, matrix)


def matmul(a: Value, b: Value) -> Value:
    """The matrix product, or that with a number. Matrices of one shape whose product does not exist
    are multiplied entry by entry, as there is nothing else that could be meant. Raises Misfit."""
    if bool(a.ones) != bool(b.ones) and not (a.matrix or b.matrix or a.labels or b.labels):
        return Value(a.data * b.data, ones=a.ones or b.ones)  # 1/N of the vector
    if a.ones or b.ones:
        a, b = _measured(a, b)
    if not (a.matrix and b.matrix):
        return entrywise(np.multiply, a, b, "a product")
    if a.core[1] == b.core[0]:
        labels, _, left, right = _together(a, b)
        if left.size * right.shape[-1] > 100 * LARGEST:
            raise Misfit("an intermediate result is too large", kind="number")
        return Value(np.matmul(left, right), labels, True)
    if a.core == b.core or (1, 1) in (a.core, b.core):
        return entrywise(np.multiply, a, b, "a product")
    raise Misfit(f"the shapes {show(a)} and {show(b)} do not fit a matrix product")


def _measured(a: Value, b: Value) -> tuple[Value, Value]:
    """A vector of ones takes its length from the other factor."""
    if a.ones and b.ones:
        raise Misfit("the length of a vector of ones is told by nothing")
    if a.ones:
        length = b.core[0] if b.matrix and a.ones == "row" else 1
        shape = (1, length) if a.ones == "row" else (length, 1)
        return Value(a.data * np.ones(shape), (), True), b
    length = a.core[1] if a.matrix and b.ones == "column" else 1
    shape = (length, 1) if b.ones == "column" else (1, length)
    return a, Value(b.data * np.ones(shape), (), True)


def transpose(value: Value) -> Value:
    if value.ones:
        return Value(value.data, ones="row" if value.ones == "column" else "column")
    if not value.matrix:
        return value
    return Value(np.swapaxes(value.data, -1, -2), value.labels, True)


def over_label(value: Value, letter: str, mean: bool) -> Value:
    """Summed over an open index."""
    axis = value.labels.index(letter)
    data = value.data.mean(axis) if mean else value.data.sum(axis)
    return Value(data, tuple(i for i in value.labels if i != letter), value.matrix)


def over_axis(value: Value, axis: int | None, mean: bool) -> Value:
    """Summed over the rows (0), along the rows (1), or over both axes of a matrix (None)."""
    if not value.matrix:
        raise Misfit("there is nothing to sum over in a number")
    reduce = np.mean if mean else np.sum
    if axis is None:
        return Value(reduce(value.data, axis=(-2, -1)), value.labels)
    if axis not in (0, 1, -1, -2):
        raise Misfit(f"a matrix has no axis {axis}")
    place = axis - 2 if axis >= 0 else axis
    return Value(reduce(value.data, axis=place, keepdims=True), value.labels, True)


def outer(a: Value, b: Value) -> Value:
    """The product of a column and a row, whichever way the two vectors lie."""
    for value in (a, b):
        if value.matrix and 1 not in value.core:
            raise Misfit(f"an outer product takes two vectors, not {show(value)}")
    column = a if not a.matrix or a.core[1] == 1 else transpose(a)
    row = b if not b.matrix or b.core[0] == 1 else transpose(b)
    return matmul(column, row)


def diagonal(value: Value) -> Value:
    """The matrix with a vector on its diagonal."""
    if not value.matrix:
        return value
    if 1 not in value.core:
        raise Misfit(f"diag takes a vector, not {show(value)}; write one sample with its index")
    size = max(value.core)
    flat = value.data.reshape(*value.data.shape[:-2], size)
    return Value(flat[..., None] * np.eye(size), value.labels, True)
