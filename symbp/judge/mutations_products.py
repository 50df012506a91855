"""Factors of a product: left out, doubled, turned around, or of another size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import (
    Entry,
    Reduction,
    entries,
)
from symbp.judge.mutations_right import Edit, Right, has_adjoint, varies, written_factors
from symbp.judge.mutations_sites import Site


def products(right: Right, site: Site) -> Iterator[Edit]:
    """Factors of one product."""
    factors = written_factors(site.expr)
    for k, factor in enumerate(factors):
        rest = sp.Mul(*(f for m, f in enumerate(factors) if m != k))
        yield _dropped(right, site, factor, rest)
        if factor.is_number:
            continue
        if right.size_in(factor) is not None:
            yield Edit(right.scale_kind(factor), site.put(site.expr * factor), 3, site,
                       None, factor)  # fmt: skip
        elif not has_adjoint(factor):
            twice = site.put(rest * factor * factor)
            yield Edit("extra_factor", twice, 1, site, None, factor)
        if factor.is_Pow and factor.exp.could_extract_minus_sign():
            turned = site.put(rest / factor)
            yield Edit("replaced_factor", turned, 3, site, factor, 1 / factor)
    yield from _local(right, site, factors)
    yield from _numbers(right, site, factors)
    yield from _several(right, site, factors)
    yield from _sizes(right, site, factors)
    yield from _distributed(right, site, factors)


def _dropped(right: Right, site: Site, factor: sp.Expr, rest: sp.Expr) -> Edit:
    if factor == -1:
        return Edit("sign", site.put(rest), 1, site, site.expr)
    kind, rank = "missing_factor", 0
    if factor.is_number and right.raw:  # the 1/2 and the 2 of a square
        kind, rank = "scale", 1
    elif right.size_in(factor) is not None:
        kind = right.scale_kind(factor, "missing_factor")
    elif has_adjoint(factor):
        rank = 3
    elif isinstance(factor, Entry) and factor.name in right.unit.parameters:
        rank = 1
    return Edit(kind, site.put(rest), rank, site, factor)


def _local(right: Right, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
    """The whole local derivative left out, or the function itself in its place."""
    above = [f for f in factors if has_adjoint(f)]
    if len(above) != 1 or len(factors) < 2 or not isinstance(above[0], Entry):
        return
    rest = sp.Mul(*(f for f in factors if f != above[0]))
    if rest.is_number or not any(True for _ in entries(rest)):
        return
    weight = isinstance(rest, Entry) and rest.name in right.unit.parameters
    yield Edit("missing_factor", site.put(above[0]), int(weight), site, rest)
    name = above[0].name.removeprefix(ADJOINT)
    if name in right.unit.letters and not rest.has(Reduction) and not site.bound:
        value = Entry(name, *above[0].indices)
        yield Edit("replaced_factor", site.put(above[0] * value), 1, site, rest, value)


def _numbers(right: Right, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
    """A constant left out as a whole, or the 2 and the 3 that a power leaves in front."""
    constants = [f for f in factors if f.is_number and f != -1]
    rest = sp.Mul(*(f for f in factors if f not in constants))
    if len(constants) > 1:
        yield Edit("missing_factor", site.put(rest), 1, site, sp.Mul(*constants))
    for power in (2, 3):
        if any(True for _ in entries(rest)):
            divided = site.put(site.expr / power)
            kind = "missing_factor" if site.deep else "scale"
            yield Edit(kind, divided, 3, site, sp.Integer(power))


def _several(right: Right, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
    """A local derivative may be a product itself."""
    own = [f for f in factors if varies(f)]
    for count in range(2, min(len(own), 4) + 1):
        for chosen in combinations(own, count):
            rest = sp.Mul(*(f for f in factors if f not in chosen))
            term = sp.Mul(*chosen)
            yield Edit("missing_factor", site.put(rest), 1, site, term)
            yield Edit("extra_factor", site.put(site.expr * term), 1, site, None, term)


def _sizes(right: Right, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
    sizes = [f for f in factors if right.size_in(f) is not None]
    if len(sizes) > 1:
        rest = sp.Mul(*(f for f in factors if f not in sizes))
        yield Edit("batch_scale", site.put(rest), 1, site, sp.Mul(*sizes))


def _distributed(right: Right, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
    """A factor left out of one summand, where a common one was taken out of a sum."""
    for total in (f for f in factors if f.is_Add and any(t.is_Mul for t in f.args)):
        rest = [f for f in factors if f != total]
        for term in total.args:
            others = sp.Mul(*rest) * (total - term)
            parts = [*rest, *sp.Mul.make_args(term)]
            for k, factor in enumerate(parts):
                if not varies(factor):
                    continue
                left = sp.Mul(*(f for m, f in enumerate(parts) if m != k))
                yield Edit("missing_factor", site.put(others + left), 1, None, factor)
                more = sp.Mul(*parts, factor)
                yield Edit("extra_factor", site.put(others + more), 2, None, None, factor)
