"""Terms of a mistake as text: alone, and marked where they stand in the right formula.

A marked term is printed as a placeholder of the printers' own tree, whose name is the finished term.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry
from symbp.judge.evaluate import ELSEWHERE
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.words_marked import TERM, Marked, alone, letters_of, marked, rank
from symbp.network.items import Piece, Statement, statements
from symbp.network.program import Program
from symbp.printers.base import SUM
from symbp.printers.dialect import PLAIN
from symbp.printers.finished import Finished
from symbp.printers.marks import mark
from symbp.printers.naming import Name
from symbp.writers.formulas import Formulas
from symbp.writers.storage import Storage, plan

MARK = "wrong"  # the key of a marked term


@dataclass(frozen=True)
class Placeholder(Name):
    """A finished text in place of a tensor's name."""

    whole: bool = True  # whether it needs no brackets

    def unicode(self, index: str = "", label: str = "", transposed: bool = False) -> str:
        text = self.plain if self.whole else PLAIN.bracket(self.plain)
        return mark(MARK, text) + "ᵀ" * transposed

    def scalar(self) -> Name:
        return self


class Terms:
    """Writes the terms of one program's mistakes as plain text, in matrix form where there is one."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def storage(self) -> Storage:
        return plan(self.program)

    @cached_property
    def statements(self) -> dict[str, Statement]:
        passes = (self.program.forward, self.program.loss, self.program.backward)
        return {s.id: s for items in passes for s in statements(items)}

    # -- what a notation writes in its own way --------------------------------------------------

    def name(self, tensor: str) -> str:
        """A tensor, or an adjoint with its marks in front."""
        return self.storage.name(tensor).unicode()

    def written(self, part: Part, slot: Entry, term: sp.Expr) -> tuple[str, int]:
        """An expression in the local names of a part, and how tightly its text holds together."""
        finished = self.finished(part, Equation(slot, term), slot, term)
        piece = Piece(finished, self.names(part))
        formulas = Formulas(self.storage)
        for notation in ("matrix", "index"):
            sides = formulas._sides(_anywhere(piece), piece, PLAIN, notation, ())
            if sides is not None:
                return sides[1], sides[2]
        return str(term), SUM

    def equation(self, statement: Statement, storage: Storage | None = None) -> str:
        """A statement as an equation."""
        return Formulas(storage or self.storage).formula(statement, PLAIN)

    # -- a term alone ---------------------------------------------------------------------------

    def term(self, part: Part, expr: sp.Expr) -> str:
        """An expression in the local names of a part, as a formula of the network."""
        return self.written(part, alone(expr), expr)[0]

    def names(self, part: Part) -> dict[str, str]:
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

    def finished(self, part: Part, equation: Equation, slot: Entry, term: sp.Expr) -> Finished:
        """An equation in which the slot stands for the term, ready to be printed."""
        letters = {**part.unit.letters, TERM: slot.indices or letters_of(slot)}
        for name in self._elsewhere:
            for read in equation.rhs.atoms(Entry):
                if read.name == name:
                    letters[name] = read.indices
        order = {**part.order, TERM: rank(part, term)}
        return Finished(equation, replace(part.unit, letters=letters), order)

    # -- a term in its equation -----------------------------------------------------------------

    def formula(self, mistake: Mutation) -> str:
        """The right equation with the term marked; the map's, or as the chain rule has it where the map
        shows a shorter form. Without a mark where the term stands in neither."""
        plain = self.statements.get(mistake.where)
        if plain is None:
            return ""
        found = marked(mistake)
        if not found:
            return self.equation(self._own(plain, mistake))
        return "; ".join([self._shown(plain, found[0]), *(self._before(m) for m in found[1:])])

    def _before(self, found: Marked) -> str:
        """The equation of the layer before."""
        statement = self.statement(found)
        return self._shown(statement, found) if statement is not None else ""

    def statement(self, found: Marked) -> Statement | None:
        """What a layer computes by an equation of its own."""
        tensor = found.part.names.get(found.right.name, "")
        return next((s for s in self.statements.values() if s.defines == tensor), None)

    def _shown(self, statement: Statement, found: Marked) -> str:
        """A statement with the marked term in it."""
        text, level = self.written(found.part, found.slot, found.term)
        other = replace(self.storage, names={})
        other.names[TERM] = Placeholder(text, text, whole=found.whole or level > SUM)
        return self.equation(self._within(statement, found), other)

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

    def _within(self, statement: Statement, found: Marked) -> Statement:
        """The statement with a changed equation; one that it does not have stands alone."""
        finished = self.finished(found.part, found.equation, found.slot, found.term)
        piece = Piece(finished, self.names(found.part))
        own = [
            k for k, p in enumerate(statement.pieces)
            if p.finished is not None and p.finished.equation == found.right
        ]  # fmt: skip
        several = Formulas(self.storage).several(statement)
        if own and not found.raw and not several:
            pieces = tuple(piece if k == own[0] else p for k, p in enumerate(statement.pieces))
            return replace(statement, pieces=pieces)
        defines = piece.tensor(finished.equation.name)
        return replace(statement, pieces=(piece,), defines=defines)


def _anywhere(piece: Piece) -> Statement:
    return Statement("", "backward", "", TERM, (piece,))


__all__ = ["MARK", "Marked", "Terms"]
