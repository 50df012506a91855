"""A gradient of another shape: what was done to the right one."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from symbp.judge.diagnose_findings import close
from symbp.judge.evaluate import Array


def of_shape(value: Array | None, right: Array) -> str:
    """``transpose``, ``missing_sum`` or ``extra_sum`` where that explains the shape, else ``shape``.

    A matrix product whose shapes do not fit has no value: a factor is not transposed, or the factors
    stand in another order.
    """
    if value is None:
        return "transpose"
    if value.ndim == right.ndim > 1 and close(value, right.T):
        return "transpose"
    if _sums(value, right):
        return "missing_sum"
    return "extra_sum" if _sums(right, value) else "shape"


def _sums(value: Array, total: Array) -> bool:
    """Whether the total is the sum of the value over some of its axes, kept with length one or not."""
    for count in range(1, value.ndim + 1):
        for axes in combinations(range(value.ndim), count):
            for keep in (False, True):
                if close(np.sum(value, axis=axes, keepdims=keep), total):
                    return True
    return False
