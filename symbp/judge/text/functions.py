"""The functions of formulas and their derivatives: those of the network from its own formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import sympy as sp

from symbp.calculus.expression import Letter, letter
from symbp.calculus.functions import U, derivative
from symbp.calculus.interpreter import Grid
from symbp.calculus.values import body_of
from symbp.judge.text.values import Array
from symbp.language.parser import parse
from symbp.layers.activations import ACTIVATIONS
from symbp.network.template import named_bodies

FORMULAS: Mapping[str, str] = {
    "exp": "exp(x)", "log": "log(x)", "sqrt": "sqrt(x)", "abs": "abs(x)", "cos": "cos(x)",
    "sinh": "sinh(x)", "cosh": "cosh(x)", "square": "x**2", "reciprocal": "1/x",
    "log1p": "log(1 + x)", "expm1": "exp(x) - 1", "identity": "x", "sign": "sign(x)",
    "sech": "1/cosh(x)",
}  # fmt: skip


@cache
def _body(name: str) -> sp.Expr | None:
    """A function's formula in u, nothing in it named."""
    known = ACTIVATIONS.get(name)
    text = known.formula if known else FORMULAS.get(name)
    tree = parse(text).elementwise if text else None
    return body_of(tree, U) if tree is not None else None


@cache
def _derived(name: str, primes: int) -> sp.Expr | None:
    body = _body(name)
    for _ in range(primes):
        body = None if body is None else derivative(body).raw
    return body


def is_function(name: str) -> bool:
    """Whether it works on each number by itself."""
    return name in ACTIVATIONS or name in FORMULAS


def apply(name: str, primes: int, values: Array) -> Array:
    """The function, or a derivative of it, at every entry."""
    body = _derived(name, primes)
    assert body is not None
    return at(body, values)


def at(body: sp.Expr, values: Array) -> Array:
    """A formula in u at every entry of an array."""
    letters: tuple[Letter, ...] = tuple(letter(f"i{k}") for k in range(values.ndim))
    sizes = dict(zip(letters, values.shape, strict=True))
    grid = Grid(letters, sizes.__getitem__, {}, named_bodies(), values)
    return np.array(grid.value(body))


def step(values: Array) -> Array:
    return (values > 0).astype(float)


def softmax(values: Array, axis: int) -> Array:
    e = np.exp(values - values.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


COMPARISONS: Mapping[str, Callable[..., Array]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
