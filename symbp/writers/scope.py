"""One adjoint of a layer where it stands in the network, and expressions in its names and letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from symbp.arrays.lower import lower_value
from symbp.calculus.rewrite import Adjoint
from symbp.network.items import Piece
from symbp.printers.base import BATCH, SUM, TERM, fill
from symbp.printers.dialect import Dialect, Latex
from symbp.printers.finished import LATEX_FUNCTIONS, PLAIN_FUNCTIONS, Finished
from symbp.printers.index import Index
from symbp.writers.storage import Storage


@dataclass(frozen=True, eq=False)
class Scope:
    """One adjoint of a layer, and how its letters are written; ``defines`` names it in the network."""

    piece: Piece
    finished: Finished
    adjoint: Adjoint
    shown: Mapping[sp.Symbol, str]
    defines: str = ""
    printers: dict[Dialect, Index] = field(default_factory=dict)

    @property
    def letters(self) -> tuple[sp.Symbol, ...]:
        return self.finished.unit.letters[self.adjoint.name]

    def printer(self, dialect: Dialect) -> Index:
        """It remembers the letters that it wrote."""
        if dialect not in self.printers:
            finished = self.finished
            links = finished.unit.links
            self.printers[dialect] = Index(dialect, {}, finished.size_of, self.shown, links)
            self.printers[dialect].letters(self.letters)
        return self.printers[dialect]


class ScopeText:
    """Writes expressions of scopes, in index form."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.texts: dict[tuple[object, ...], str] = {}  # with slots, one for each formula

    def expression(self, scope: Scope, expr: sp.Expr, dialect: Dialect) -> str:
        """A unit's expression in the names of the network, in index form."""
        finished = scope.finished
        outer = scope.printer(dialect)
        shown = {i: outer.letter(i) for i in sorted(expr.free_symbols, key=str)}
        key = (id(finished), expr, dialect, tuple(shown.values()))
        if key not in self.texts:
            tree = lower_value(expr, finished.order)
            functions = LATEX_FUNCTIONS if isinstance(dialect, Latex) else PLAIN_FUNCTIONS
            printer = Index(dialect, functions, finished.size_of, shown, finished.unit.links)
            terms = finished.terms_in(dialect)
            self.texts[key] = printer.marking(terms).text(tree, SUM)
        return self.filled(self.texts[key], scope.piece, dialect)

    def filled(self, text: str, piece: Piece, dialect: Dialect) -> str:
        """The text with the names of the network in its slots."""

        def write(name: str, index: str, label: str, transposed: bool) -> str:
            if name == BATCH:
                return "N"
            if name.startswith(TERM):
                return piece.keys[name]
            known = self.storage.name(piece.tensor(name))
            method = known.latex if isinstance(dialect, Latex) else known.unicode
            return method(index, label, transposed)

        return fill(text, write)

    def entry(
        self, scope: Scope, local: str, indices: tuple[sp.Expr, ...], dialect: Dialect
    ) -> str:
        """A tensor by the name that it has in the layer."""
        local, indices = scope.printer(dialect).delayed(local, indices)
        return self.indexed(scope, scope.piece.tensor(local), indices, dialect)

    def indexed(
        self, scope: Scope, tensor: str, indices: tuple[sp.Expr, ...], dialect: Dialect
    ) -> str:
        """A tensor by the name that it has in the network."""
        return self.name(tensor, dialect, scope.printer(dialect).places(indices))

    def name(self, tensor: str, dialect: Dialect, index: str = "") -> str:
        known = self.storage.name(tensor)
        return known.latex(index) if isinstance(dialect, Latex) else known.unicode(index)
