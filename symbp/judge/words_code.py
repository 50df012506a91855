"""The lines that symbp generates for an equation, with the term of a mistake marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from symbp.calculus.equation import Equation
from symbp.judge.words_marked import TERM, Marked
from symbp.judge.words_terms import MARK, Terms
from symbp.network.items import Piece
from symbp.printers.marks import mark, unmarked
from symbp.writers.storage import Storage
from symbp.writers.values import Values

Lines = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Showing(Storage):
    """A storage with finished code in the place of a term."""

    shown: str = ""

    def code(self, name: str) -> str:
        return self.shown if name == TERM else super().code(name)


def with_mark(terms: Terms, found: Marked, lines: Lines) -> Lines:
    """The lines, marked where the term stands; as they are where it is no part of one."""
    for new in _ways(terms, found):
        old = unmarked(new)
        if sum(len(_places(old, line)) for line in lines) == 1:
            return tuple(_replaced(old, new, line) for line in lines)
    return lines


def _ways(terms: Terms, found: Marked) -> Iterator[str]:
    """Code that may be a line's, the term marked in it: the whole right side first, then the term
    alone."""
    part, names = found.part, terms.names(found.part)
    alone = terms.finished(part, Equation(found.slot, found.term), found.slot, found.term)
    if alone.shared or not alone.code[0]:
        return
    term = Values(terms.storage).code(Piece(alone, names))
    whole = terms.finished(part, found.equation, found.slot, found.term)
    if not found.raw and not whole.shared and whole.code[0]:
        for shown in (mark(MARK, term), f"({mark(MARK, term)})"):
            yield Values(_showing(terms.storage, shown)).code(Piece(whole, names))
    yield mark(MARK, term)


def _showing(storage: Storage, shown: str) -> Showing:
    own = {f.name: getattr(storage, f.name) for f in fields(storage)}
    return Showing(**own, shown=shown)


def _places(old: str, line: str) -> list[re.Match[str]]:
    """Where it stands as a word of its own."""
    return list(re.finditer(rf"(?<![\w.]){re.escape(old)}(?!\w)", line))


def _replaced(old: str, new: str, line: str) -> str:
    for place in _places(old, line):
        return line[: place.start()] + new + line[place.end() :]
    return line
