"""Rewriting must not change a value: every derivation is checked once, with numbers.

The raw contributions of the reverse walk and the rewritten adjoint equations are both evaluated by
the literal interpreter at a random point on a small grid, and must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from symbp.calculus.delay import STARTS
from symbp.calculus.derive import Derivation
from symbp.calculus.equation import Equation, Unit, adjoint_name
from symbp.calculus.expression import Entry, Letter, SumOver, entries
from symbp.calculus.index import base
from symbp.calculus.interpreter import Array, Grid, accumulate
from symbp.calculus.unary import Abs

BATCH = 3
SMALL = (4, 5, 2)  # sizes of the other axes, in turn
TOLERANCE = 1e-8  # of the largest sum of absolute contributions
DRAWS: tuple[Callable[..., Array], ...] = (
    lambda rng, shape: rng.standard_normal(shape),
    lambda rng, shape: rng.uniform(0.1, 0.9, shape),  # inside the domains of log, sqrt, asin
)


class GuardError(AssertionError):
    """A rewritten gradient differs from the raw one: a fault of symbp, never of the user."""


def guard(derivation: Derivation) -> None:
    """Raise GuardError, with both formulas, where rewriting changed a gradient.

    A second point is tried where the first lies outside the domain of a function.
    """
    laboratory = Laboratory(derivation.unit)
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        for draw in DRAWS:
            tensors = laboratory.forward(lambda shape, draw=draw: draw(rng, shape))  # type: ignore[misc]
            seed = rng.standard_normal(laboratory.shape(derivation.unit.output))
            tensors[adjoint_name(derivation.unit.output)] = seed
            for link in derivation.links:
                tensors[link.name] = rng.standard_normal(laboratory.shape(link.name))
            raw, scale = laboratory.raw(derivation, tensors)
            final = laboratory.final(derivation, tensors)
            for name, value in final.items():
                _compare(name, raw[name], scale[name], value, derivation)
            if all(np.isfinite(raw[name]).all() for name in final):
                return


def _compare(name: str, raw: Array, scale: float, final: Array, derivation: Derivation) -> None:
    """Where the raw value is a number, the rewritten one is the same number."""
    known = np.isfinite(raw)
    if np.isfinite(scale) and (np.abs(final - raw)[known] <= TOLERANCE * scale).all():
        return
    if not np.isfinite(scale) and np.allclose(final[known], raw[known], rtol=1e-6):
        return
    contributions = [c for c in derivation.contributions if adjoint_name(c.target.name) == name]
    before = "\n".join(f"  {c.target} += {' * '.join(map(str, c.factors))}" for c in contributions)
    found = next(a for a in derivation.adjoints if adjoint_name(a.name) == name)
    after = "\n".join(f"  {e.target} = {e.rhs}" for e in found.equations)
    raise GuardError(
        f"the rewritten gradient of {name} differs from the raw one; please report this network.\n"
        f"raw:\n{before}\nrewritten:\n{after}"
    )


@dataclass(frozen=True)
class Laboratory:
    """A unit with small sizes, in which its equations can be evaluated."""

    unit: Unit

    def size(self, index: Letter) -> int:
        return self.sizes[self._axis(base(index))]

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.size(i) for i in self.unit.letters[name.lstrip("∂")])

    def _axis(self, family: str) -> str:
        return self.axes.get(family, family)

    @cached_property
    def axes(self) -> Mapping[str, str]:
        """The axis of each letter family; a letter that reads a whole axis is of that axis."""
        axes = dict(self.unit.axes)
        for read in self.unit.reads:
            own = self.unit.letters.get(read.name.lstrip("∂"), ())
            for mine, index in zip(own, read.indices, strict=False):
                if index.is_Symbol and self.unit.size_of(mine) == self.unit.size_of(index):
                    here, there = (axes.setdefault(base(i), base(i)) for i in (index, mine))
                    axes = {family: there if a == here else a for family, a in axes.items()}
        return axes

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Of every axis; one that has no letter of its own is as long as its indices reach."""
        families = sorted({*self.unit.sizes, *(base(i) for i in self._letters())})
        axes = sorted({self._axis(f) for f in families})
        sizes = {axis: SMALL[k % len(SMALL)] for k, axis in enumerate(axes)}
        sizes |= {self._axis(f): BATCH for f in families if self.unit.sizes.get(f, 0) is None}
        reads = [r for e in self.unit.equations for r in (e.target, *entries(e.rhs))]
        composite = [
            (self._axis(base(own)), index)
            for read in reads
            for own, index in zip(self.unit.letters[read.name], read.indices, strict=True)
            if not index.is_Symbol or self._axis(base(index)) != self._axis(base(own))
        ]
        sizes |= {axis: 1 for axis, _ in composite}
        for _ in composite:  # a longer axis may make an index reach further
            for axis, index in composite:
                first, last = self._reach(index, sizes)
                if first < 0:  # the formula counts on its own sizes
                    return {self._axis(f): self.unit.sizes.get(f) or BATCH for f in families}
                room = SMALL[0] if any(True for _ in entries(index)) else 1
                sizes[axis] = max(sizes[axis], last + room)
        return sizes

    def _reach(self, index: sp.Expr, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The first and the last place of an index; what it reads from a tensor counts as 0."""
        plain = index.xreplace(dict.fromkeys(entries(index), sp.S.Zero))
        letters = tuple(sorted(plain.free_symbols, key=str))
        places = Grid(letters, lambda i: sizes[self._axis(base(i))], {}, {}).value(plain)
        return int(places.min()), int(places.max())

    def _letters(self) -> set[Letter]:
        bare = {i for letters in self.unit.letters.values() for i in letters}
        return bare.union(*(e.rhs.atoms(sp.Symbol) for e in self.unit.equations))

    # -- values ---------------------------------------------------------------------------------

    def forward(self, draw: Callable[[tuple[int, ...]], Array]) -> dict[str, Array]:
        """Random values for what the unit reads from outside, and all that follows from them."""
        made = {e.name for e in self.unit.equations}
        reads = {r.name for e in self.unit.equations for r in entries(e.rhs)}
        tensors = {name: np.asarray(draw(self.shape(name))) for name in sorted(reads - made)}
        for name in sorted(self.unit.integers - made):
            tensors[name] = self._places(name, tensors[name])
        for pattern, value in self.unit.given:
            tensors |= self._obeying(pattern, value, tensors)
        for equation in self.unit.equations:
            self.add(equation, tensors)
        return tensors

    def _places(self, name: str, values: Array) -> Array:
        """Whole numbers at which the axes that a tensor indexes can be read."""
        low, high = 0, 10**6
        for read in self.unit.reads:
            own = self.unit.letters[read.name.lstrip("∂")]
            for axis, index in zip(own, read.indices, strict=True):
                if any(r.name == name for r in entries(index)):
                    first, last = self._reach(index, self.sizes)
                    space = self.size(axis) - 1
                    minus = any(t.could_extract_minus_sign() for t in index.atoms(sp.Mul))
                    low, high = max(low, last - space if minus else -first), min(
                        high, first if minus else space - last
                    )  # fmt: skip
        ranks = values.ravel().argsort().argsort().reshape(values.shape)
        return low + ranks % (max(high, low) - low + 1)

    def _obeying(
        self, pattern: sp.Expr, value: sp.Expr, tensors: Mapping[str, Array]
    ) -> dict[str, Array]:
        """Values of a tensor whose sum over some of its letters is given."""
        if not isinstance(pattern, SumOver) or not isinstance(pattern.body, Entry):
            raise GuardError(f"no random values for the fact {pattern} = {value}")
        name = pattern.body.name
        over = tuple(pattern.body.indices.index(i) for i in pattern.letters)
        positive = np.abs(tensors[name])
        return {name: positive / positive.sum(axis=over, keepdims=True) * float(value)}

    def add(
        self,
        equation: Equation,
        tensors: dict[str, Array],
        letters: tuple[Letter, ...] | None = None,
    ) -> None:
        """``target += rhs`` over ``letters``, or over all free letters."""
        free = equation.target.free_symbols | equation.rhs.free_symbols
        over = tuple(sorted(free, key=str)) if letters is None else letters
        shape = self.shape(equation.name)
        fill = float(self.unit.fills.get(equation.name, 0))
        accumulate(equation, over, shape, tensors, self.size, self.unit.functions, fill)

    def raw(
        self, derivation: Derivation, forward: Mapping[str, Array]
    ) -> tuple[dict[str, Array], dict[str, float]]:
        """Every adjoint from its contributions alone, and the size of what was added up for it."""
        tensors = dict(forward)
        sizes: dict[str, Array] = {}
        backwards = dict.fromkeys(e.name for e in reversed(self.unit.equations))
        for source in [*(link.name for link in self.unit.links), *backwards]:
            for c in derivation.contributions:
                before = c.source == STARTS and c.target.name == source
                if c.source != source and not before:
                    continue
                target = Entry(adjoint_name(c.target.name), *c.target.indices)
                equation = Equation(target, sp.Mul(*c.factors, evaluate=False))
                self.add(equation, tensors, c.letters)
                alone = {k: v for k, v in tensors.items() if k != target.name}
                positive = sp.Mul(*map(Abs, c.factors), evaluate=False)
                self.add(Equation(target, positive), alone, c.letters)
                sizes[target.name] = sizes.get(target.name, 0) + alone[target.name]
        return tensors, {name: float(np.max(size)) for name, size in sizes.items()}

    def final(self, derivation: Derivation, forward: Mapping[str, Array]) -> dict[str, Array]:
        """Every adjoint from the rewritten equations, in their order."""
        tensors = dict(forward)
        for adjoint in derivation.adjoints:
            for equation in adjoint.equations:
                self.add(equation, tensors)
        return {adjoint_name(a.name): tensors[adjoint_name(a.name)] for a in derivation.adjoints}


__all__ = ["GuardError", "Laboratory", "guard"]
