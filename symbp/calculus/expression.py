"""Index expressions: entries of tensors, sums over letters, conditions; inert under SymPy.

SymPy's own ``Sum``, ``Piecewise``, ``Heaviside`` and ``Max`` rewrite themselves while an expression is
built. The nodes here stay what they were built as, and SymPy does the calculus on what lies between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import sympy as sp
from sympy.core.symbol import Str
from sympy.core.sympify import _sympify  # numbers alone, never text

Letter: TypeAlias = sp.Symbol
OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


def letter(name: str) -> Letter:
    """The index letter ``name``; ``i_2`` is a fresh copy of ``i``."""
    return sp.Symbol(name, integer=True)


class Inert(sp.Expr):
    """A commutative scalar-valued node that SymPy leaves alone."""

    is_commutative = True

    def _eval_derivative(self, variable: sp.Symbol) -> sp.Expr:
        if self.has(variable):
            raise ValueError(f"{type(self).__name__} is differentiated by the walk, not by SymPy")
        return sp.S.Zero


class Entry(Inert):
    """``W[i, j]``, one entry of a tensor; a scalar tensor has no indices."""

    def __new__(cls, name: str | Str, *indices: sp.Expr) -> Entry:
        return sp.Expr.__new__(cls, name if isinstance(name, Str) else Str(name), *indices)

    @property
    def name(self) -> str:
        return self.args[0].name

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        return self.args[1:]

    @property
    def plain(self) -> bool:
        """Whether the indices are distinct bare letters."""
        return all(i.is_Symbol for i in self.indices) and len(set(self.indices)) == len(
            self.indices
        )

    def at(self, *indices: sp.Expr) -> Entry:
        return Entry(self.args[0], *indices)

    def _sympystr(self, printer: object) -> str:
        return f"{self.name}[{', '.join(map(str, self.indices))}]" if self.indices else self.name


class Group(Inert):
    """``(h, d)`` as one index: row-major, with the size of every part but the first."""

    @property
    def parts(self) -> tuple[sp.Expr, ...]:
        return self.args


class Size(Inert):
    """The size of a letter's axis, a positive integer."""

    is_integer = True
    is_positive = True

    @property
    def letter(self) -> Letter:
        return self.args[0]

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        return set()

    def _eval_derivative(self, variable: sp.Symbol) -> sp.Expr:
        return sp.S.Zero

    def _sympystr(self, printer: object) -> str:
        return f"size({self.letter})"


class Reduction(Inert):
    """A reduction of ``body`` over bound letters."""

    symbol = ""

    @property
    def body(self) -> sp.Expr:
        return self.args[0]

    @property
    def letters(self) -> tuple[Letter, ...]:
        return self.args[1:]

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        return self.body.free_symbols - set(self.letters)

    def _sympystr(self, printer: object) -> str:
        return f"{self.symbol}({', '.join(str(a) for a in self.args)})"


class SumOver(Reduction):
    symbol = "sum"


class MeanOver(Reduction):
    symbol = "mean"


class MaxOver(Reduction):
    symbol = "max"


class FirstMax(Inert):
    """1 where ``body`` takes its maximum over the letters for the first time, else 0.

    Its letters are open, unlike those of a reduction: the mask has an entry for each of them. It is
    constant wherever it has a derivative.
    """

    @property
    def body(self) -> sp.Expr:
        return self.args[0]

    @property
    def letters(self) -> tuple[Letter, ...]:
        return self.args[1:]

    def _eval_derivative(self, variable: sp.Symbol) -> sp.Expr:
        return sp.S.Zero

    def _sympystr(self, printer: object) -> str:
        return f"first_max({', '.join(str(a) for a in self.args)})"


class Compare(Inert):
    """A condition ``left op right``; constant as far as derivatives go."""

    def __new__(cls, op: str | Str, left: sp.Expr, right: sp.Expr) -> Compare:
        return sp.Expr.__new__(cls, op if isinstance(op, Str) else Str(op), left, right)

    @property
    def op(self) -> str:
        return self.args[0].name

    def negated(self) -> Compare:
        """The opposite condition; nothing here is NaN."""
        return Compare(OPPOSITE[self.op], *self.args[1:])


class Logical(Inert):
    """``and`` / ``or`` of conditions."""

    def __new__(cls, op: str | Str, *parts: sp.Expr) -> Logical:
        return sp.Expr.__new__(cls, op if isinstance(op, Str) else Str(op), *parts)

    @property
    def op(self) -> str:
        return self.args[0].name


class Iverson(Inert):
    """1 where the condition holds, else 0."""

    def _eval_derivative(self, variable: sp.Symbol) -> sp.Expr:
        return sp.S.Zero


class Where(Inert):
    """``then`` where the condition holds, else ``otherwise``."""

    def __new__(cls, condition: sp.Expr, then: sp.Expr, otherwise: sp.Expr) -> sp.Expr:
        then, otherwise = _sympify(then), _sympify(otherwise)
        if then == otherwise:
            return then
        if (then, otherwise) == (sp.S.One, sp.S.Zero):
            return Iverson(condition)
        if (then, otherwise) == (sp.S.Zero, sp.S.One) and isinstance(condition, Compare):
            return Iverson(condition.negated())
        return sp.Expr.__new__(cls, condition, then, otherwise)

    def _eval_derivative(self, variable: sp.Symbol) -> sp.Expr:
        condition, then, otherwise = self.args
        return Where(condition, then.diff(variable), otherwise.diff(variable))


class Stop(Inert):
    """A value that counts as a constant: ``stop_gradient``; what is constant anyway stays bare."""

    def __new__(cls, value: sp.Expr) -> sp.Expr:
        varies = bool(value.free_symbols) or any(True for _ in entries(value))
        return sp.Expr.__new__(cls, value) if varies else value

    def _eval_derivative(self, variable: sp.Symbol) -> sp.Expr:
        return sp.S.Zero


def entries(expr: sp.Basic) -> Iterator[Entry]:
    """Every entry read in ``expr``, in the order of its tree; entries inside indices too."""
    if isinstance(expr, Entry):
        yield expr
    for argument in expr.args:
        yield from entries(argument)


def has_reduction(expr: sp.Basic) -> bool:
    return isinstance(expr, Reduction) or any(has_reduction(a) for a in expr.args)


def leaves(expr: sp.Basic) -> list[sp.Expr]:
    """The topmost entries and reductions, each once, in the order of the tree."""
    found: dict[sp.Expr, None] = {}

    def visit(node: sp.Basic) -> None:
        if isinstance(node, (Entry, Reduction)):
            found[node] = None
        elif not isinstance(node, (Compare, Logical, Stop, FirstMax)):
            for argument in node.args:
                visit(argument)

    visit(expr)
    return list(found)


def rebuild(expr: sp.Basic, arguments: list[sp.Basic]) -> sp.Basic:
    """``expr`` with new arguments; itself where none changed."""
    if all(new is old for new, old in zip(arguments, expr.args, strict=True)):
        return expr
    return expr.func(*arguments)
