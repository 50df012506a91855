"""What a program runs: statements, masks, and the loops around them; and walks over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from symbp.calculus.equation import ADJOINT
from symbp.network import unit_text
from symbp.network.graph import Repeat
from symbp.printers.base import BATCH
from symbp.printers.finished import Finished


@dataclass(frozen=True, eq=False)
class Piece:
    """A right-hand side with the tensors of this network in its slots; or, without a text, an alias:
    the value of ``source``. ``keys`` are those of its marked terms."""

    finished: Finished | None
    names: Mapping[str, str]
    source: str = ""
    whole: bool = False  # parameters are read with all copies of a repeat at once
    keys: Mapping[str, str] = field(default_factory=dict)

    def tensor(self, local: str) -> str:
        """The network's tensor for a local name; adjoint marks stay in front."""
        return local if local == BATCH else tensor_of(self.names, local)

    @property
    def reads(self) -> tuple[str, ...]:
        if self.finished is None:
            return (self.source,)
        return tuple(self.tensor(local) for local in self.finished.reads)


@dataclass(frozen=True, eq=False)
class Statement:
    """``defines = sum of pieces``. ``mode`` is "training" or "inference" where it runs in one of them
    alone; ``kind`` "accumulate" adds to what earlier copies of a loop gave, "add" to what stands in an
    array already, "part" fills a part of an array that stands already."""

    id: str
    part: str  # forward | loss | backward | update
    layer: str
    defines: str
    pieces: tuple[Piece, ...]
    mode: str | None = None
    kind: str = "assign"
    more: tuple[str, ...] = ()  # what the arrays of its loop are made with

    @property
    def fills_zeros(self) -> bool:
        """Whether an adjoint is added up in an array of zeros."""
        parts = any(p.finished is not None and p.finished.additions for p in self.pieces)
        return parts and self.kind == "assign" and self.defines.startswith(ADJOINT)

    @property
    def reads(self) -> tuple[str, ...]:
        found = [r for p in self.pieces for r in p.reads]
        return tuple(dict.fromkeys([*found, *self.more]))


@dataclass(frozen=True, eq=False)
class Noise:
    """A random mask: 0 with probability ``rate``, else 1/(1 - rate)."""

    id: str
    layer: str
    defines: str
    like: str
    rate: float
    mode: str | None = "training"
    part: str = "forward"


@dataclass(frozen=True, eq=False)
class Loop:
    """The copies of a repeat, first to last, or last to first."""

    repeat: Repeat
    reverse: bool
    body: tuple[Item, ...]
    also: tuple[Repeat, ...] = ()  # what else its copies hand on to each other


@dataclass(frozen=True, eq=False)
class Scan:
    """The steps of a recurrence: ``body`` for each step of the unit's scan."""

    scan: unit_text.Scan
    names: Mapping[str, str]
    body: tuple[Statement, ...]
    made: tuple[str, ...]  # local names of the arrays that stand before the loop
    mode: str | None = None
    defines: str = ""


@dataclass(frozen=True, eq=False)
class Zeros:
    """``defines`` is zero, an array like ``like``."""

    defines: str
    like: str
    mode: str | None = None


Item = Statement | Noise | Loop | Scan | Zeros


def statements(items: tuple[Item, ...]) -> Iterator[Statement]:
    """Every statement, those in loops too, in order; masks left out."""
    for item in items:
        if isinstance(item, (Loop, Scan)):
            yield from statements(item.body)
        elif isinstance(item, Statement):
            yield item


def loops(items: tuple[Item, ...]) -> Iterator[Loop]:
    """Every loop, outer ones first."""
    for item in items:
        if isinstance(item, Loop):
            yield item
            yield from loops(item.body)


def scans(items: tuple[Item, ...]) -> Iterator[Scan]:
    for item in items:
        if isinstance(item, Loop):
            yield from scans(item.body)
        elif isinstance(item, Scan):
            yield item


def split_marks(name: str) -> tuple[str, str]:
    """The adjoint marks in front of a name, and what is behind them."""
    bare = name.lstrip(ADJOINT)
    return name[: len(name) - len(bare)], bare


def tensor_of(names: Mapping[str, str], local: str) -> str:
    """The network's tensor for a local name; adjoint marks stay in front."""
    marks, bare = split_marks(local)
    return marks + names.get(bare, bare)


def needed(items: tuple[Item, ...], wanted: set[str]) -> set[str]:
    """The tensors on which ``wanted`` depend."""
    reads: dict[str, set[str]] = {}
    for statement in statements(items):
        reads.setdefault(statement.defines, set()).update(statement.reads)
        if statement.fills_zeros:  # an array like the tensor whose adjoint it is
            reads[statement.defines].add(split_marks(statement.defines)[1])
    for loop in loops(items):  # what one copy hands on to the next
        for own in (loop.repeat, *loop.also):
            same = {own.start, own.first, own.end, own.result}
            for group in (same | {own.source}, {ADJOINT + n for n in same}):
                for name in group:
                    reads.setdefault(name, set()).update(group)
    for scan in scans(items):  # what one step hands on to others
        for history in scan.scan.stored.histories:
            base, *starts = (tensor_of(scan.names, n) for n in (history.base, *history.starts) if n)
            for view, _ in history.views:
                reads.setdefault(tensor_of(scan.names, view), set()).update([base, *starts])
    found, edge = set(wanted), set(wanted)
    while edge:
        edge = {r for name in edge for r in reads.get(name, ())} - found
        found |= edge
    return found


def pruned(items: tuple[Item, ...], names: set[str]) -> tuple[Item, ...]:
    """The items that define one of these tensors."""

    def kept(items: tuple[Item, ...]) -> Iterator[Item]:
        for item in items:
            if isinstance(item, Loop):
                body = tuple(kept(item.body))
                if body:
                    yield replace(item, body=body)
            elif isinstance(item, Scan):
                steps = tuple(s for s in item.body if s.defines in names)
                if steps:
                    yield replace(item, body=steps)
            elif item.defines in names:
                yield item

    return tuple(kept(items))
