"""Reading the tables in ``mistakes``: edits of the texts in ``answers``, each with what it plants.

A line is ``planted | where | parameters | old => new``; ``== FILE`` names the answer that is edited,
``k=8..1:`` in front repeats a line with ``<k>``, ``<k+1>``, ``<k-1>`` filled in, and ``⏎`` is a line
break. Parameters are names, ``*`` for all, ``<=3`` for those of layers up to number 3, and ``-b2``
for all but that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ANSWERS = HERE / "answers"
NETWORKS = tuple(sorted(path.name for path in ANSWERS.iterdir()))
PARTIAL = ("output", "heads")
RANGE = re.compile(r"k=(\d+)\.\.(\d+): *")
OWN = HERE / "networks"  # beside the built-in examples
PLACE = re.compile(r"<k([+-]\d+)?>")
NUMBER = re.compile(r"\d+$")


@dataclass(frozen=True)
class Edit:
    """An answer with a fragment replaced; what stands in the other fields is what it plants."""

    network: str
    file: str
    old: str
    new: str
    planted: str
    where: tuple[str, ...]  # tensors whose equation it can be said to stand in: dz2
    parameters: str  # that come out wrong, in the notation of the tables

    @property
    def text(self) -> str:
        return replaced(source(self.network, self.file), self.old, self.new)

    @property
    def partial(self) -> bool:
        """Whether the answer gives some parameters alone, as those of the last layers."""
        return Path(self.file).stem in PARTIAL

    @property
    def id(self) -> str:
        return f"{self.network}/{self.file}: {self.planted} at {','.join(self.where)}: {self.new}"

    def wrong(self, parameters: Iterable[str]) -> frozenset[str]:
        """The names, among all of the network, that the edit makes wrong."""
        return frozenset(_chosen(self.parameters, tuple(parameters)))


def network(name: str) -> str:
    """What ``symbp.load`` takes: the name of an example, or a file."""
    own = OWN / f"{name}.toml"
    return str(own) if own.exists() else name


@cache
def source(network: str, file: str) -> str:
    return (ANSWERS / network / file).read_text(encoding="utf-8")


def replaced(text: str, old: str, new: str) -> str:
    """The text with its one ``old`` replaced; AssertionError where that is not one place."""
    assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
    return text.replace(old, new)


def edits(path: Path) -> Iterator[Edit]:
    """The edits of a table."""
    file = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            file = line.removeprefix("== ").strip()
        elif line.strip() and not line.startswith("#"):
            yield from (_edit(path.stem, file, row) for row in _rows(line))


def forms(path: Path) -> Iterator[tuple[str, str, str]]:
    """The edits of a table that leave an answer right: (file, old, new)."""
    file = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            file = line.removeprefix("== ").strip()
        elif line.strip() and not line.startswith("#"):
            yield from ((file, *_change(row)) for row in _rows(line))


def _rows(line: str) -> Iterator[str]:
    counted = RANGE.match(line)
    if counted is None:
        yield line
        return
    first, last = int(counted[1]), int(counted[2])
    for k in range(first, last + (1 if first <= last else -1), 1 if first <= last else -1):
        yield PLACE.sub(lambda match, k=k: str(k + int(match[1] or 0)), line[counted.end() :])


def _edit(network: str, file: str, row: str) -> Edit:
    planted, where, parameters, change = (cell.strip() for cell in row.split(" | ", 3))
    old, new = _change(change)
    return Edit(network, file, old, new, planted, tuple(where.split(",")), parameters)


def _change(text: str) -> tuple[str, str]:
    old, _, new = text.partition(" =>")
    return old.strip().replace("⏎", "\n"), new.strip().replace("⏎", "\n")


def _chosen(words: str, names: tuple[str, ...]) -> Iterator[str]:
    asked = words.split()
    without = {word[1:] for word in asked if word.startswith("-")}
    assert without <= set(names), words
    for word in asked:
        if word == "*":
            found = names
        elif word.startswith("<="):
            found = tuple(n for n in names if _number(n) <= int(word[2:]))
        else:
            found = () if word.startswith("-") else (word,)
        assert set(found) <= set(names), word
        yield from (name for name in found if name not in without)


def _number(parameter: str) -> int:
    match = NUMBER.search(parameter)
    assert match is not None, parameter
    return int(match[0])
