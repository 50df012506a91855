"""How well the judge did: the diagnosis of each planted mistake against what was planted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from symbp.judge import kinds
from symbp.judge.answer import Unusable
from symbp.judge.verdict import Blame, Verdict
from tests.judge.corpus import planted, table
from tests.judge.corpus.judging import judged
from tests.judge.corpus.trusted import network

MISTAKES = table.HERE / "mistakes"
FORMS = table.HERE / "forms"


@dataclass(frozen=True)
class Score:
    """``said`` are the mistakes that are blamed, each (kind, where) once; names for one and the same
    mistake stand together. ``wrong`` are parameters that are judged so, ``named`` those that the mistake
    breaks."""

    edit: table.Edit
    said: tuple[tuple[tuple[str, str], ...], ...]
    wrong: frozenset[str]
    named: frozenset[str]
    seconds: float
    unusable: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether exactly what the mistake breaks is judged wrong."""
        return self.wrong == self.named and not self.unusable

    @property
    def is_diagnosed(self) -> bool:
        """Whether every blame is the planted kind at the planted place."""
        return bool(self.said) and all(map(self.fits, self.said))

    def fits(self, names: Iterable[tuple[str, str]]) -> bool:
        accepted = planted.NAMES[self.edit.planted]
        places = {f"backward.{where}" for where in self.edit.where}
        return any(kind in accepted and where in places for kind, where in names)

    @property
    def diagnosed(self) -> str:
        """One word for the table."""
        if self.unusable:
            return kinds.UNUSABLE
        if not self.said:
            return "nothing"
        other = next((names for names in self.said if not self.fits(names)), None)
        if other is not None:
            return other[0][0]
        return next(kind for kind, where in self.said[0] if self.fits([(kind, where)]))


def score(edit: table.Edit) -> Score:
    named = edit.wrong(t.key for t in network(edit.network).program.graph.parameters)
    start = time.perf_counter()
    try:
        verdict = judged(edit.network, edit.file, edit.text)
    except Unusable as error:
        spent = time.perf_counter() - start
        return Score(edit, (), frozenset(), named, spent, str(error))
    spent = time.perf_counter() - start
    given = verdict.parameters
    if edit.partial:  # what the answer leaves out is no mistake of the edit
        base = right(edit.network, edit.file).parameters
        given = {k: j for k, j in given.items() if base[k].verdict != kinds.MISSING}
    wrong = frozenset(k for k, j in given.items() if j.verdict != kinds.RIGHT)
    roots = dict.fromkeys(_groups(b for k in given for b in given[k].blames if not b.following))
    return Score(edit, tuple(roots), wrong, named, spent)


def _groups(blames: Iterable[Blame]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Each blame with its other names, which stand behind it."""
    group: list[tuple[str, str]] = []
    for blame in blames:
        if group and not blame.also:
            yield tuple(group)
            group = []
        group.append((blame.kind, blame.where))
    if group:
        yield tuple(group)


_RIGHT: dict[tuple[str, str], Verdict] = {}


def right(network: str, file: str) -> Verdict:
    """The verdict on an answer before anything is planted in it."""
    key = (network, file)
    if key not in _RIGHT:
        _RIGHT[key] = judged(network, file, table.source(network, file))
    return _RIGHT[key]


def edits(network: str) -> tuple[table.Edit, ...]:
    return tuple(table.edits(MISTAKES / f"{network}.txt"))


def forms(network: str) -> Iterator[tuple[str, str]]:
    """Right answers as (file, text): as they stand, and in other forms."""
    for path in sorted((table.ANSWERS / network).iterdir()):
        if path.is_file():
            yield path.name, table.source(network, path.name)
    for file, old, new in table.forms(FORMS / f"{network}.txt"):
        yield file, table.replaced(table.source(network, file), old, new)


def faults(network: str, file: str, text: str) -> tuple[str, ...]:
    """Parameters of a right answer that are judged wrong; missing ones are no fault."""
    try:
        verdict = judged(network, file, text)
    except Unusable as error:
        return (f"unusable: {error}",)
    return tuple(k for k, j in verdict.parameters.items() if j.verdict == kinds.WRONG)
