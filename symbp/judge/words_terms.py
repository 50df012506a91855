"""Terms of a mistake as text: alone, and marked where they stand in the right formula and in its code.

A marked term is printed as a placeholder of the printers' own tree, whose name is the finished term.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import Entry, Letter
from symbp.judge.evaluate import ELSEWHERE
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.mutations_right import Edit, written_factors
from symbp.network.items import Piece, Statement, statements
from symbp.network.program import Program
from symbp.printers.base import SUM
from symbp.printers.dialect import LATEX, PLAIN, Dialect
from symbp.printers.finished import Finished
from symbp.printers.marks import mark
from symbp.printers.naming import Name
from symbp.writers.formulas import Formulas
from symbp.writers.storage import Storage, plan
from symbp.writers.values import Values

TERM = "#term"
MARK = "wrong"  # the key of a marked term


@dataclass(frozen=True)
class Placeholder(Name):
    """A finished text in place of a tensor's name."""

    whole: bool = True  # whether it needs no brackets

    def latex(self, index: str = "", label: str = "", transposed: bool = False) -> str:
        text = self.base if self.whole else LATEX.bracket(self.base)
        return mark(MARK, text) + r"^\top" * transposed

    def unicode(self, index: str = "", label: str = "", transposed: bool = False) -> str:
        text = self.plain if self.whole else PLAIN.bracket(self.plain)
        return mark(MARK, text) + "ᵀ" * transposed


class Terms:
    """Writes the terms of one program's mistakes."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def storage(self) -> Storage:
        return plan(self.program)

    @cached_property
    def statements(self) -> dict[str, Statement]:
        passes = (self.program.forward, self.program.loss, self.program.backward)
        return {s.id: s for items in passes for s in statements(items)}

    # -- a term alone ---------------------------------------------------------------------------

    def term(self, part: Part, expr: sp.Expr, dialect: Dialect = PLAIN) -> str:
        """An expression in the local names of a part, as a formula of the network."""
        return self._term(part, expr, dialect)[0]

    def _term(self, part: Part, expr: sp.Expr, dialect: Dialect) -> tuple[str, int]:
        finished = self._finished(part, Entry(TERM, *_letters(expr)), expr)
        piece = Piece(finished, self._names(part))
        formulas = Formulas(self.storage)
        for notation in ("matrix", "index"):
            sides = formulas._sides(self._anywhere(piece), piece, dialect, notation, ())
            if sides is not None:
                return sides[1], sides[2]
        return str(expr), SUM

    def name(self, tensor: str) -> str:
        """A tensor, or an adjoint with its marks in front."""
        return self.storage.name(tensor).unicode()

    def _names(self, part: Part) -> dict[str, str]:
        """Local -> tensor names, those of tensors from elsewhere too."""
        return {**part.names, **self._elsewhere}

    @cached_property
    def _elsewhere(self) -> dict[str, str]:
        nodes = self.program.graph.nodes
        return {
            f"{ELSEWHERE}{node.output}:{local}": tensor
            for node in nodes
            for local, tensor in node.names.items()
        }

    def _finished(self, part: Part, target: Entry, rhs: sp.Expr) -> Finished:
        letters = {**part.unit.letters, TERM: _letters(target)}
        for name in self._elsewhere:
            for read in rhs.atoms(Entry):
                if read.name == name:
                    letters[name] = read.indices
        return Finished(Equation(target, rhs), replace(part.unit, letters=letters), part.order)

    @staticmethod
    def _anywhere(piece: Piece) -> Statement:
        return Statement("", "backward", "", TERM, (piece,))

    # -- a term in its equation -----------------------------------------------------------------

    def formula(self, mistake: Mutation, dialect: Dialect = PLAIN) -> str:
        """The right equation with the term marked; the map's, or as the chain rule has it where the map
        shows a shorter form. Without a mark where the term stands in neither."""
        plain = self.statements.get(mistake.where)
        marked = self._marked(mistake)
        if plain is None:
            return ""
        if marked is None:
            return Formulas(self.storage).formula(self._own(plain, mistake), dialect)
        rhs, term = marked
        equation = mistake.equation
        assert equation is not None
        finished = self._finished(mistake.part, equation.target, rhs)
        letters = {**finished.unit.letters, TERM: _letters(term)}
        finished = replace(finished, unit=replace(finished.unit, letters=letters))
        finished = replace(finished, order={**mistake.part.order, TERM: _rank(mistake.part, term)})
        text, level = self._term(mistake.part, term, dialect)
        other = replace(self.storage, names={})
        other.names[TERM] = Placeholder(text, text, whole=level > SUM)
        piece = Piece(finished, self._names(mistake.part))
        statement = self._within(plain, mistake, piece)
        return Formulas(other).formula(statement, dialect)

    def _own(self, statement: Statement, mistake: Mutation) -> Statement:
        """Of equations that go to different places, the one of the mistake."""
        if not Formulas(self.storage).several(statement):
            return statement
        pieces = [
            p for p in statement.pieces
            if p.finished is not None and mistake.equation is not None
            and p.finished.equation.target == mistake.equation.target
        ]  # fmt: skip
        return replace(statement, pieces=tuple(pieces[:1])) if pieces else statement

    def _within(self, statement: Statement, mistake: Mutation, piece: Piece) -> Statement:
        """The statement with a changed equation; one that it does not have stands alone."""
        equation = mistake.equation
        own = [
            k for k, p in enumerate(statement.pieces)
            if p.finished is not None and p.finished.equation == equation
        ]  # fmt: skip
        several = Formulas(self.storage).several(statement)
        if own and not mistake.raw and not several:
            pieces = tuple(piece if k == own[0] else p for k, p in enumerate(statement.pieces))
            return replace(statement, pieces=pieces)
        assert equation is not None
        defines = piece.tensor(equation.name)
        return replace(statement, pieces=(piece,), defines=defines)

    def _marked(self, mistake: Mutation) -> tuple[sp.Expr, sp.Expr] | None:
        """The right side with a placeholder, and the term that it stands for."""
        edit = mistake.edit
        if edit is None or mistake.equation is None:
            return None
        for term in (edit.term, edit.wrong):
            if term is None:
                continue
            if term == mistake.equation.rhs:
                return Entry(TERM, *_letters(term)), term
            around = _around(edit, term)
            if around is not None:
                return around(Entry(TERM, *_letters(term))), term
        return None

    def code(self, mistake: Mutation) -> str:
        """The marked term as the generated module writes it; empty where it is no part of a line."""
        marked = self._marked(mistake)
        if marked is None or mistake.raw or mistake.equation is None:
            return ""
        term = marked[1]
        alone = self._finished(mistake.part, Entry(TERM, *_letters(term)), term)
        if alone.shared or not alone.code[0]:
            return ""
        return Values(self.storage).code(Piece(alone, self._names(mistake.part)))


def _rank(part: Part, term: sp.Expr) -> int:
    """Where a product names the term: a tensor where it would be, (1 - h) behind h."""
    places = [part.order.get(r.name, 0) for r in term.atoms(Entry)]
    if isinstance(term, Entry):
        return part.order.get(term.name, 0)
    return max(places, default=0) + 1


def _around(edit: Edit, term: sp.Expr) -> Callable[[sp.Expr], sp.Expr] | None:
    """Puts something in the place of a term of the right side."""
    site = edit.site
    if site is None:
        return None
    if site.expr == term:
        return site.put
    if site.expr.is_Mul:
        factors, own = written_factors(site.expr), list(sp.Mul.make_args(term))
        if all(f in factors for f in own):
            rest = sp.Mul(*(f for f in factors if f not in own))
            return lambda new: site.put(rest * new)
    if site.expr.is_Add and all(t in site.expr.args for t in sp.Add.make_args(term)):
        return lambda new: site.put(site.expr - term + new)
    return None


def _letters(expr: sp.Expr) -> tuple[Letter, ...]:
    """The free letters of a term, in the order in which it reads them."""
    found: dict[Letter, None] = {}
    for read in sorted(expr.atoms(Entry), key=lambda r: (-len(r.indices), str(r))):
        for index in read.indices:
            for x in sorted(index.free_symbols, key=str):
                found[x] = None
    free = expr.free_symbols
    return tuple(i for i in found if i in free) + tuple(
        sorted((i for i in free if i not in found), key=str)
    )


__all__ = ["ADJOINT", "MARK", "Terms"]
