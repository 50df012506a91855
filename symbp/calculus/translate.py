"""From the parse trees of a formula to equations, in order of evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from symbp.calculus.axes import canonical_letters, united
from symbp.calculus.delay import in_order, with_links
from symbp.calculus.equation import Equation, Link
from symbp.calculus.expression import Entry, Letter, SumOver
from symbp.calculus.index import base
from symbp.calculus.padding import Borders, paddings
from symbp.calculus.surroundings import Formulas, Surroundings
from symbp.calculus.values import WHOLE, Values
from symbp.language import tree


@dataclass(frozen=True)
class Translated:
    equations: tuple[Equation, ...]
    parts: frozenset[str]
    cuts: frozenset[str]
    axes: Mapping[str, str]
    letters: Mapping[str, tuple[Letter, ...]]
    sizes: Mapping[str, int | None]  # of letters that the formula does not name
    fills: Mapping[str, sp.Expr]  # of tensors with a border: what stands where nothing is written
    links: tuple[Link, ...]


def translate(
    equations: tuple[tree.Equation, ...], around: Surroundings, formulas: Formulas
) -> Translated:
    """Equations with expanded ellipses -> SymPy equations in order of evaluation.

    Raises InputError for what is not derived.
    """
    return _Translator(around, formulas).run(equations)


class _Translator(Values):
    def run(self, equations: tuple[tree.Equation, ...]) -> Translated:
        self.defined = {e.name for e in equations}
        self.parts.taken |= self.defined
        self.axes, bare = united(equations)
        self.borders = self.find_borders(equations, bare)
        for equation in equations:
            self.line, self.current = equation.line, equation.name
            target = self.target(equation)
            self.order = sorted(target.free_symbols, key=_position(target))
            rhs = self.value(equation.rhs, WHOLE)
            self.out.append(self.summed(Equation(target, rhs), equation.accumulate))
        self.out[:] = in_order(self.out, self.delays.finished())
        own = canonical_letters(self.out, self.borders.letters, self.axes, self.letters, self.whole)
        links = self.delays.finished()
        names = {name for link in links for name in (link.name, link.back, *link.starts) if name}
        return Translated(
            tuple(self.out),
            frozenset(self.parts.letters) | frozenset(self.borders.letters) | names,
            frozenset(self.cuts),
            dict(self.axes),
            with_links(own, links),
            self.borders.sizes,
            self.borders.fills,
            links,
        )

    def target(self, equation: tree.Equation) -> Entry:
        """What an equation defines; what stands before the first step has a name of its own."""
        places = [self.index(p) for p in equation.positions]
        shape = self.around.shapes.get(equation.name, ())
        own = self.around.recurrences.get(equation.name)
        size = shape[own.axes[equation.name]] if own else None
        start = self.delays.start(equation, size or 0)
        if start is None:
            return Entry(equation.name, *places)
        name, axis = start
        self.defined.add(name)
        self.current = name
        return Entry(name, *places[:axis], *places[axis + 1 :])

    def whole(self, read: Entry) -> bool:
        """Whether the letters of a read run over all of a tensor, as far as its shape is known."""
        shape = self.around.shapes.get(read.name)
        sizes = {**self.around.sizes, **self.borders.sizes}
        return shape is None or shape == tuple(sizes.get(base(i)) for i in read.indices)

    def summed(self, equation: Equation, accumulate: bool) -> Equation:
        """``y[n] += x[n,c]`` adds up what it leaves open."""
        target = equation.target
        rest = sorted(equation.rhs.free_symbols - target.free_symbols, key=lambda i: i.name)
        if not accumulate or not rest:
            return equation
        return Equation(target, SumOver(equation.rhs, *rest))

    def find_borders(
        self, equations: tuple[tree.Equation, ...], bare: dict[tuple[str, int], str]
    ) -> Borders:
        """The borders that the equations read across; ``bare`` as :func:`united` finds it."""
        around = self.around
        for equation in equations:  # one by one, so that an error knows its line
            self.line = equation.line
            try:
                paddings((equation,), around.sizes, around.shapes)
            except ValueError as error:
                raise self.not_yet(str(error)) from None
            except TypeError as error:
                raise self.wrong(str(error)) from None
        found = paddings(equations, around.sizes, around.shapes)
        return Borders(found, around.sizes, around.shapes, bare)


def _position(target: Entry) -> Callable[[Letter], tuple[int, str]]:
    def key(index: Letter) -> tuple[int, str]:
        for place, position in enumerate(target.indices):
            if index in position.free_symbols:
                return place, index.name
        return len(target.indices), index.name

    return key
