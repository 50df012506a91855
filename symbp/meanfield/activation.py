"""What an activation is to the theory: an elementwise formula in x, its scalars at fixed values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from symbp.errors import InputError
from symbp.language.formula_names import mentioned, nodes
from symbp.language.names import FUNCTIONS, arity
from symbp.language.parser import parse
from symbp.language.tree import Call, Expr, Name, Pad, Read, Reduction, SizeOf
from symbp.language.wording import unknown
from symbp.layers.activations import ACTIVATIONS

Scalars = tuple[tuple[str, float], ...]
X = Name("x")


@dataclass(frozen=True)
class Activation:
    """``body`` is a tree in the bare name x; ``scalars`` are the values of its learnable scalars."""

    text: str
    body: Expr
    scalars: Scalars = ()


def read(text: str, scalars: Mapping[str, float] | None = None) -> Activation:
    """The activation of a name, of a function such as ``erf``, or of a formula in x.

    ``scalars`` gives the values of the names in the formula that are not x. Raises InputError for
    whatever is no elementwise formula, and for a scalar that has no value or is never used.
    """
    given = dict(scalars or {})
    text = text.strip()
    body = _body(text)
    names = mentioned(body)
    for name in names:
        if name != "x" and name not in given:
            raise InputError(
                f"{unknown('name {}', name, ['x', *sorted(given)])}; a learnable scalar needs its "
                f"value, {name}=1.0"
            )
    if "x" not in names:
        raise InputError(f"'{text}' does not depend on x; write a formula such as x*sigmoid(x)")
    for name, value in given.items():
        if name not in names or name == "x":
            raise InputError(f"{name} is no scalar of '{text}'; leave it out")
        if not math.isfinite(value):
            raise InputError(f"the scalar {name} must be a finite number, not {value}")
    return Activation(text, body, tuple(sorted((k, float(v)) for k, v in given.items())))


def _body(text: str) -> Expr:
    if text in ACTIVATIONS:
        return named(text)
    if text in FUNCTIONS and arity(text) == 1:
        return Call(text, (X,))
    if re.fullmatch(r"[A-Za-z]\w*", text) and text != "x":
        known = [*ACTIVATIONS, *(f for f in FUNCTIONS if arity(f) == 1 and f not in ACTIVATIONS)]
        raise InputError(f"{unknown('activation {}', text, known)}; or write a formula in x")
    body = parse(text).elementwise
    if body is None or any(isinstance(n, Read | Reduction | Pad | SizeOf) for n in nodes(body)):
        raise InputError(
            f"'{text}' is not elementwise; write a bare expression in x, such as x*sigmoid(x)"
        )
    return body


@cache
def named(name: str) -> Expr:
    """The formula of a built-in activation."""
    body = parse(ACTIVATIONS[name].formula).elementwise
    assert body is not None
    return body
