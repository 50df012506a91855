"""A right side in which somebody may go wrong, and what a mistake in it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import sympy as sp

from symbp.calculus.equation import ADJOINT, Equation, Unit
from symbp.calculus.expression import Entry, Letter, Size, entries
from symbp.calculus.index import base, substitute
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_sites import Site, sites


@dataclass(frozen=True, eq=False)
class Summand:
    """A ``term`` of the ``equation`` of another layer, left out: ``wrong`` is what becomes of a tensor
    without it, ``shown`` what the tensor is a function of."""

    owner: Part
    equation: Equation
    term: sp.Expr
    wrong: sp.Expr
    shown: sp.Expr


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """By local names: tensors of the network that one is ``like``, and what it is ``without`` something."""

    like: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[Summand, ...]] = field(default_factory=dict)


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
    summand: Summand | None = None  # of another layer, where that is what is missing in the term


@dataclass(frozen=True, eq=False)
class Right:
    """The right side of an equation of a unit, with what can be taken for what.

    ``elsewhere`` are tensors of other units; ``raw`` is a contribution as the chain rule gives it.
    """

    unit: Unit
    target: Entry
    rhs: sp.Expr
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    raw: bool = False

    @cached_property
    def back(self) -> frozenset[str]:
        """Adjoints that go from step to step."""
        return frozenset(ADJOINT + n for k in self.unit.links for n in (k.back, k.name))

    @cached_property
    def related(self) -> Mapping[str, set[str]]:
        """Which tensors are computed from each other by one equation: an activation and what it is of."""
        found: dict[str, set[str]] = {}
        for equation in self.unit.equations:
            for read in entries(equation.rhs):
                found.setdefault(equation.name, set()).add(read.name)
                found.setdefault(read.name, set()).add(equation.name)
        return found

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

    def path_kind(self, term: sp.Expr) -> str:
        """What comes from the next step of a recurrence, or goes to the one before."""
        names = {self.target.name, *(r.name for r in entries(term))}
        return "truncated" if names & self.back else "missing_path"

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
            and len(own) == len(shape)
            and [self.unit.sizes.get(base(i)) for i in own] == shape
        ]

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
