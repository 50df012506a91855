"""Sums: of summands, some left out or with the wrong sign; over letters, not taken or taken otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import sympy as sp

from symbp.calculus.expression import (
    Entry,
    Letter,
    MeanOver,
    Size,
    SumOver,
)
from symbp.calculus.index import base, fresh, substitute
from symbp.calculus.unary import Apply
from symbp.judge.mutations_right import Edit, Right, has_adjoint
from symbp.judge.mutations_sites import Site


def additions(right: Right, site: Site) -> Iterator[Edit]:
    """Summands left out, or with the other sign."""
    for term in site.expr.args:
        rest = site.expr - term
        flipped = site.put(rest - term)
        yield Edit("sign", flipped, 1, site, term, -term)
        if isinstance(site.parent, Apply):
            yield Edit("missing_term", site.put(rest), 1, site, term, site.parent)
            continue
        if not has_adjoint(term):
            yield Edit("replaced_factor", site.put(rest), 2, site, site.expr, rest)
            continue
        yield Edit(right.path_kind(term), site.put(rest), 0, site, term)
        if len(site.expr.args) > 2:
            yield Edit(right.path_kind(rest), site.put(term), 1, site, rest)


def reductions(right: Right, site: Site) -> Iterator[Edit]:
    """Letters that are not summed over, or in another way."""
    node = site.expr
    for count in range(1, min(len(node.letters), 3) + 1):
        for chosen in combinations(node.letters, count):
            rest = tuple(i for i in node.letters if i not in chosen)
            for ends in (dict.fromkeys(chosen, sp.S.Zero), {i: Size(i) - 1 for i in chosen}):
                body = substitute(node.body, ends)
                one = node.func(body, *rest) if rest else body
                yield Edit("missing_sum", site.put(one), 2, site, node, one)
    for index in node.letters:
        size = Size(index)
        rest = tuple(i for i in node.letters if i != index)
        if isinstance(node, MeanOver):
            kind = "batch_scale" if right.is_batch(index) else "scale"
            yield Edit(kind, site.put(node * size), 1, site, 1 / size)
        yield from _diagonal(right, site, index, rest)
        yield from _matrix(right, site, index, rest)
        if isinstance(node, SumOver):
            kind, rank = ("batch_scale", 1) if right.is_batch(index) else ("scale", 2)
            yield Edit(kind, site.put(node / size), rank, site, None, 1 / size)


def _diagonal(right: Right, site: Site, index: Letter, rest: tuple[Letter, ...]) -> Iterator[Edit]:
    """The sum over one entry's neighbours as that entry alone."""
    free = sorted(right.target.free_symbols - set(site.bound), key=str)
    for own in free:
        if right.axis(own) == right.axis(index):
            body = substitute(site.expr.body, {index: own})
            one = site.expr.func(body, *rest) if rest else body
            yield Edit("softmax_elementwise", site.put(one), 0, site, site.expr, one)


def _matrix(right: Right, site: Site, index: Letter, rest: tuple[Letter, ...]) -> Iterator[Edit]:
    """A square matrix of a product left out, or twice."""
    node = site.expr
    factors = sp.Mul.make_args(node.body)
    for own in sorted(right.target.free_symbols - set(site.bound), key=str):
        for factor in factors:
            square = isinstance(factor, Entry) and {own, index} <= set(factor.indices)
            if not square or right.unit.sizes.get(base(own), 0) != right.unit.size_of(index):
                continue
            others = sp.Mul(*(f for f in factors if f != factor))
            if own in others.free_symbols or has_adjoint(factor):
                continue
            without = substitute(others, {index: own})
            one = node.func(without, *rest) if rest else without
            yield Edit("missing_factor", site.put(one), 1, site, factor)
            new = fresh(own, node.body.free_symbols | {own})
            first = substitute(factor, {index: new})
            inner = node.func(substitute(factor, {own: new}) * others, *node.letters)
            twice = SumOver(first * inner, new)
            yield Edit("extra_factor", site.put(twice), 1, site, None, factor)
