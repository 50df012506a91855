"""Which equations stand in a loop, along which letter, in which direction (Allen and Kennedy 1987).

Equations are a set; what reads its own past, over links, is a cycle of their dependences. A cycle
becomes a loop along the one letter whose links all point one way; inside it those links are no
dependences any more, and what is left is scheduled in the same way: loops in loops follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symbp.calculus.equation import Equation, Link
from symbp.calculus.expression import Letter, entries
from symbp.calculus.order import components


@dataclass(frozen=True)
class Loop:
    """``body`` for all values of ``letter``, from the last to the first where it is ``reverse``."""

    letter: Letter
    reverse: bool
    body: tuple[Equation | Loop, ...]


Scheduled = tuple[Equation | Loop, ...]


class ScheduleError(ValueError):
    """Raised where a value depends on itself within one step, or on past and future at once."""


def schedule(equations: Sequence[Equation], links: Sequence[Link]) -> Scheduled:
    """The equations in an order in which they can run, in loops where they read their own past."""
    known = {link.name: link for link in links}
    numbers = range(len(equations))
    made: dict[str, list[int]] = {}
    for k in numbers:
        made.setdefault(equations[k].name, []).append(k)
    needs: dict[int, list[int]] = {}
    crossed: dict[tuple[int, int], list[Link]] = {}
    for k in numbers:
        for name in dict.fromkeys(r.name for r in entries(equations[k].rhs)):
            link = known.get(name)
            for producer in made.get(link.base if link else name, ()):
                needs.setdefault(k, []).append(producer)
                if link:
                    crossed.setdefault((k, producer), []).append(link)
    found: list[Equation | Loop] = []
    for group in components(numbers, needs):
        cyclic = len(group) > 1 or group[0] in needs.get(group[0], ())
        if not cyclic:
            found.append(equations[group[0]])
            continue
        inside = [link for (a, b), many in crossed.items() if {a, b} <= set(group) for link in many]
        found.append(_loop([equations[k] for k in group], inside, links))
    return tuple(found)


def _loop(body: list[Equation], inside: list[Link], links: Sequence[Link]) -> Loop:
    """A cycle as a loop along the first letter along which all its links point one way."""
    for letter in sorted({link.letter for link in inside}, key=str):
        ahead = {link.offset > 0 for link in inside if link.letter == letter}
        if len(ahead) == 1:
            rest = [link for link in links if link.letter != letter]
            return Loop(letter, ahead.pop(), schedule(body, rest))
    names = ", ".join(dict.fromkeys(e.name for e in body))
    raise ScheduleError(f"{names}: a value depends on itself in one step, or on past and future")


def flat(items: Scheduled) -> list[Equation]:
    """The equations without their loops."""
    found: list[Equation] = []
    for item in items:
        found += flat(item.body) if isinstance(item, Loop) else [item]
    return found


__all__ = ["Loop", "Mapping", "ScheduleError", "Scheduled", "flat", "schedule"]
