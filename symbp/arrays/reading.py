"""Terms and factors as they are read: their order, and ``1 - a`` rather than ``-(a - 1)``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sympy as sp

from symbp.calculus.expression import Entry, SumOver, entries

Order = Mapping[str, int]  # tensor -> its place in products and sums


def factors(expr: sp.Expr, order: Order) -> tuple[sp.Rational, list[sp.Expr], list[sp.Expr]]:
    """Coefficient, numerator and denominator, each in the order of reading."""
    coefficient, rest = expr.as_coeff_Mul()
    if not coefficient.is_Rational:
        coefficient, rest = sp.S.One, expr
    over: list[sp.Expr] = []
    under: list[sp.Expr] = []
    for factor in sp.Mul.make_args(rest):
        if factor == 1:
            continue
        inverse = factor.is_Pow and factor.base != sp.E and factor.exp.could_extract_minus_sign()
        (under if inverse else over).append(1 / factor if inverse else factor)
    coefficient, over = _flip(coefficient, over)
    over, under = (sorted(part, key=lambda f: rank(f, order)) for part in (over, under))
    return coefficient, over, under


def term_order(term: sp.Expr, order: Order) -> tuple:
    """What is added before what is subtracted, 1 before and other constants behind the rest."""
    constant = not any(True for _ in entries(term))
    return (sign(term) < 0, constant and abs(term) != 1, not constant, rank(term, order))


def rank(expr: sp.Expr, order: Order) -> tuple:
    """Adjoints first, then tensors in the given order; simple before composite."""
    places = sorted(order.get(r.name, 90_000) for r in entries(expr))
    simple = isinstance(expr, (Entry, SumOver))
    first = places[0] if places else 200_000
    return (first, not simple, len(places), *_size(expr))


@lru_cache(maxsize=20_000)
def _size(expr: sp.Expr) -> tuple[int, str]:
    """Operations, and the text, to tell equals apart."""
    return expr.count_ops(), str(expr)


def sign(term: sp.Expr) -> int:
    """The sign that a term is printed with: ``-y*(s - 1)`` is printed as ``+ y*(1 - s)``."""
    coefficient, rest = term.as_coeff_Mul()
    coefficient, _ = _flip(coefficient, list(sp.Mul.make_args(rest)))
    return 1 if coefficient > 0 else -1


def _flip(coefficient: sp.Rational, factors: list[sp.Expr]) -> tuple[sp.Rational, list[sp.Expr]]:
    """``-(a - 1)`` reads ``1 - a``, ``(a - 1)*(b - 1)`` reads ``(1 - a)*(1 - b)``."""
    negative = bool(coefficient.could_extract_minus_sign())
    free = [k for k, f in enumerate(factors) if f.is_Add and _minuses(-f) <= _minuses(f)]
    turned = [k for k in free if _is_less_one(factors[k])]
    rest = [k for k in free if k not in turned]
    if len(turned) % 2 != negative:
        if rest:
            turned.append(rest[0])
        elif len(turned) == 1:
            turned = []
    factors = [-f if k in turned else f for k, f in enumerate(factors)]
    return (-coefficient if len(turned) % 2 else coefficient), _squares(factors)


def _is_less_one(factor: sp.Expr) -> bool:
    """Whether a sum is ``a - 1``."""
    return sp.S.NegativeOne in factor.args and _minuses(factor) == 1


def _squares(factors: list[sp.Expr]) -> list[sp.Expr]:
    """``(1 + a)*(1 - a)`` as ``1 - a**2``."""
    for k, first in enumerate(factors):
        for m in range(k + 1, len(factors)):
            if first.is_Add and first + factors[m] == 2:
                joined = 1 - (first - 1) ** 2
                return _squares([*factors[:k], joined, *factors[k + 1 : m], *factors[m + 1 :]])
    return factors


def _minuses(expr: sp.Add) -> int:
    return sum(t.could_extract_minus_sign() for t in expr.args)
