"""What stands in a loop, along which letter, in which direction (Allen and Kennedy 1987).

Equations, and the layers of a network, are a set; what reads its own past, over links, is a cycle of
their dependences. A cycle becomes a loop along the one letter whose links all point one way; inside it
those links are no dependences any more, and what is left is scheduled in the same way: loops in loops
follow. Time and depth are letters like any other.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from symbp.calculus.equation import Equation, Link
from symbp.calculus.expression import entries
from symbp.calculus.order import components

Task = TypeVar("Task")


@dataclass(frozen=True)
class Loop(Generic[Task]):
    """``body`` for all values of ``letter``, from the last to the first where it is ``reverse``."""

    letter: Any  # of an index, or of the copies of a repeat
    reverse: bool
    body: tuple[Task | Loop[Task], ...]


@dataclass(frozen=True)
class Need:
    """Task number ``reader`` reads what number ``producer`` makes: in the same step, or over a link
    along ``letter``, in a step before it (behind it, where the link points ``ahead``)."""

    reader: int
    producer: int
    letter: Hashable = None
    ahead: bool = False


Scheduled = tuple[Equation | Loop[Equation], ...]


class ScheduleError(ValueError):
    """Raised where a value depends on itself within one step, or on past and future at once."""


def schedule(equations: Sequence[Equation], links: Sequence[Link]) -> Scheduled:
    """The equations in an order in which they can run, in loops where they read their own past."""
    known = {link.name: link for link in links}
    made: dict[str, list[int]] = {}
    for k, equation in enumerate(equations):
        made.setdefault(equation.name, []).append(k)
    needs: list[Need] = []
    for k, equation in enumerate(equations):
        for name in dict.fromkeys(r.name for r in entries(equation.rhs)):
            link = known.get(name)
            if link is None:
                needs += [Need(k, producer) for producer in made.get(name, ())]
                continue
            ahead = link.offset > 0
            needs += [Need(k, p, link.letter, ahead) for p in made.get(link.base, ())]
            starts = [p for start in link.starts if start for p in made.get(start, ())]
            needs += [Need(k, p) for p in starts]
    return arranged(tuple(equations), needs)


def arranged(tasks: tuple[Task, ...], needs: Sequence[Need]) -> tuple[Task | Loop[Task], ...]:
    """The tasks behind what they need, as they stand where they may; cycles as loops."""
    numbers = range(len(tasks))
    below: dict[int, list[int]] = {}
    for need in needs:
        below.setdefault(need.reader, []).append(need.producer)
    found: list[Task | Loop[Task]] = []
    for group in components(numbers, below):
        if len(group) == 1 and group[0] not in below.get(group[0], ()):
            found.append(tasks[group[0]])
        else:
            found.append(_loop(tasks, group, needs))
    return tuple(found)


def _loop(tasks: tuple[Task, ...], group: list[int], needs: Sequence[Need]) -> Loop[Task]:
    """A cycle as a loop along the first letter along which all its links point one way."""
    place = {number: k for k, number in enumerate(group)}
    inside = [n for n in needs if n.reader in place and n.producer in place]
    for letter in dict.fromkeys(n.letter for n in inside if n.letter is not None):
        ahead = {n.ahead for n in inside if n.letter == letter}
        if len(ahead) == 1:
            rest = [
                Need(place[n.reader], place[n.producer], n.letter, n.ahead)
                for n in inside
                if n.letter != letter
            ]
            return Loop(letter, ahead.pop(), arranged(tuple(tasks[k] for k in group), rest))
    names = ", ".join(dict.fromkeys(str(getattr(tasks[k], "name", k)) for k in group))
    raise ScheduleError(f"{names}: a value depends on itself in one step, or on past and future")


def flat(items: tuple[Task | Loop[Task], ...]) -> list[Task]:
    """The tasks without their loops."""
    found: list[Task] = []
    for item in items:
        found += flat(item.body) if isinstance(item, Loop) else [item]
    return found


__all__ = ["Loop", "Need", "ScheduleError", "Scheduled", "arranged", "flat", "schedule"]
