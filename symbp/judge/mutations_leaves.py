"""What expressions are made of: another tensor, function, exponent or condition in its place."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import (
    Entry,
    Size,
    entries,
)
from symbp.calculus.index import map_entries, substitute
from symbp.calculus.unary import Apply, Prime
from symbp.judge.mutations_right import Edit, Right
from symbp.judge.mutations_sites import Site, sites


def reads(right: Right, site: Site) -> Iterator[Edit]:
    """Another tensor in the place of one, or the same turned."""
    read = site.expr
    if read.name.startswith(ADJOINT):
        yield from _adjoint(right, site)
        return
    for name in right.peers(read.name):
        rank = 1 if name in right.related.get(read.name, ()) else 2
        other = Entry(name, *read.indices)
        factor = right.factor_between(read, other)
        if factor is not None:
            yield Edit("missing_factor", site.put(other), 1, None, factor)
            continue
        factor = right.factor_between(other, read)
        if factor is not None:
            yield Edit("extra_factor", site.put(other), 1, None, None, factor)
            continue
        yield Edit("replaced_factor", site.put(other), rank, site, read, other)
    for name in right.elsewhere.like.get(read.name, ()):
        other = Entry(name, *read.indices)
        yield Edit("replaced_factor", site.put(other), 2, site, read, other)
    for turned in right.turned(read):
        yield Edit("transpose", site.put(turned), 1, site, read, turned)
    yield from _shortened(right, site)


def _shortened(right: Right, site: Site) -> Iterator[Edit]:
    """A tensor from another layer with one of the summands left out that made it."""
    read, inside = site.expr, isinstance(site.parent, Apply)
    for summand in right.elsewhere.without.get(read.name, ()):
        places = dict(zip(right.unit.letters[read.name], read.indices, strict=True))
        new, shown = (substitute(e, places) for e in (summand.wrong, summand.shown))
        shown = site.parent if inside else shown
        rank = 1 if inside else 2
        yield Edit("missing_term", site.put(new), rank, site, read, shown, summand)


def _adjoint(right: Right, site: Site) -> Iterator[Edit]:
    """Another adjoint of the unit, or the same one turned."""
    read = site.expr
    for turned in right.turned(read):
        yield Edit("transpose", site.put(turned), 1, site, read, turned)
    for name in right.peers(read.name.removeprefix(ADJOINT)):
        other = Entry(ADJOINT + name, *read.indices)
        yield Edit("replaced_factor", site.put(other), 3, site, read, other)


def functions(right: Right, site: Site) -> Iterator[Edit]:
    """A function for its derivative, and the derivative at another place."""
    node = site.expr
    argument = node.argument
    if isinstance(node, Prime):
        plain = Apply(node.args[0], argument)
        yield Edit("replaced_factor", site.put(plain), 1, site, node, plain)
        if isinstance(argument, Entry):
            for name in right.peers(argument.name):
                other = Prime(node.args[0], Entry(name, *argument.indices))
                rank = 1 if name in right.related.get(argument.name, ()) else 2
                yield Edit("replaced_factor", site.put(other), rank, site, node, other)
    else:
        slope = Prime(node.args[0], argument)
        yield Edit("replaced_factor", site.put(slope), 2, site, node, slope)
        yield Edit("replaced_factor", site.put(argument), 1, site, node, argument)


def powers(right: Right, site: Site) -> Iterator[Edit]:
    """Another exponent."""
    below, above = site.expr.args
    if not above.is_number or isinstance(site.expr, sp.exp) or isinstance(below, Size):
        return
    nearer = [above - 1] if above > 1 else [above + 1] if above < -1 else []
    for exponent in (*nearer, -above, 2 * above):
        other = below**exponent
        yield Edit("replaced_factor", site.put(other), 3, site, site.expr, other)


def conditions(right: Right, site: Site) -> Iterator[Edit]:
    """1 and 0 as 1 and -1, and the other way round."""
    for other in (2 * site.expr - 1, 1 - site.expr):
        yield Edit("replaced_factor", site.put(other), 2, site, site.expr, other)


def everywhere(right: Right) -> Iterator[Edit]:
    """One tensor for another in all places, as z (1 - z) for h (1 - h)."""
    reads = [r for r in entries(right.rhs) if not r.name.startswith(ADJOINT)]
    for name in dict.fromkeys(r.name for r in reads if len(r.indices)):
        if sum(r.name == name for r in reads) < 2:
            continue
        for other in right.peers(name):
            rank = 1 if other in right.related.get(name, ()) else 2
            rhs = map_entries(right.rhs, name, lambda e, o=other: Entry(o, *e.indices))  # type: ignore[misc]
            first = next(s for s in sites(right.rhs) if _is_read(s.expr, name))
            term = Entry(name, *right.unit.letters[name])
            wrong = Entry(other, *right.unit.letters[name])
            yield Edit("replaced_factor", rhs, rank, first, term, wrong)


def _is_read(expr: sp.Expr, name: str) -> bool:
    return isinstance(expr, Entry) and expr.name == name
