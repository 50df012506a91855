"""Reads of a tensor's own past become reads of another tensor, and a link between the two.

``h[n,t-1,i]`` in an equation of h's own recurrence is ``h_prev[n,t,i]`` from here on: equations are
plain again, and deriving them knows no time. One rule derives a link: its adjoint is a link back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from symbp.calculus.equation import Equation, Link, adjoint_name
from symbp.calculus.expression import Entry, Letter, Size, entries
from symbp.calculus.order import components
from symbp.calculus.parts import Parts
from symbp.calculus.pullback import Contribution
from symbp.language import tree
from symbp.language.recurrence import Recurrence

STARTS = "starts"  # the source of what flows into values before the first step


@dataclass
class Delays:
    """The links of one formula, made while its equations are translated."""

    recurrences: Mapping[str, Recurrence]
    parts: Parts
    links: dict[tuple[str, int], Link] = field(default_factory=dict)
    starts: dict[tuple[str, int], str] = field(default_factory=dict)  # by steps beyond the edge

    def step(self, read: tree.Read, reader: str) -> int:
        """By how much a read in an equation of ``reader`` moves along its own recurrence."""
        own = self.recurrences.get(reader)
        if own is None or self.recurrences.get(read.name) is not own:
            return 0
        position = read.positions[own.axes[read.name]]
        assert isinstance(position, tree.Affine)
        return position.constant if len(position.terms) == 1 else 0

    def read(self, read: tree.Read, reader: str, places: list[sp.Expr]) -> Entry:
        """The entry of the delayed tensor."""
        offset = self.step(read, reader)
        axis = self.recurrences[read.name].axes[read.name]
        key = (read.name, offset)
        if key not in self.links:
            far = "" if abs(offset) == 1 else str(abs(offset))
            ways = ("prev", "next") if offset < 0 else ("next", "prev")
            name, back = (self.parts.take(f"{read.name}_{way}{far}") for way in ways)
            own = places[axis] - offset
            self.links[key] = Link(name, read.name, own, axis, offset, (), back)
        link = self.links[key]
        return Entry(link.name, *places[:axis], link.letter, *places[axis + 1 :])

    def start(self, equation: tree.Equation, size: int) -> tuple[str, int] | None:
        """The name for ``h[n,-1,j] = ..``, and the axis that it lacks; None for other equations."""
        own = self.recurrences.get(equation.name)
        if own is None:
            return None
        axis = own.axes[equation.name]
        position = equation.positions[axis]
        if not isinstance(position, tree.Affine) or position.terms:
            return None
        place = position.constant + size * sum(c for c, _ in position.sizes)
        beyond = -place if own.direction < 0 else place - size + 1
        name = self.parts.take(f"{equation.name}_{'start' if own.direction < 0 else 'end'}")
        self.starts[equation.name, beyond] = name
        return name, axis

    def finished(self) -> tuple[Link, ...]:
        """The links, with their starts."""
        made = []
        for (base, offset), link in self.links.items():
            starts = tuple(self.starts.get((base, k + 1)) for k in range(abs(offset)))
            made.append(Link(link.name, base, link.letter, link.axis, offset, starts, link.back))
        return tuple(made)


def in_order(equations: list[Equation], links: tuple[Link, ...]) -> list[Equation]:
    """The equations with those of starts in front of what reads them over a link."""
    starts = {link.name: [s for s in link.starts if s] for link in links}
    if not any(starts.values()):
        return equations
    made: dict[str, list[int]] = {}
    for k, e in enumerate(equations):
        made.setdefault(e.name, []).append(k)
    needs = {
        k: [
            p
            for r in entries(e.rhs)
            for name in starts.get(r.name, [r.name])
            for p in made.get(name, ())
        ]
        for k, e in enumerate(equations)
    }
    return [equations[k] for group in components(range(len(equations)), needs) for k in group]


def with_links(
    letters: Mapping[str, tuple[Letter, ...]], links: tuple[Link, ...]
) -> dict[str, tuple[Letter, ...]]:
    """A delayed tensor has the letters of its base, whose adjoint is read under another name too."""
    own = {name: letters[link.base] for link in links for name in (link.name, link.back)}
    return {**letters, **own}


def hands_back(link: Link, letters: Mapping[str, tuple[Letter, ...]]) -> list[Contribution]:
    """The adjoint of a link: ``dbase[t] += d(name)[t - offset]``, and the shares of the starts."""
    own = letters[link.base]
    share = Entry(adjoint_name(link.back), *own)
    found = [Contribution(Entry(link.base, *own), (share,), own, link.name)]
    index = own[link.axis]
    rest = (*own[: link.axis], *own[link.axis + 1 :])
    for k, name in enumerate(link.starts):
        if name is None:
            continue
        place: sp.Expr = sp.Integer(-link.offset - k - 1)
        if link.offset > 0:
            place = Size(index) + k - link.offset
        entry = Entry(adjoint_name(link.name), *own[: link.axis], place, *own[link.axis + 1 :])
        found.append(Contribution(Entry(name, *rest), (entry,), rest, STARTS))
    return found


def back_links(links: tuple[Link, ...]) -> tuple[Link, ...]:
    """``d(back)[t] = d(name)[t - offset]``, zero beyond the edge."""
    return tuple(
        Link(adjoint_name(k.back), adjoint_name(k.name), k.letter, k.axis, -k.offset) for k in links
    )
