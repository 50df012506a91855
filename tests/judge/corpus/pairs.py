"""Two mistakes in one answer: edits of the tables, two at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.judge.corpus import table
from tests.judge.corpus.score import Score, edits, score

STRIDE = 7  # from an edit to its partner in the table


@dataclass(frozen=True)
class Pair:
    first: table.Edit
    second: table.Edit

    @property
    def both(self) -> table.Edit:
        """One edit that makes both; what it plants is left to the two."""
        text = table.source(self.first.network, self.first.file)
        new = table.replaced(table.replaced(text, self.first.old, self.first.new),
                             self.second.old, self.second.new)  # fmt: skip
        names = f"{self.first.parameters} {self.second.parameters}"
        where = (*self.first.where, *self.second.where)
        return replace(self.first, old=text, new=new, where=where, parameters=names)


def pairs(network: str) -> Iterator[Pair]:
    """Pairs at different places of one answer, each edit in two of them at most."""
    made = edits(network)
    for file in dict.fromkeys(edit.file for edit in made):
        own = [edit for edit in made if edit.file == file and not edit.partial]
        for first, second in zip(own, own[STRIDE:], strict=False):
            if not set(first.where) & set(second.where) and _apart(first, second):
                yield Pair(first, second)


def _apart(first: table.Edit, second: table.Edit) -> bool:
    """Whether both fragments can be replaced."""
    return first.text.count(second.old) == 1 and second.text.count(first.old) == 1


def named(pair: Pair) -> tuple[Score, bool]:
    """The score, and whether exactly the two are blamed."""
    found = score(pair.both)
    singles = [replace(found, edit=edit) for edit in (pair.first, pair.second)]
    known = all(any(single.fits(group) for single in singles) for group in found.said)
    both = all(any(single.fits(group) for group in found.said) for single in singles)
    return found, known and both
