"""The mistakes that people make in one right side: factors, sums, signs, arguments, transposes.

Nothing here knows a layer: every mistake is a change of the derived expression itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import (
    Entry,
    Iverson,
    Reduction,
    Size,
    SumOver,
)
from symbp.calculus.functions import A, derivative
from symbp.calculus.index import base, fresh, substitute
from symbp.calculus.unary import Apply, Prime
from symbp.judge.mutations_leaves import conditions, everywhere, functions, powers, reads
from symbp.judge.mutations_products import products
from symbp.judge.mutations_right import Edit, Right
from symbp.judge.mutations_sites import Site, sites
from symbp.judge.mutations_sums import additions, reductions


def edits(right: Right) -> list[Edit]:
    """Each changed right side once, as the likeliest of the mistakes that lead to it."""
    found: dict[sp.Expr, Edit] = {}
    for edit in _edits(right):
        known = found.get(edit.rhs)
        if edit.rhs != right.rhs and (known is None or edit.rank < known.rank):
            found[edit.rhs] = edit
    return sorted(found.values(), key=lambda e: e.rank)


def _edits(right: Right) -> Iterator[Edit]:
    yield from _whole(right)
    for site in sites(right.rhs):
        expr = site.expr
        if expr.is_Mul:
            yield from products(right, site)
        elif expr.is_Add:
            yield from additions(right, site)
        elif isinstance(expr, Reduction):
            yield from reductions(right, site)
        elif isinstance(expr, Entry):
            yield from reads(right, site)
        elif isinstance(expr, Apply):
            yield from functions(right, site)
            yield from _slope(right, site)
        elif expr.is_Pow:
            yield from powers(right, site)
        elif isinstance(expr, Iverson):
            yield from conditions(right, site)
    yield from everywhere(right)


def _whole(right: Right) -> Iterator[Edit]:
    root = next(sites(right.rhs))
    yield Edit("sign", -right.rhs, 1, root, right.rhs)
    for index in right.letters():
        size = Size(index)
        kind, rank = ("batch_scale", 1) if right.is_batch(index) else ("scale", 3)
        yield Edit(kind, right.rhs / size, rank, None, None, 1 / size)
        if right.is_batch(index):
            yield Edit(kind, right.rhs * size, 1, None, None, size)
    for a, b in combinations(sorted(right.target.free_symbols, key=str), 2):
        if right.unit.sizes.get(base(a), 0) == right.unit.sizes.get(base(b), 1):
            turned = substitute(right.rhs, {a: b, b: a})
            yield Edit("transpose", turned, 1, root, right.rhs)
    window = sorted(right.target.free_symbols & right.windows(), key=str)
    if window and right.target.name.lstrip(ADJOINT) in right.unit.parameters:
        turned = substitute(right.rhs, {i: Size(i) - 1 - i for i in window})
        yield Edit("transpose", turned, 1, root, right.rhs)
    for index in sorted(right.target.free_symbols, key=str):
        new = fresh(index, right.rhs.free_symbols)
        body = substitute(right.rhs, {index: new})
        yield Edit("extra_sum", SumOver(body, new), 2, root, right.rhs, SumOver(body, new))


def _slope(right: Right, site: Site) -> Iterator[Edit]:
    """What goes wrong in a derivative that is written in the function's own value, a (1 - a)."""
    node = site.expr
    if not isinstance(node, Prime):
        return
    known = derivative(right.unit.functions[node.function])
    if not known.in_value:
        return
    value = Apply(node.args[0], node.argument)
    inner = Right(right.unit, Entry("#a"), known.result.xreplace({A: Entry("#a")}))
    for edit in edits(inner):
        back = {Entry("#a"): value}
        term, wrong = (e if e is None else e.xreplace(back) for e in (edit.term, edit.wrong))
        rhs = site.put(edit.rhs.xreplace(back))
        yield Edit(edit.kind, rhs, edit.rank, None, term, wrong)
