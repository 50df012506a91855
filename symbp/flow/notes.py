"""The sentences below the table: what the factors of a network mean for its gradient."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from symbp.flow.bound import Term
from symbp.flow.factors import DIAGONAL, Factor
from symbp.flow.measure import Spread
from symbp.flow.product import Products
from symbp.flow.recurrence import Recurrence
from symbp.flow.search import ERROR
from symbp.flow.steepness import Steepness


def notes(products: Products, recurrent: Sequence[Recurrence]) -> tuple[str, ...]:
    """Slopes, the bound of a chain of single neurons, residual blocks, recurrences."""
    return (
        *_slopes(products),
        *_chain(products),
        *_blocks(products),
        *(line for r in recurrent for line in _through_time(r)),
    )


def _slopes(products: Products) -> list[str]:
    found: dict[str, Steepness] = {}
    for step in products.steps:
        for factor in (f for block in step.blocks for word in block for f in word):
            if factor.kind == DIAGONAL and factor.steepness is not None:
                found.setdefault(_slope(factor), factor.steepness)
    return [_largest(name, steep) for name, steep in found.items()]


def _slope(factor: Factor) -> str:
    inside = factor.text.plain.removeprefix("diag(").removesuffix(")")
    return f"{factor.function}'" if factor.function else inside


def _largest(name: str, steep: Steepness) -> str:
    if not steep.bounded:
        return f"|{name}| has no bound: one layer can make the gradient as large as it likes."
    how = "" if steep.exact is not None else f", searched for to {ERROR:g}"
    value = f"|{name}| is at most {steep.plain}{how}"
    if steep.exact is not None and not steep.exact.is_Rational:
        value += f" = {steep.exact}"
    if steep.number < 1:
        least = f"{1 / steep.number:.4g}"
        return (
            f"{value}: only a weight matrix of norm {least} or more can keep the gradient's size."
        )
    return f"{value}."


def _chain(products: Products) -> list[str]:
    """``|w| (|w|/4)^7``: what is left where a layer is one neuron and all weights have one size."""
    terms: list[Term] = []
    place = len(products.sites) - 1
    while place >= 0 and products.steps[place].above in products.places:
        bound = products.steps[place].bound
        if bound is None or any(len(block) > 1 for block in bound.blocks):
            return []
        terms += [term for (term,) in bound.blocks]
        place = products.places[products.steps[place].above]
    counts = Counter(_of_one(term) for term in terms if term.names)
    if sum(counts.values()) < 2:
        return []
    product = " ".join(_power(base, count) for base, count in sorted(counts.items()))
    first, last = products.sites[place], products.sites[-1]
    return [
        f"With one neuron a layer and weights of size |w|, |∂L/∂{last.tensor}| is at most {product} "
        f"|∂L/∂{first.tensor}|."
    ]


def _of_one(term: Term) -> str:
    """``|w|/4``"""
    exact = term.exact
    weights = " ".join(["|w|"] * len(term.names))
    if term.number == 1:
        return weights
    if exact is not None and exact.is_Rational and exact.p == 1:
        return f"{weights}/{exact.q}"
    return f"{term.number:.4g} {weights}"


def _power(base: str, count: int) -> str:
    if count == 1:
        return base if base == "|w|" else f"({base})"
    return f"{base}^{count}" if base == "|w|" else f"({base})^{count}"


def _blocks(products: Products) -> list[str]:
    if not any(step.around for step in products.steps):
        return []
    return [
        "Around a residual block two paths meet, I + J: the identity hands the gradient on as it is, so "
        "it does not vanish, however small J is."
    ]


def _through_time(found: Recurrence) -> list[str]:
    name = found.tensor
    lines = [
        f"Through time: {found.product.plain}; one step back multiplies ∂L/∂{name} with "
        f"{found.factor.plain}"
        + (f", whose norm is at most {found.bound.text.plain}." if found.bound else ".")
    ]
    known = [(t, s) for t, s in enumerate(found.norms) if s is not None and s.median > 0]
    if len(known) > 1:
        lines.append(_decay(name, known))
    return lines


def _decay(name: str, known: list[tuple[int, Spread]]) -> str:
    (first, early), (last, late) = known[0], known[-1]
    rate = (early.median / late.median) ** (1 / (last - first))
    return (
        f"Measured: |∂L/∂{name}[{last}]| = {late.median:.2g} at the last step, "
        f"|∂L/∂{name}[{first}]| = {early.median:.2g} at the first: times {rate:.2g} a step"
        + (
            f", a hundredth after {math.log(0.01) / math.log(rate):.0f} steps."
            if rate < 0.97
            else "."
        )
    )
