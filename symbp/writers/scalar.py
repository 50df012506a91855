"""The scalar form of one program: products of the chain rule as text, and as plain SymPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

import sympy as sp

from symbp.arrays.lower import lower_value
from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Entry, entries
from symbp.calculus.functions import work_out
from symbp.calculus.unary import Apply, Prime
from symbp.network.items import Piece, Statement, statements
from symbp.printers.base import CONDITION, POWER, PRODUCT, fill
from symbp.printers.dialect import LATEX, Dialect, Latex
from symbp.printers.finished import LATEX_FUNCTIONS, PLAIN_FUNCTIONS
from symbp.printers.index import Index
from symbp.printers.marks import mark
from symbp.printers.meaning import Meaning, Reader, is_compound
from symbp.writers.chain_rule import ChainRule
from symbp.writers.document import added
from symbp.writers.neurons import rename, scalar
from symbp.writers.plain_sympy import plain
from symbp.writers.products import Copies, Factor, Product, in_order, sign_in_front
from symbp.writers.storage import Storage

Marks = tuple[Mapping[Meaning, str], Reader | None]
ONE_NUMBER = Reader(lambda ref: ref.name, None)
Read = Callable[[str, Mapping[str, int]], sp.Expr]  # a tensor, the copy of each repeat -> its value


class Scalar(ChainRule):
    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self.texts: dict[tuple[sp.Basic, Dialect, int], str] = {}  # with slots for names
        self.factors: dict[tuple[sp.Expr, Dialect, int], str] = {}
        self.worked: dict[sp.Expr, list[Factor]] = {}
        self.marks: dict[str, dict[Meaning, str]] = {}  # the terms that each part knows

    # -- derivatives in their own output --------------------------------------------------------

    def in_outputs(self, product: Product) -> Product:
        """Every f'(u) written in the tensor that holds f(u): ``sigma'(z) = y (1 - y)``."""

        def change(factor: Factor) -> list[Factor]:
            if isinstance(factor, tuple):
                return [tuple(self.in_outputs(p) for p in factor)]
            if isinstance(factor, Copies):
                return [replace(factor, product=self.in_outputs(factor.product))]
            if not factor.has(Prime):
                return [factor]
            if factor not in self.worked:
                worked = work_out(self.written_out(factor), self.program.graph.library.bodies)
                self.worked[factor] = in_order(worked.xreplace(self.values))
            return self.worked[factor]

        return tuple(f for factor in product for f in change(factor))

    @cached_property
    def values(self) -> dict[sp.Basic, Entry]:
        """``sigma(z)`` -> the tensor that holds it."""
        return {
            self.written_out(rhs): Entry(name)
            for name, rhs in self.definitions.items()
            if isinstance(rhs, Apply) and name in self.visible
        }

    def value(
        self, product: Product, read: Read, copies: Mapping[str, int] | None = None
    ) -> sp.Expr:
        """The product as one plain SymPy expression, derivatives of activations worked out.

        ``read(name, copies)`` gives what stands for a tensor, or for an adjoint, in given copies of
        the repeats around it.
        """
        here = dict(copies or {})
        bodies = self.program.graph.library.bodies
        total: sp.Expr = sp.S.One
        for factor in product:
            if isinstance(factor, Copies):
                inside = [{**here, factor.letter: k} for k in range(factor.times)]
                total *= sp.Add(*(self.value(factor.product, read, c) for c in inside))
            elif isinstance(factor, tuple):
                total *= sp.Add(*(self.value(term, read, here) for term in factor))
            else:
                worked = work_out(factor, bodies, in_value=False)
                total *= plain(worked, bodies, lambda name: read(name, here))
        return total

    # -- text -----------------------------------------------------------------------------------

    def text(self, product: Product, dialect: Dialect) -> str:
        """A product as text; one factor alone needs no brackets."""
        sign, factors = sign_in_front(product)
        if not factors:
            return "-1" if sign else "1"
        if len(factors) == 1:
            return sign + self.factor(factors[0], dialect, PRODUCT if sign else CONDITION)
        words = []
        for k, factor in enumerate(factors):
            level = PRODUCT if k == len(factors) - 1 else POWER
            words.append(self.factor(factor, dialect, level))
        return sign + " ".join(words)

    def factor(self, factor: Factor, dialect: Dialect, level: int) -> str:
        if isinstance(factor, Copies):
            text, own = dialect.reduction("sum", factor.letter, self.text(factor.product, dialect))
            return dialect.bracket(text) if level > own else text
        if isinstance(factor, tuple):
            text = added([self.text(product, dialect) for product in factor])
            return dialect.bracket(text) if level > CONDITION else text
        key = (factor, dialect, level)
        if key not in self.factors:
            self.factors[key] = self.expression(self.written_out(factor), dialect, level)
        return self.factors[key]

    def expression(
        self, expr: sp.Basic, dialect: Dialect, level: int = CONDITION, part: str = "backward"
    ) -> str:
        """A scalar expression in tensors of the network; of equal terms that of ``part`` is marked."""
        order = self.order(expr)
        named = sorted(order, key=order.__getitem__)
        generic = rename(expr, {n: f"s{k}" for k, n in enumerate(named)}, marks=False)
        names = {f"s{k}": n for k, n in enumerate(named)}
        if self.storage.marked and isinstance(dialect, Latex):
            reader = Reader(lambda ref: names.get(ref.name, ref.name), None)
            text = self._generic(generic, dialect, level, (self.known(part), reader))
        else:
            key = (generic, dialect, level)
            text = self.texts.get(key) or self._generic(generic, dialect, level)
            self.texts[key] = text
        return fill(text, lambda n, *_: self.symbol(names.get(n, n), dialect))

    def _generic(
        self, expr: sp.Basic, dialect: Dialect, level: int, marks: Marks = ({}, None)
    ) -> str:
        """A scalar expression in slots s0, s1, .. in the order in which they should be read."""
        functions = LATEX_FUNCTIONS if isinstance(dialect, Latex) else PLAIN_FUNCTIONS
        places = {e.name: int(e.name[1:]) for e in entries(expr) if e.name[1:].isdigit()}
        tree = lower_value(expr, places)
        return Index(dialect, functions, lambda index: 1).marking(*marks).text(tree, level)

    def order(self, expr: sp.Basic) -> dict[str, int]:
        """Parameters stand before what they weigh, outputs before targets."""
        tensors = self.program.tensors
        weight = {"parameter": 0, "activation": 1, "input": 1, "noise": 2, "target": 3}
        names = sorted({e.name for e in entries(expr)})
        made = {}
        for name in names:
            bare = name.lstrip(ADJOINT)
            if bare in tensors:
                role = -1 if name != bare else weight.get(tensors[bare].role, 1)
                made[name] = role * 100_000 + self.places[bare]
        return made

    @cached_property
    def places(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.program.tensors)}

    def symbol(self, name: str, dialect: Dialect) -> str:
        known = self.storage.name(name)
        if name not in self.program.tensors or self.program.tensors[name].role != "loss":
            known = known.scalar()
        return known.latex() if isinstance(dialect, Latex) else known.unicode()

    def right_side(self, statement: Statement, dialect: Dialect = LATEX) -> str:
        """A statement's own right side with one neuron a layer, nothing written out."""
        expr = sp.Add(*(scalar(p) for p in statement.pieces))
        functions = LATEX_FUNCTIONS if isinstance(dialect, Latex) else PLAIN_FUNCTIONS
        tree = lower_value(expr, self.order(expr))
        terms = self.terms(statement)
        printer = Index(dialect, functions, lambda index: 1).marking(terms, ONE_NUMBER)
        whole = next(iter(terms.values()), "") if len(statement.pieces) == 1 else ""
        return fill(mark(whole, printer.text(tree)), lambda name, *_: self.symbol(name, dialect))

    def known(self, part: str) -> dict[Meaning, str]:
        """The marked terms of all equations that are more than one number; of what two of them say,
        those of ``part``, else the first backwards."""
        if part not in self.marks:
            made: dict[Meaning, str] = {}
            for name in (part, "backward", "forward", "loss"):
                for statement in statements(getattr(self.program, name)):
                    for meaning, key in self.terms(statement).items():
                        if is_compound(meaning):
                            made.setdefault(meaning, key)
            self.marks[part] = made
        return self.marks[part]

    def terms(self, statement: Statement) -> dict[Meaning, str]:
        """The marked terms of a statement, every tensor being one number, with their keys; the whole
        right side of a piece comes first."""
        made: dict[Meaning, str] = {}
        for piece in statement.pieces:
            for meaning, key in _terms_of(piece).items():
                made.setdefault(meaning, key)
        return made


def _terms_of(piece: Piece) -> dict[Meaning, str]:
    if piece.finished is None or not piece.finished.marks:
        return {}
    found = piece.finished.terms.slots(Reader(lambda ref: piece.tensor(ref.name), None))
    return {meaning: fill(key, lambda name, *_: piece.keys[name]) for meaning, key in found.items()}
