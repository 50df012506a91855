"""An equation as finished text: code and formulas with slots for names, made once for each formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import sympy as sp

from symbp.arrays.border import Border, border
from symbp.arrays.expressions import Frame
from symbp.arrays.lower import Added, Lowered, lower
from symbp.arrays.nodes import Axes, Ref
from symbp.arrays.scan import Inside
from symbp.calculus.equation import ADJOINT, Equation, Unit
from symbp.calculus.expression import Letter, entries
from symbp.calculus.index import base
from symbp.calculus.rewrite import Adjoint
from symbp.calculus.stabilise import stable
from symbp.calculus.stable_logs import instead_of_logs
from symbp.layers.activations import ACTIVATIONS
from symbp.printers.base import ATOM, CAST, LOOP, SHARED, SUM, TERM, slots
from symbp.printers.dialect import Dialect, Latex, Plain
from symbp.printers.index import Index
from symbp.printers.marks import mark
from symbp.printers.matrix import matrix_equation
from symbp.printers.meaning import Meaning
from symbp.printers.numpy import NumPy
from symbp.printers.shared import Shared, shared, with_names
from symbp.printers.terms import Terms

LATEX_FUNCTIONS = {name: a.latex for name, a in ACTIVATIONS.items()}
PLAIN_FUNCTIONS = {name: a.plain for name, a in ACTIVATIONS.items() if a.plain}
Letters = tuple[str, ...]  # how the letters of the left side are written, where not as they are
Sides = tuple[str, str, int]  # left side, right side, how tightly the right side holds together


@dataclass(frozen=True, eq=False)
class Finished:
    """``equation`` is what is shown; ``runs`` is what is computed, where that is a stabler form.

    Where it ``marks`` its terms, they stand in code and LaTeX with slots for their keys: ``#%1``, .."""

    equation: Equation
    unit: Unit
    order: Mapping[str, int]
    runs: Equation | None = None
    adjoint: Adjoint | None = None  # how an adjoint equation came about
    inserted: Mapping[str, Adjoint] = field(default_factory=dict)  # adjoints written into it
    inside: Inside = field(default_factory=Inside)  # the loop in which its code stands
    marks: bool = False
    _formulas: dict[tuple[str, Dialect, Letters], Sides] = field(default_factory=dict)

    @cached_property
    def marked(self) -> Finished:
        """The same with its terms marked."""
        return replace(self, marks=True, _formulas={})

    @cached_property
    def terms(self) -> Terms:
        """What its formula is made of."""
        logs = instead_of_logs(self.equation.rhs, self.unit) if self.runs else {}
        return Terms(self.shown.whole, self.inside, logs)

    @cached_property
    def shown(self) -> Lowered:
        return lower(self.equation, Frame(self.order, covers=self.covers))

    @cached_property
    def lowered(self) -> Lowered:
        runs = self.runs or self.equation
        runs = Equation(runs.target, stable(runs.rhs))
        order = {**self.order, **{n: self.order.get(o, 0) for o, n in self.inside.rename.items()}}
        fixed = frozenset([self.inside.letter] if self.inside.letter else [])
        frame = Frame(order, fixed, self.covers_in_code, self.size_of)
        return lower(self.inside.apply(runs), frame)  # type: ignore[arg-type]

    @cached_property
    def printer(self) -> NumPy:
        return self.printer_in(())

    def printer_in(self, loops: Axes) -> NumPy:
        """The printer of what stands in loops of the code over these letters."""
        parameters = frozenset(ADJOINT + p for p in self.unit.parameters)
        made = NumPy(self.size_of, self.length, parameters)
        return made.marking(*self.terms.in_code(loops)) if self.marks else made

    @cached_property
    def target(self) -> str:
        """What the code assigns to: a whole array, or one step of it."""
        return self.printer.target(self.lowered.target, self.inside.letter)

    @property
    def defines(self) -> str:
        """The local name that the code assigns to."""
        return self.lowered.target.name

    @cached_property
    def code(self) -> tuple[str, int]:
        """The value that the target gets as a whole, empty where there is none, and its level."""
        if self.border:
            return self.printer.padded(self.border, self.unit.fills.get(self.equation.name)), ATOM
        tree = self.lowered.tree
        if tree is None:
            return "", SUM
        printer = with_names(self.printer, self.shared) if self.shared else self.printer
        if self.lowered.added:  # what the target is filled with already
            return printer.piece(tree)
        value = printer.value(self.lowered.target, tree)
        return mark(self.terms.whole if self.marks else "", value), printer.piece(tree)[1]

    @cached_property
    def shared(self) -> tuple[Shared, ...]:
        """What the code computes on lines of their own before it."""
        tree = self.lowered.tree
        return () if tree is None or self.border else shared(tree, self.printer)

    def shared_formula(self, value: Shared, dialect: Dialect) -> tuple[str, str]:
        """What such a line says: left side, right side."""
        lowered = Lowered(Ref(value.name, value.tree.axes, value.tree.axes), value.tree)
        functions = PLAIN_FUNCTIONS if isinstance(dialect, Plain) else LATEX_FUNCTIONS
        whole = matrix_equation(lowered, dialect, functions, self.size_of, self.unit.links)
        index = Index(dialect, functions, self.size_of, None, self.unit.links)
        return (whole or index.equation(lowered))[:2]

    @cached_property
    def additions(self) -> tuple[tuple[Added, str], ...]:
        """What is added to parts of the target, each a statement of code."""
        if self.border:
            return ()
        return tuple((a, self.printer_in(a.loops).addition(a)) for a in self.lowered.added)

    @cached_property
    def block(self) -> tuple[tuple[sp.Expr, ...], str] | None:
        """Where the one part that is added goes, and the whole of it."""
        if self.lowered.tree is not None or len(self.lowered.added) != 1:
            return None
        (added,) = self.lowered.added
        if added.loops or added.repeats:
            return None
        return added.target.index, self.printer.value(added.target, added.tree)

    @cached_property
    def border(self) -> Border | None:
        """Where a forward equation puts an array into the middle of another."""
        mine = [e for e in self.unit.equations if e.name == self.equation.name]
        if self.adjoint is not None or len(mine) != 1:
            return None
        return border(self.lowered, self.length, self.size_of)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Local names that the code reads."""
        found = [
            name for text in (*(s.code for s in self.shared), self.code[0]) for name in slots(text)
        ]
        for added, text in self.additions:
            found += [name for name in slots(text) if name != added.target.name]
        found += [name for name in slots(self.target) if name != self.defines]
        others = (LOOP, SHARED, TERM)
        found = [name for name in found if name != CAST and not name.startswith(others)]
        return tuple(dict.fromkeys(found))

    def covers(self, name: str, axis: int, index: Letter) -> bool:
        """Whether a letter has the length of a tensor's axis; in what was put together it may not."""
        known = self.unit.letters.get(name.lstrip(ADJOINT))
        return known is None or self.size_of(known[axis]) == self.size_of(index)

    def covers_in_code(self, name: str, axis: int, index: Letter) -> bool:
        if name.lstrip(ADJOINT) not in self.unit.letters:
            return True
        return self.length(name, axis) == self.size_of(index)

    def length(self, name: str, axis: int) -> int | None:
        """Of an array's axis; None is the batch."""
        axes = list(self.unit.letters[name.lstrip(ADJOINT)])
        originals = [o for o, n in self.inside.rename.items() if n == name] or [name]
        for original in originals[:1]:
            if original in self.inside.drop:
                del axes[self.inside.drop[original]]
        return self.size_of(axes[axis])

    def whole_length(self, name: str, axis: int) -> int | None:
        """Of an axis as formulas have it, where that is known."""
        known = self.unit.letters.get(name.lstrip(ADJOINT))
        return None if known is None else self.size_of(known[axis])

    def with_border(self, sides: Sides, dialect: Dialect) -> Sides:
        """What stands where an array is put into the middle of another: ``.., else 0``."""
        if not self.border:
            return sides
        left, right, level = sides
        fill = self.unit.fills.get(self.equation.name, sp.S.Zero)
        text = Index(dialect, {}, self.size_of).constant(fill)[0]
        return left, dialect.otherwise(right, text), level

    def terms_in(self, dialect: Dialect) -> dict[Meaning, str]:
        """The terms to mark in a formula."""
        return self.terms.slots() if self.marks and isinstance(dialect, Latex) else {}

    def size_of(self, index: Letter) -> int | None:
        return self.unit.sizes[base(index)]

    def formula(self, notation: str, dialect: Dialect, letters: Letters = ()) -> Sides | None:
        """In ``matrix`` or ``index`` notation; None where there is no matrix form."""
        key = (notation, dialect, letters)
        if key not in self._formulas:
            functions = LATEX_FUNCTIONS if isinstance(dialect, Latex) else PLAIN_FUNCTIONS
            terms = self.terms_in(dialect)
            if notation == "index":
                shown = dict(zip(self.equation.target.indices, letters, strict=False))
                printer = Index(
                    dialect, functions, self.size_of, shown, self.unit.links, self.whole_length
                )
                sides = printer.marking(terms).equation(self.shown)
                sides = self.with_border(sides, dialect)
            else:
                links = self.unit.links
                found = matrix_equation(self.shown, dialect, functions, self.size_of, links, terms)
                sides = found if found is not None else ("", "", -9)
            self._formulas[key] = sides
        sides = self._formulas[key]
        return sides if sides[0] else None


def common_letters(parts: Iterable[Finished]) -> Letters:
    """One set of letters for the left sides of equations that are added: those of the longest.

    Empty where one of them goes to composite places.
    """
    parts = list(parts)
    if not all(p.equation.target.plain for p in parts):
        return ()
    longest = max(parts, key=lambda p: len(list(entries(p.equation.rhs))))
    return tuple(base(index) for index in longest.equation.target.indices)
