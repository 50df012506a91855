"""Formulas written with fewer passes over their arrays: nested polynomials, and constants that join
other constants.

``k (z + c z^3)`` is ``z (k + k c z^2)``: three multiplications of arrays less. Condition: a constant goes
into a sum only where every term of it has a constant already, so that no term gets one more.
"""

from __future__ import annotations

import sympy as sp

from symbp.calculus.expression import Entry, entries, rebuild


def folded(expr: sp.Expr) -> sp.Expr:
    """The same value, with fewer operations on arrays."""
    if not expr.args or isinstance(expr, Entry):
        return expr
    expr = rebuild(expr, [folded(a) if isinstance(a, sp.Expr) else a for a in expr.args])
    if expr.is_Add:
        return nested(expr)
    if expr.is_Mul:
        return joined(expr)
    return expr


def nested(expr: sp.Expr) -> sp.Expr:
    """A polynomial in one entry after Horner, where that saves a power."""
    variables = list(dict.fromkeys(entries(expr)))
    if len(variables) != 1:
        return expr
    (z,) = variables
    terms = [t.as_independent(z) for t in expr.args]
    powers = {}
    for factor, rest in terms:
        base, exponent = rest.as_base_exp()
        if not factor.is_number or (rest != 1 and base != z) or not exponent.is_Integer:
            return expr
        powers[int(exponent) if rest != 1 else 0] = factor
    least = min(powers)
    if least < 1 or len(powers) < 2 or max(powers) > 4:
        return expr
    inner = sp.Add(*(f * z ** (k - least) for k, f in powers.items()))
    return sp.Mul(z**least, inner, evaluate=False)


def joined(expr: sp.Expr) -> sp.Expr:
    """A constant factor inside the one sum whose terms all have constants."""
    numbers = [a for a in expr.args if a.is_number]
    factor = sp.Mul(*numbers)
    if factor in (1, -1):
        return expr
    others = [a for a in expr.args if not a.is_number]
    flat = [b for a in others for b in (a.args if a.is_Mul else (a,))]
    for k, sum_ in enumerate(flat):
        if sum_.is_Add and all(_has_number(t) for t in sum_.args):
            moved = sp.Add(*(factor * t for t in sum_.args))
            return sp.Mul(*flat[:k], moved, *flat[k + 1 :], evaluate=False)
    return expr


def _has_number(term: sp.Expr) -> bool:
    """Whether a term is a number, or is multiplied by one anyway."""
    factor = sp.Mul(*(a for a in sp.Mul.make_args(term) if a.is_number))
    return bool(term.is_number or factor not in (1, -1))
