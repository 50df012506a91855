"""What every equation follows from, also across the copies of a repeat and the steps of time."""

from __future__ import annotations

from collections.abc import Mapping

from symbp.calculus.equation import ADJOINT
from symbp.network.items import scans, split_marks, statements
from symbp.network.program import Program
from symbp.writers.equations import Entry
from symbp.writers.storage import all_repeats


def origins(program: Program, entries: tuple[Entry, ...]) -> dict[str, tuple[str, ...]]:
    """For each equation those that it reads, by id.

    What the map calls ``uses`` ends at the first copy of a repeat and at the first step of time; here
    the copy or step before is one of those read, so that every path ends at definitions alone.
    """
    same = _aliases(program)
    ids = {entry.id for entry in entries}
    definers: dict[str, list[str]] = {}
    reads: dict[str, tuple[str, ...]] = {}
    for part in (program.forward, program.loss, program.backward, program.updates):
        for statement in statements(part):
            if statement.id in ids:
                definers.setdefault(statement.defines, []).append(statement.id)
                reads[statement.id] = statement.reads
    found = {}
    for entry in entries:
        read = [other for name in reads.get(entry.id, ()) for other in same.get(name, (name,))]
        known = [i for name in read for i in definers.get(name, ()) if i != entry.id]
        found[entry.id] = tuple(dict.fromkeys([*entry.uses, *known]))
    return found


def _aliases(program: Program) -> dict[str, tuple[str, ...]]:
    """Names that stand for values which other names were given."""
    found: dict[str, tuple[str, ...]] = {}
    items = (*program.forward, *program.loss, *program.backward, *program.updates)
    for repeat in all_repeats(items):
        names = (repeat.first, repeat.start, repeat.end, repeat.result)
        found |= dict.fromkeys(names, (repeat.source, *names))
        adjoints = tuple(ADJOINT + name for name in names)
        found |= dict.fromkeys(adjoints, adjoints)
    for scan in scans(items):
        for history in scan.scan.stored.histories:
            base = _named(scan.names, history.base)
            for view, _ in history.views:
                found[_named(scan.names, view)] = (base,)
    return found


def _named(names: Mapping[str, str], local: str) -> str:
    marks, bare = split_marks(local)
    return marks + names.get(bare, bare)
