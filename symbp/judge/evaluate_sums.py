"""Sums of products of arrays: by ``einsum``, or as matrix products where there is much to add."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from symbp.calculus.expression import Letter

LARGE = 20_000  # products; above, a matrix product is faster


def contraction(
    axes: list[tuple[Letter, ...]], kept: tuple[Letter, ...]
) -> Callable[[list[Any]], Any]:
    """The sum of a product over all letters but those that are kept."""
    number = {i: k for k, i in enumerate(dict.fromkeys(i for own in axes for i in own))}
    subscripts = [[number[i] for i in own] for own in axes]
    result = [number[i] for i in kept]
    product = matrix_product(axes, kept)

    def run(operands: list[Any]) -> Any:
        sizes: dict[int, int] = {}
        for own, operand in zip(subscripts, operands, strict=True):
            sizes.update(zip(own, np.shape(operand), strict=True))
        large = math.prod(sizes.values()) > LARGE
        if large and product is not None:
            return product(*operands)
        pairs = [x for pair in zip(operands, subscripts, strict=True) for x in pair]
        return np.einsum(*pairs, result, optimize=large)

    return run


def matrix_product(
    axes: list[tuple[Letter, ...]], kept: tuple[Letter, ...]
) -> Callable[[Any, Any], Any] | None:
    """A sum of products of two as a (stacked) matrix product; None where it is more, or less."""
    if len(axes) != 2:
        return None
    first, second = axes
    batch = [i for i in first if i in second and i in kept]
    inner = [i for i in first if i in second and i not in kept]
    left = [i for i in first if i not in second]
    right = [i for i in second if i not in first]
    if not inner or not set(left + right) <= set(kept):
        return None
    one = [first.index(i) for i in (*batch, *left, *inner)]
    two = [second.index(i) for i in (*batch, *inner, *right)]
    order = [[*batch, *left, *right].index(i) for i in kept]
    stacked, rows, over = len(batch), len(left), len(inner)

    def run(a: Any, b: Any) -> Any:
        a, b = a.transpose(one), b.transpose(two)
        front, middle, behind = (
            a.shape[:stacked],
            a.shape[stacked : stacked + rows],
            b.shape[stacked + over :],
        )
        size = math.prod(a.shape[stacked + rows :])
        total = a.reshape(*front, -1, size) @ b.reshape(*front, size, -1)
        return total.reshape(*front, *middle, *behind).transpose(order)

    return run
