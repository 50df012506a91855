"""The mistakes that people make in one right side: factors, sums, signs, arguments, transposes.

Nothing here knows a layer: every mistake is a change of the derived expression itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import sympy as sp

from symbp.calculus.equation import ADJOINT, Unit
from symbp.calculus.expression import (
    Entry,
    Iverson,
    Letter,
    MeanOver,
    Reduction,
    Size,
    SumOver,
    entries,
)
from symbp.calculus.functions import A, derivative
from symbp.calculus.index import base, fresh, map_entries, substitute
from symbp.calculus.unary import Apply, Prime
from symbp.judge.mutations_sites import Site, sites


@dataclass(frozen=True, eq=False)
class Edit:
    """``rhs`` is the right side with a mistake of this ``kind``.

    ``site`` is where, in the right side as it should be, ``term`` stands that is missing or replaced, and
    ``wrong`` is what stands there instead, or too much. The lower the ``rank``, the likelier.
    """

    kind: str
    rhs: sp.Expr
    rank: int = 1
    site: Site | None = None
    term: sp.Expr | None = None
    wrong: sp.Expr | None = None


Elsewhere = Mapping[str, tuple[str, ...]]  # tensors of the network that a local one is taken for


class Edits:
    """All edits of one equation's right side, with a target whose letters stay free."""

    def __init__(
        self,
        unit: Unit,
        target: Entry,
        rhs: sp.Expr,
        elsewhere: Elsewhere | None = None,
        raw: bool = False,
    ) -> None:
        self.unit = unit
        self.raw = raw  # a contribution as the chain rule gives it
        self.elsewhere = elsewhere or {}
        self.target = target
        self.rhs = rhs
        self.back = frozenset(ADJOINT + n for k in unit.links for n in (k.back, k.name))
        self.related = _related(unit)

    def all(self) -> list[Edit]:
        """Each changed right side once, as the likeliest of the mistakes that lead to it."""
        found: dict[sp.Expr, Edit] = {}
        for edit in self._all():
            known = found.get(edit.rhs)
            if edit.rhs != self.rhs and (known is None or edit.rank < known.rank):
                found[edit.rhs] = edit
        return sorted(found.values(), key=lambda e: e.rank)

    def _all(self) -> Iterator[Edit]:
        yield from self.whole()
        for site in sites(self.rhs):
            expr = site.expr
            if expr.is_Mul:
                yield from self.product(site)
            elif expr.is_Add:
                yield from self.addition(site)
            elif isinstance(expr, Reduction):
                yield from self.reduction(site)
            elif isinstance(expr, Entry):
                yield from self.entry(site)
            elif isinstance(expr, Apply):
                yield from self.function(site)
            elif expr.is_Pow:
                yield from self.power(site)
            elif isinstance(expr, Iverson):
                yield from self.condition(site)
        yield from self.everywhere()

    # -- the whole right side -------------------------------------------------------------------

    def whole(self) -> Iterator[Edit]:
        root = next(sites(self.rhs))
        yield Edit("sign", -self.rhs, 1, root, self.rhs)
        for index in self.letters():
            size = Size(index)
            kind, rank = ("batch_scale", 1) if self.is_batch(index) else ("scale", 3)
            yield Edit(kind, self.rhs / size, rank, None, None, 1 / size)
            if self.is_batch(index):
                yield Edit(kind, self.rhs * size, 1, None, None, size)
        for a, b in combinations(sorted(self.target.free_symbols, key=str), 2):
            if self.unit.sizes.get(base(a), 0) == self.unit.sizes.get(base(b), 1):
                turned = substitute(self.rhs, {a: b, b: a})
                yield Edit("transpose", turned, 1, root, self.rhs)
        window = sorted(self.target.free_symbols & self.windows(), key=str)
        if window and self.target.name.lstrip(ADJOINT) in self.unit.parameters:
            turned = substitute(self.rhs, {i: Size(i) - 1 - i for i in window})
            yield Edit("transpose", turned, 1, root, self.rhs)
        for index in sorted(self.target.free_symbols, key=str):
            new = fresh(index, self.rhs.free_symbols)
            body = substitute(self.rhs, {index: new})
            yield Edit("extra_sum", SumOver(body, new), 2, root, self.rhs, SumOver(body, new))

    def letters(self) -> list[Letter]:
        """One letter for each axis of the equation, bound ones too."""
        bound = {i for s in sites(self.rhs) for i in s.bound}
        found: dict[str, Letter] = {}
        for index in sorted(self.rhs.free_symbols | bound | self.target.free_symbols, key=str):
            found.setdefault(self.axis(index), index)
        return list(found.values())

    def axis(self, index: Letter) -> str:
        family = base(index)
        return self.unit.axes.get(family, family)

    def is_batch(self, index: Letter) -> bool:
        return self.unit.sizes.get(base(index), 0) is None

    # -- products -------------------------------------------------------------------------------

    def product(self, site: Site) -> Iterator[Edit]:
        factors = written_factors(site.expr)
        for k, factor in enumerate(factors):
            rest = sp.Mul(*(f for m, f in enumerate(factors) if m != k))
            yield self.dropped(site, factor, rest)
            if factor.is_number:
                continue
            if self.size_in(factor) is not None:
                yield Edit(self.scale_kind(factor), site.put(site.expr * factor), 3, site,
                           None, factor)  # fmt: skip
            elif not has_adjoint(factor):
                twice = site.put(rest * factor * factor)
                yield Edit("extra_factor", twice, 1, site, None, factor)
            if factor.is_Pow and factor.exp.could_extract_minus_sign():
                turned = site.put(rest / factor)
                yield Edit("replaced_factor", turned, 3, site, factor, 1 / factor)
        yield from self.local(site, factors)
        yield from self.numbers(site, factors)
        yield from self.several_dropped(site, factors)
        yield from self.sizes_dropped(site, factors)
        yield from self.distributed(site, factors)

    def local(self, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
        """The whole local derivative left out, or the function itself in its place."""
        above = [f for f in factors if has_adjoint(f)]
        if len(above) != 1 or len(factors) < 2 or not isinstance(above[0], Entry):
            return
        rest = sp.Mul(*(f for f in factors if f != above[0]))
        if rest.is_number or not any(True for _ in entries(rest)):
            return
        weight = isinstance(rest, Entry) and rest.name in self.unit.parameters
        yield Edit("missing_factor", site.put(above[0]), int(weight), site, rest)
        name = above[0].name.removeprefix(ADJOINT)
        if name in self.unit.letters and not rest.has(Reduction) and not site.bound:
            value = Entry(name, *above[0].indices)
            yield Edit("replaced_factor", site.put(above[0] * value), 1, site, rest, value)

    def numbers(self, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
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

    def sizes_dropped(self, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
        sizes = [f for f in factors if self.size_in(f) is not None]
        if len(sizes) > 1:
            rest = sp.Mul(*(f for f in factors if f not in sizes))
            yield Edit("batch_scale", site.put(rest), 1, site, sp.Mul(*sizes))

    def distributed(self, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
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

    def dropped(self, site: Site, factor: sp.Expr, rest: sp.Expr) -> Edit:
        if factor == -1:
            return Edit("sign", site.put(rest), 1, site, site.expr)
        kind, rank = "missing_factor", 0
        if factor.is_number and self.raw:  # the 1/2 and the 2 of a square
            kind, rank = "scale", 1
        elif self.size_in(factor) is not None:
            kind = self.scale_kind(factor, "missing_factor")
        elif has_adjoint(factor):
            rank = 3
        elif isinstance(factor, Entry) and factor.name in self.unit.parameters:
            rank = 1
        return Edit(kind, site.put(rest), rank, site, factor)

    def several_dropped(self, site: Site, factors: list[sp.Expr]) -> Iterator[Edit]:
        """A local derivative may be a product itself."""
        own = [f for f in factors if varies(f)]
        for count in range(2, min(len(own), 4) + 1):
            for chosen in combinations(own, count):
                rest = sp.Mul(*(f for f in factors if f not in chosen))
                term = sp.Mul(*chosen)
                yield Edit("missing_factor", site.put(rest), 1, site, term)
                yield Edit("extra_factor", site.put(site.expr * term), 1, site, None, term)

    def size_in(self, factor: sp.Expr) -> Letter | None:
        """The letter of a factor 1/N or N."""
        inner = factor.base if factor.is_Pow else factor
        return inner.letter if isinstance(inner, Size) else None

    def scale_kind(self, factor: sp.Expr, other: str = "extra_factor") -> str:
        """1/N is the batch's; 1/T is a constant like any other; a root of a size is a factor."""
        index = self.size_in(factor)
        if index is None:
            return other
        if self.is_batch(index):
            return "batch_scale"
        return "scale" if factor == 1 / Size(index) else other

    # -- sums of terms --------------------------------------------------------------------------

    def addition(self, site: Site) -> Iterator[Edit]:
        for term in site.expr.args:
            rest = site.expr - term
            flipped = site.put(rest - term)
            yield Edit("sign", flipped, 1, site, term, -term)
            if not has_adjoint(term):
                yield Edit("replaced_factor", site.put(rest), 2, site, site.expr, rest)
                continue
            yield Edit(self.path_kind(term), site.put(rest), 0, site, term)
            if len(site.expr.args) > 2:
                yield Edit(self.path_kind(rest), site.put(term), 1, site, rest)

    def path_kind(self, term: sp.Expr) -> str:
        """What comes from the next step of a recurrence, or goes to the one before."""
        names = {self.target.name, *(r.name for r in entries(term))}
        return "truncated" if names & self.back else "missing_path"

    # -- reductions -----------------------------------------------------------------------------

    def reduction(self, site: Site) -> Iterator[Edit]:
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
                kind = "batch_scale" if self.is_batch(index) else "scale"
                yield Edit(kind, site.put(node * size), 1, site, 1 / size)
            yield from self.diagonal(site, index, rest)
            yield from self.matrix(site, index, rest)
            if isinstance(node, SumOver):
                kind, rank = ("batch_scale", 1) if self.is_batch(index) else ("scale", 2)
                yield Edit(kind, site.put(node / size), rank, site, None, 1 / size)

    def diagonal(self, site: Site, index: Letter, rest: tuple[Letter, ...]) -> Iterator[Edit]:
        """The sum over one entry's neighbours as that entry alone."""
        free = sorted(self.target.free_symbols - set(site.bound), key=str)
        for own in free:
            if self.axis(own) == self.axis(index):
                body = substitute(site.expr.body, {index: own})
                one = site.expr.func(body, *rest) if rest else body
                yield Edit("softmax_elementwise", site.put(one), 0, site, site.expr, one)

    def matrix(self, site: Site, index: Letter, rest: tuple[Letter, ...]) -> Iterator[Edit]:
        """A square matrix of a product left out, or twice."""
        node = site.expr
        factors = sp.Mul.make_args(node.body)
        for own in sorted(self.target.free_symbols - set(site.bound), key=str):
            for factor in factors:
                square = isinstance(factor, Entry) and {own, index} <= set(factor.indices)
                if not square or self.unit.sizes.get(base(own), 0) != self.unit.size_of(index):
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

    # -- leaves ---------------------------------------------------------------------------------

    def entry(self, site: Site) -> Iterator[Edit]:
        read = site.expr
        if read.name.startswith(ADJOINT):
            yield from self.adjoint(site)
            return
        for name in self.peers(read.name):
            rank = 1 if name in self.related.get(read.name, ()) else 2
            other = Entry(name, *read.indices)
            factor = self.factor_between(read, other)
            if factor is not None:
                yield Edit("missing_factor", site.put(other), 1, None, factor)
                continue
            factor = self.factor_between(other, read)
            if factor is not None:
                yield Edit("extra_factor", site.put(other), 1, None, None, factor)
                continue
            yield Edit("replaced_factor", site.put(other), rank, site, read, other)
        for name in self.elsewhere.get(read.name, ()):
            other = Entry(name, *read.indices)
            yield Edit("replaced_factor", site.put(other), 2, site, read, other)
        for turned in self.turned(read):
            yield Edit("transpose", site.put(turned), 1, site, read, turned)

    def adjoint(self, site: Site) -> Iterator[Edit]:
        """Another adjoint of the unit, or the same one turned."""
        read = site.expr
        for turned in self.turned(read):
            yield Edit("transpose", site.put(turned), 1, site, read, turned)
        for name in self.peers(read.name.removeprefix(ADJOINT)):
            other = Entry(ADJOINT + name, *read.indices)
            yield Edit("replaced_factor", site.put(other), 3, site, read, other)

    def factor_between(self, product: Entry, factor: Entry) -> sp.Expr | None:
        """What a tensor is multiplied with where another one is defined as their product."""
        definition = self.unit.definition(product.name)
        if definition is None or not definition.rhs.is_Mul or not definition.target.plain:
            return None
        own = dict(zip(definition.target.indices, product.indices, strict=True))
        factors = [substitute(f, own) for f in definition.rhs.args]
        if factor not in factors:
            return None
        return sp.Mul(*(f for f in factors if f != factor))

    def peers(self, name: str) -> list[str]:
        """Other tensors of the unit with the same shape, adjoints left out."""
        letters = self.unit.letters
        shape = [self.unit.sizes.get(base(i)) for i in letters.get(name, ())]
        hidden = {k.back for k in self.unit.links}
        return [
            other
            for other, own in sorted(letters.items())
            if other not in hidden
            and other != name
            and self.axis_of(other) == self.axis_of(name)
            and [self.unit.sizes.get(base(i)) for i in own] == shape
        ]

    def axis_of(self, name: str) -> int:
        return len(self.unit.letters.get(name, ()))

    def turned(self, read: Entry) -> Iterator[Entry]:
        """Two axes of one length exchanged; the letters of a window from the last to the first."""
        indices = list(read.indices)
        for a, b in combinations(range(len(indices)), 2):
            x, y = indices[a], indices[b]
            if x.is_Symbol and y.is_Symbol and self.unit.size_of(x) == self.unit.size_of(y):
                swapped = list(indices)
                swapped[a], swapped[b] = y, x
                yield read.at(*swapped)
        window = [i for i in indices if i.is_Symbol and i in self.windows()]
        if window and read.name in self.unit.parameters:
            yield read.at(*(Size(i) - 1 - i if i in window else i for i in indices))

    def windows(self) -> frozenset[Letter]:
        """Letters that stand in a sum with another one as an index."""
        found: set[Letter] = set()
        for side in (self.target, self.rhs):
            for read in entries(side):
                for index in read.indices:
                    if index.is_Add and len(index.free_symbols) > 1:
                        found |= index.free_symbols
        return frozenset(found)

    def function(self, site: Site) -> Iterator[Edit]:
        node = site.expr
        argument = node.argument
        if isinstance(node, Prime):
            plain = Apply(node.args[0], argument)
            yield Edit("replaced_factor", site.put(plain), 1, site, node, plain)
            if isinstance(argument, Entry):
                for name in self.peers(argument.name):
                    other = Prime(node.args[0], Entry(name, *argument.indices))
                    rank = 1 if name in self.related.get(argument.name, ()) else 2
                    yield Edit("replaced_factor", site.put(other), rank, site, node, other)
            yield from self.slope(site)
        else:
            slope = Prime(node.args[0], argument)
            yield Edit("replaced_factor", site.put(slope), 2, site, node, slope)
            yield Edit("replaced_factor", site.put(argument), 1, site, node, argument)

    def slope(self, site: Site) -> Iterator[Edit]:
        """What goes wrong in a derivative that is written in the function's own value, a (1 - a)."""
        node = site.expr
        known = derivative(self.unit.functions[node.function])
        if not known.in_value:
            return
        value = Apply(node.args[0], node.argument)
        inner = Edits(self.unit, Entry("#a"), known.result.xreplace({A: Entry("#a")}))
        for edit in inner.all():
            back = {Entry("#a"): value}
            term, wrong = (e if e is None else e.xreplace(back) for e in (edit.term, edit.wrong))
            rhs = site.put(edit.rhs.xreplace(back))
            yield Edit(edit.kind, rhs, edit.rank, None, term, wrong)

    def power(self, site: Site) -> Iterator[Edit]:
        below, above = site.expr.args
        if not above.is_number or isinstance(site.expr, sp.exp) or isinstance(below, Size):
            return
        nearer = [above - 1] if above > 1 else [above + 1] if above < -1 else []
        for exponent in (*nearer, -above, 2 * above):
            other = below**exponent
            yield Edit("replaced_factor", site.put(other), 3, site, site.expr, other)

    def condition(self, site: Site) -> Iterator[Edit]:
        """1 and 0 as 1 and -1, and the other way round."""
        for other in (2 * site.expr - 1, 1 - site.expr):
            yield Edit("replaced_factor", site.put(other), 2, site, site.expr, other)

    def everywhere(self) -> Iterator[Edit]:
        """One tensor for another in all places, as z (1 - z) for h (1 - h)."""
        reads = [r for r in entries(self.rhs) if not r.name.startswith(ADJOINT)]
        for name in dict.fromkeys(r.name for r in reads if len(r.indices)):
            if sum(r.name == name for r in reads) < 2:
                continue
            for other in self.peers(name):
                rank = 1 if other in self.related.get(name, ()) else 2
                rhs = map_entries(self.rhs, name, lambda e, o=other: Entry(o, *e.indices))  # type: ignore[misc]
                first = next(s for s in sites(self.rhs) if _reads(s.expr, name))
                term = Entry(name, *self.unit.letters[name])
                wrong = Entry(other, *self.unit.letters[name])
                yield Edit("replaced_factor", rhs, rank, first, term, wrong)


def written_factors(product: sp.Expr) -> list[sp.Expr]:
    """The factors as people write them: (1 - a) for (a - 1), with the sign in front."""
    found, sign = [], sp.S.One
    for factor in product.args:
        if factor.is_Add and factor.as_coeff_Add()[0].is_negative:
            factor, sign = -factor, -sign
        if factor.is_Rational and factor < 0:
            factor, sign = -factor, -sign
        if factor != 1:
            found.append(factor)
    return [*([sign] if sign != 1 else []), *found]


def varies(factor: sp.Expr) -> bool:
    """Whether a factor is a local one: no number, no size, no adjoint."""
    reads = any(True for _ in entries(factor))
    return (reads or bool(factor.free_symbols)) and not has_adjoint(factor)


def has_adjoint(expr: sp.Expr) -> bool:
    return any(r.name.startswith(ADJOINT) for r in entries(expr))


def _reads(expr: sp.Expr, name: str) -> bool:
    return isinstance(expr, Entry) and expr.name == name


def _related(unit: Unit) -> dict[str, set[str]]:
    """Which tensors are computed from each other by one equation: an activation and what it is of."""
    found: dict[str, set[str]] = {}
    for equation in unit.equations:
        for read in entries(equation.rhs):
            found.setdefault(equation.name, set()).add(read.name)
            found.setdefault(read.name, set()).add(equation.name)
    return found
