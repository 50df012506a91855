"""Named functions of one number as trees, in a form that gives no NaN where it overflows."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp

from symbp.arrays.lower import lower_value
from symbp.arrays.nodes import (
    Call,
    Condition,
    Const,
    Lin,
    Node,
    Power,
    Prod,
    Ref,
    Select,
    children,
)
from symbp.calculus.expression import Entry, Letter
from symbp.calculus.functions import U
from symbp.calculus.stabilise import stable_function
from symbp.fast.places import Unplanned
from symbp.fast.reads import SizeOf
from symbp.network.template import named_bodies
from symbp.printers.base import BATCH, CAST, fill
from symbp.printers.numpy import UFUNCS, NumPy

COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
FAR = (-1e4, -800.0, -745.0, -710.0, -40.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 40.0, 710.0, 745.0, 1e4)


@cache
def body(name: str, axes: tuple[Letter, ...]) -> Node:
    """The function's tree over a tensor ``u`` with these axes. Raises Unplanned where it has none."""
    plain = named_bodies().get(name)
    if plain is None:
        raise Unplanned(f"the function {name}")
    chosen = plain if is_safe(name) else stable_function(plain)
    return lower_value(chosen.xreplace({U: Entry("u", *axes)}), {"u": 0})


@cache
def is_safe(name: str) -> bool:
    """Whether the function as it is defined gives the same as its stable form, also far out, where an
    exponential overflows to infinity."""
    plain = named_bodies()[name]
    points = np.array(FAR)
    a, b = (values(form, points) for form in (plain, stable_function(plain)))
    return bool(np.isfinite(a).all()) and bool(np.allclose(a, b, rtol=1e-14, atol=1e-300))


def values(form: sp.Expr, points: np.ndarray) -> np.ndarray:
    """A function of one number at some points, as floating point gives it."""
    with np.errstate(all="ignore"):
        return _at(_tree(form), points)


def _tree(form: sp.Expr) -> Node:
    return lower_value(form.xreplace({U: Entry("u")}), {"u": 0})


def _at(node: Node, u: np.ndarray) -> np.ndarray:
    """The value of a tree over one tensor, as floating point gives it."""
    below = [_at(x, u) for x in children(node)]
    match node:
        case Ref():
            return u
        case Const(value=value):
            return np.full_like(u, float(value))
        case Lin(terms=terms):
            return sum((s * v for (s, _), v in zip(terms, below, strict=True)), np.zeros_like(u))
        case Prod(coefficient=coefficient, over=over):
            top = np.prod([np.full_like(u, float(coefficient)), *below[: len(over)]], axis=0)
            return top / np.prod([np.ones_like(u), *below[len(over) :]], axis=0)
        case Power(exponent=exponent):
            return below[0] ** float(exponent)
        case Call(function=function) if function in UFUNCS:
            return getattr(np, UFUNCS[function].removeprefix("np."))(*below)
        case Select():
            return np.where(below[0] != 0, below[1], below[2])
        case Condition(op=op) if op in COMPARE:
            return COMPARE[op](*below).astype(float)
    return np.full_like(u, np.nan)


def _name(name: str, *_: object) -> str:
    return "" if name == CAST else name


def constant_code(node: Node, size_of: SizeOf) -> str:
    """What no tensor decides, as NumPy code."""
    text = NumPy(size_of).text(node)
    return fill(text, lambda name, *_: "B" if name == BATCH else _name(name))
