"""What expressions do entry by entry, as functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from symbp.calculus.expression import Compare, Iverson, Logical, Stop, Where
from symbp.calculus.interpreter import COMPARISONS, FUNCTIONS

Tensors = Mapping[str, Any]
Run = Callable[[Tensors], Any]


def operation(expr: sp.Basic, runs: list[Run]) -> Run:
    """The function that works entry by entry on values with the same axes."""
    first, *rest = runs
    if isinstance(expr, (Compare, Logical)):
        compare = COMPARISONS[expr.op]
        if len(rest) == 1:
            return lambda t: compare(first(t), rest[0](t))
        return lambda t: compare.reduce([r(t) for r in runs])  # type: ignore[attr-defined]
    if isinstance(expr, Where):
        return lambda t: np.where(first(t), rest[0](t), rest[1](t))
    if isinstance(expr, (Iverson, Stop)):
        return lambda t: np.asarray(first(t)).astype(float)
    if expr.is_Add:
        return reduce(lambda x, y: lambda t: x(t) + y(t), rest, first)
    if expr.is_Mul:
        return reduce(lambda x, y: lambda t: x(t) * y(t), rest, first)
    if expr.is_Pow and not isinstance(expr, sp.exp):
        return _power(expr.args[1], first, rest[0])
    function = FUNCTIONS[expr.func]
    return lambda t: function(first(t))


def _power(exponent: sp.Expr, x: Run, y: Run) -> Run:
    if exponent == -1:
        return lambda t: 1 / x(t)
    if exponent == 2:
        return lambda t: np.square(x(t))
    if exponent == sp.Rational(1, 2):
        return lambda t: np.sqrt(x(t))
    return lambda t: np.float_power(x(t), y(t))
