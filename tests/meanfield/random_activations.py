"""Random activations, as text for symbp and as functions for mpmath, which knows nothing of symbp."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import mpmath

Function = Callable[[mpmath.mpf], mpmath.mpf]


@dataclass(frozen=True)
class Drawn:
    """A formula in x, and the same as a function."""

    text: str
    phi: Function


def sigmoid(x: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-x))


UNARY: dict[str, Function] = {
    "tanh": mpmath.tanh, "sin": mpmath.sin, "cos": mpmath.cos, "erf": mpmath.erf, "abs": abs,
    "atan": mpmath.atan, "sigmoid": sigmoid, "relu": lambda x: max(x, mpmath.mpf(0)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)), "silu": lambda x: x * sigmoid(x),
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
}  # fmt: skip


def drawn(seed: int) -> Drawn:
    """An activation that is defined for every x and grows no faster than a polynomial."""
    choose = random.Random(seed)
    while True:
        found = _node(choose, 3)
        if "x" in found.text.replace("max", "").replace("exp", ""):
            return found


def _node(choose: random.Random, depth: int) -> Drawn:
    if depth == 0:
        return _leaf(choose)
    kind = choose.choice(("call", "call", "sum", "product", "maximum", "where", "quotient"))
    a = _node(choose, depth - 1)
    if kind == "call":
        name = choose.choice(sorted(UNARY))
        return Drawn(f"{name}({a.text})", lambda x: UNARY[name](a.phi(x)))
    b = _node(choose, choose.randrange(depth))
    if kind == "sum":
        return Drawn(f"({a.text} + {b.text})", lambda x: a.phi(x) + b.phi(x))
    if kind == "product":
        return Drawn(f"{a.text}*tanh({b.text})", lambda x: a.phi(x) * mpmath.tanh(b.phi(x)))
    if kind == "maximum":
        return Drawn(f"maximum({a.text}, {b.text})", lambda x: max(a.phi(x), b.phi(x)))
    if kind == "quotient":
        return Drawn(f"{a.text}/(1 + ({b.text})**2)", lambda x: a.phi(x) / (1 + b.phi(x) ** 2))
    edge = choose.randint(-8, 8)
    text = f"where(x > {edge}/4, {a.text}, {b.text})"
    return Drawn(text, lambda x: a.phi(x) if 4 * x > edge else b.phi(x))


def _leaf(choose: random.Random) -> Drawn:
    scale, shift = choose.randint(1, 12), choose.randint(-6, 6)
    if choose.random() < 0.15:
        return Drawn(f"{scale}/4", lambda x: mpmath.mpf(scale) / 4)
    text = f"({scale}/4*x {'-' if shift < 0 else '+'} {abs(shift)}/4)"
    return Drawn(text, lambda x: (scale * x + shift) / mpmath.mpf(4))
