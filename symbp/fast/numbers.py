"""Numbers as code: those known now, and those that the batch size or the learning rate decide."""

from __future__ import annotations

import math

import sympy as sp

from symbp.calculus.expression import Size
from symbp.fast.places import Unplanned
from symbp.fast.reads import SizeOf

RATE = sp.Symbol("rate", positive=True)
B = sp.Symbol("B", positive=True)


def number(value: sp.Expr, size_of: SizeOf) -> sp.Expr:
    """The value with its sizes as numbers, B where that is the batch size."""
    found = {s: B if size_of(s.letter) is None else sp.Integer(size_of(s.letter) or 0)
             for s in value.atoms(Size)}  # fmt: skip
    return value.xreplace(found)


def code(value: sp.Expr) -> str:
    """A number as code: ``0.5``, ``rate / B``."""
    if value in (sp.oo, -sp.oo):
        return "-np.inf" if value == -sp.oo else "np.inf"
    if value.is_number:
        return repr(_float(value))
    factor, rest = value.as_independent(B, RATE, as_Add=False)
    if factor.free_symbols or not factor.is_number:
        raise Unplanned(f"the number {value}")
    text = repr(_float(factor))
    for base, exponent in sorted(rest.as_powers_dict().items(), key=str):
        if base not in (B, RATE) or not exponent.is_Integer:
            raise Unplanned(f"the number {value}")
        text += f" {'*' if exponent > 0 else '/'} {base}" * abs(int(exponent))
    return text.removeprefix("1.0 * ")


def _float(value: sp.Expr) -> float:
    found = float(value.evalf(25))
    if math.isnan(found):
        raise Unplanned(f"the number {value}")
    return found
