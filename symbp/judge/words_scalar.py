"""The terms of a mistake in scalar notation: one neuron a layer, small letters, no sums."""

from __future__ import annotations

from functools import cached_property

import sympy as sp

from symbp.arrays.lower import lower_value
from symbp.calculus.expression import Entry
from symbp.judge.evaluate_parts import Part
from symbp.judge.words_terms import Terms
from symbp.network.items import Statement
from symbp.printers.base import fill
from symbp.printers.dialect import PLAIN
from symbp.printers.finished import PLAIN_FUNCTIONS
from symbp.printers.index import Index
from symbp.writers.neurons import rename, scalar, strip
from symbp.writers.scalar import Scalar
from symbp.writers.storage import Storage


class ScalarTerms(Terms):
    """Writes the terms of one program's mistakes, every tensor being one number."""

    @cached_property
    def scalar(self) -> Scalar:
        return Scalar(self.storage)

    def name(self, tensor: str) -> str:
        return self.scalar.symbol(tensor, PLAIN)

    def written(self, part: Part, slot: Entry, term: sp.Expr) -> tuple[str, int]:
        return self._text(rename(strip(term), self.names(part)), self.scalar)

    def equation(self, statement: Statement, storage: Storage | None = None) -> str:
        names = Scalar(storage) if storage is not None else self.scalar
        right = self._text(sp.Add(*map(scalar, statement.pieces)), names)[0]
        return f"{self.name(statement.defines)} = {right}"

    def _text(self, expr: sp.Expr, names: Scalar) -> tuple[str, int]:
        order = self.scalar.order(expr)
        tree = lower_value(expr, order)
        text, level = Index(PLAIN, PLAIN_FUNCTIONS, lambda index: 1).piece(tree)
        return fill(text, lambda name, *_: names.symbol(name, PLAIN)), level
