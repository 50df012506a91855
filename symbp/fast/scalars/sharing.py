"""What the lines of a step have in common is computed once, what no sample changes before the loop, and
what nobody reads not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symbp.fast.scalars.names import Names
from symbp.fast.scalars.program import Assigned
from symbp.fast.scalars.terms import (
    BEFORE,
    Operation,
    Term,
    Variable,
    product,
    rebuilt,
    stage,
)
from symbp.fast.scalars.text import is_work, uses


def needed(lines: Iterable[Assigned], wanted: Iterable[Term]) -> list[Assigned]:
    """The lines on which the wanted terms depend."""
    read = {v for term in wanted for v in variables(term)}
    kept: list[Assigned] = []
    for line in reversed(list(lines)):
        if line.variable in read:
            kept.append(line)
            read |= variables(line.term)
    return kept[::-1]


def variables(term: Term) -> set[Variable]:
    if isinstance(term, Operation):
        return {v for a in term.args for v in variables(a)}
    return {term} if isinstance(term, Variable) else set()


def shared(lines: list[Assigned], names: Names) -> list[Assigned]:
    """The same values, with lines of their own for common parts and for what no sample changes."""
    lines = [replace(line, term=_grouped(line.term)) for line in lines]
    return _Sharing(lines, names).run()


class _Sharing:
    def __init__(self, lines: list[Assigned], names: Names) -> None:
        self.lines, self.names = lines, names
        self.counts = uses(*(line.term for line in lines))
        self.known: dict[Term, Variable] = {}
        self.made: list[Assigned] = []
        self.always: set[Term] = set()  # computed whatever the cases are
        for line in lines:
            self.mark(line.term)

    def mark(self, term: Term) -> None:
        if isinstance(term, Operation) and term not in self.always:
            self.always.add(term)
            for argument in _first(term):
                self.mark(argument)

    def run(self) -> list[Assigned]:
        for line in self.lines:
            term = self.written(line.term, line, line.adds)
            self.made.append(replace(line, term=term))
            if not line.adds and is_work(line.term):
                self.known.setdefault(line.term, line.variable)
        return self.made

    def written(self, term: Term, line: Assigned, part: bool = True) -> Term:
        """The term by the names of what is computed already; ``part`` of a line may become a line."""
        if not isinstance(term, Operation):
            return term
        if term in self.known:
            return self.known[term]
        inner = rebuilt(term, [self.written(a, line) for a in term.args])
        if not part or not is_work(term) or term not in self.always or not is_work(inner):
            return inner
        known = stage(inner)
        early = known == BEFORE and (line.adds or line.variable.stage != BEFORE)
        if self.counts[term] < 2 and not early:
            return inner
        self.known[term] = Variable(self.names.common(), known)
        self.made.append(Assigned(self.known[term], inner, line.statement, common=True))
        return self.known[term]


def _first(term: Operation) -> tuple[Term, ...]:
    """The arguments that are computed in every case."""
    return term.args[:1] if term.op in ("if", "and", "or") else term.args


def _grouped(term: Term) -> Term:
    """Factors that no sample changes stand together."""
    if not isinstance(term, Operation):
        return term
    term = rebuilt(term, [_grouped(a) for a in term.args])
    if not isinstance(term, Operation) or term.op != "*":
        return term
    fixed = [a for a in term.args if stage(a) == BEFORE]
    rest = [a for a in term.args if stage(a) != BEFORE]
    return product([product(fixed), *rest]) if len(fixed) > 1 and rest else term
