"""Equations, and the group of them that is derived as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sympy as sp

from symbp.calculus.expression import Entry, Letter, entries
from symbp.calculus.index import base

ADJOINT = "∂"  # no user name can hold it


def adjoint_name(name: str) -> str:
    """The name of dL/d(tensor); adjoints of adjoints pile up their marks."""
    return ADJOINT + name


@dataclass(frozen=True)
class Equation:
    """Start from zeros; for all values of all free letters: ``target += rhs``.

    With a plain target that is an assignment, with an affine one a scatter.
    """

    target: Entry
    rhs: sp.Expr

    @property
    def name(self) -> str:
        return self.target.name


@dataclass(frozen=True)
class Link:
    """``name[.., t, ..] = base[.., t + offset, ..]``: a tensor's own past, or its future.

    ``axis`` is the place of the letter t. Beyond the first step (the last, where the offset is
    positive) stand the tensors ``starts``, from the nearest outwards; None is zero.
    """

    name: str
    base: str
    letter: Letter
    axis: int
    offset: int
    starts: tuple[str | None, ...] = ()
    back: str = ""  # of the tensor whose adjoint reads that of ``name`` at the step it came from

    @property
    def shares(self) -> tuple[str, str]:
        return self.name, self.back


@dataclass(frozen=True)
class Unit:
    """Forward equations in the order of evaluation; the last defines the output.

    ``letters`` holds the canonical letters of every tensor; ``axes`` maps a letter's family to the
    family that stands for its axis, so that letters of one axis have one ``Size``; ``parts`` are the
    tensors that the user did not name; ``given`` are facts known from outside: expression -> value.
    """

    equations: tuple[Equation, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    letters: Mapping[str, tuple[Letter, ...]]
    sizes: Mapping[str, int | None]  # by letter family; None is the batch
    axes: Mapping[str, str]
    parts: frozenset[str] = frozenset()
    cuts: frozenset[str] = frozenset()  # parts whose adjoint keeps its own line
    given: tuple[tuple[sp.Expr, sp.Expr], ...] = ()
    assumptions: tuple[str, ...] = ()  # what `given` rests on, by key of the phrase book
    functions: Mapping[str, sp.Expr] = field(default_factory=dict)  # named function -> body in `u`
    fills: Mapping[str, sp.Expr] = field(default_factory=dict)  # where a tensor is not written
    links: tuple[Link, ...] = ()

    @property
    def output(self) -> str:
        return self.equations[-1].name

    def size_of(self, index: Letter) -> int | None:
        return self.sizes[base(index)]

    def shape_of(self, indices: Iterable[Letter]) -> tuple[int | None, ...]:
        """The sizes of letters, one an axis."""
        return tuple(self.size_of(index) for index in indices)

    @property
    def reads(self) -> tuple[Entry, ...]:
        """Every entry that is written or read, those inside indices too."""
        sides = (side for e in self.equations for side in (e.target, e.rhs))
        return tuple(dict.fromkeys(r for side in sides for r in entries(side)))

    @property
    def integers(self) -> frozenset[str]:
        """The tensors that index others."""
        return frozenset(r.name for read in self.reads for i in read.indices for r in entries(i))

    def covers(self, entry: Entry) -> bool:
        """Whether distinct bare letters run over the whole of the tensor."""
        own = self.letters.get(entry.name.lstrip(ADJOINT))
        return entry.plain and (own is None or self.shape_of(entry.indices) == self.shape_of(own))

    def entry(self, name: str) -> Entry:
        return Entry(name, *self.letters[name])

    def definition(self, name: str) -> Equation | None:
        return next((e for e in self.equations if e.name == name), None)
