"""Products in the order of the chain rule: what SymPy's own multiplication would shuffle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from symbp.calculus.expression import Compare, Iverson, Where


@dataclass(frozen=True)
class Copies:
    """The sum of a product over the copies of a `repeat`, whose letter is ``letter``."""

    letter: str
    times: int
    product: Product


# A tuple among the factors is a sum of products: paths that meet.
Factor: TypeAlias = "sp.Expr | tuple[Product, ...] | Copies"
Product: TypeAlias = tuple["Factor", ...]
ZERO: Product = (sp.S.Zero,)


def meet(terms: list[Product]) -> Product:
    """A sum of products with the factors that all begin with in front; equal ones are counted."""
    counts = Counter(terms)
    terms = [t if k == 1 else (sp.Integer(k), *t) for t, k in counts.items()]
    if len(terms) == 1:
        return terms[0]
    common = 0
    while all(len(t) > common for t in terms) and len({str(t[common]) for t in terms}) == 1:
        common += 1
    rest = tuple(t[common:] for t in terms)
    return (*terms[0][:common], rest)


def count(product: Product) -> int:
    """How many factors stand in a product, those in brackets too."""
    total = 0
    for factor in product:
        if isinstance(factor, Copies):
            total += count(factor.product)
        else:
            total += sum(map(count, factor)) if isinstance(factor, tuple) else 1
    return total


def sign_in_front(product: Product) -> tuple[str, list[Factor]]:
    """Factors of minus one are gathered into one sign."""
    negative = False
    factors: list[Factor] = []
    for factor in product:
        if isinstance(factor, sp.Expr) and factor == -1:
            negative = not negative
        else:
            factors.append(factor)
    return "-" if negative else "", factors


def in_order(expr: sp.Expr) -> list[Factor]:
    """The factors of a worked-out derivative: a before 1 - a."""
    coefficient, rest = expr.as_coeff_Mul()
    factors = sorted(sp.Mul.make_args(rest), key=lambda f: (f.is_Add, str(f)))
    if coefficient == -1:
        for k, factor in enumerate(factors):
            if factor.is_Add:
                factors[k] = -factor
                return list(factors)
    return [*([coefficient] if coefficient != 1 else []), *factors]


def tidy(factors: Iterable[sp.Expr]) -> tuple[sp.Expr, ...]:
    """One number before the other factors, with the common number of a sum taken out:
    ``1/2 (2 y - 2 t)`` is ``y - t``."""
    number: sp.Expr = sp.S.One
    kept: list[sp.Expr] = []
    for factor in factors:
        for part in _without_zero(factor):
            content, rest = part.as_content_primitive() if part.is_Add else part.as_coeff_Mul()
            number *= content
            kept += [rest] if rest != 1 else []
    divided = [k for k, factor in enumerate(kept) if _divides(factor)]
    if number != 1 and divided:
        kept[divided[0]] *= number
        return tuple(kept)
    return tuple([number, *kept] if number != 1 else kept)


def _without_zero(factor: sp.Expr) -> list[sp.Expr]:
    """A choice between a value and zero as the value times a condition."""
    if isinstance(factor, Where) and isinstance(factor.args[0], Compare):
        condition, then, otherwise = factor.args
        if then == 0:
            return [otherwise, Iverson(condition.negated())]
        if otherwise == 0:
            return [then, Iverson(condition)]
    return [factor]


def fraction(factors: list[sp.Expr]) -> Product | None:
    """The factors as one fraction, where one of them is one over a sum; None where none is."""
    if len(factors) < 2 or not any(_divides(f) for f in factors):
        return None
    return _together(sp.Mul(*factors))


def one_fraction(terms: list[Product], runs: list[int]) -> tuple[Product, int] | None:
    """Terms that differ in their last factors alone (as many as ``runs`` says), with one fraction in
    place of these, and its length; None where nothing divides."""
    starts = [t[: len(t) - run] for t, run in zip(terms, runs, strict=True)]
    ends = [t[len(t) - run :] for t, run in zip(terms, runs, strict=True)]
    if len(terms) < 2 or any(start != starts[0] for start in starts):
        return None
    if not any(isinstance(f, sp.Expr) and _divides(f) for end in ends for f in end):
        return None
    joined = _together(sp.Add(*(sp.Mul(*end) for end in ends)))
    return starts[0] + joined, len(joined)


def _together(expr: sp.Expr) -> tuple[sp.Expr, ...]:
    over, under = sp.fraction(sp.together(expr))
    return tidy([over / under])


def _divides(expr: sp.Expr) -> bool:
    return any(f.is_Pow and f.exp == -1 and f.base.is_Add for f in sp.Mul.make_args(expr))
