"""What a step of training runs: calls that write into arrays that stand already, and loops of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbp.fast.strides import Array, View

Input = View | str  # a text is a number


@dataclass(frozen=True)
class Call:
    """One NumPy call: ``text`` has the slots {0}, {1}, .. for the inputs and {out} for the output.

    ``entrywise``: each entry of the output needs the same entry of the inputs alone, so that it may
    take their place. ``adds``: the output is read, too. ``task`` is the equation's id; ``also`` are ids
    and formulas of others that it computes as well."""

    text: str
    inputs: tuple[Input, ...]
    out: View
    entrywise: bool = False
    adds: bool = False
    task: str = ""
    formula: str = ""
    also: tuple[tuple[str, str], ...] = ()

    @property
    def reads(self) -> tuple[View, ...]:
        own = (self.out,) if self.adds else ()
        return (*(i for i in self.inputs if isinstance(i, View)), *own)


@dataclass(frozen=True)
class Loop:
    """``body`` for each value of ``variable`` below ``size``."""

    variable: str
    size: int
    reverse: bool
    body: tuple[Instruction, ...]
    task: str = ""


Instruction = Call | Loop


def calls(body: tuple[Instruction, ...]) -> Iterator[Call]:
    """Every call, those in loops too."""
    for item in body:
        if isinstance(item, Loop):
            yield from calls(item.body)
        else:
            yield item


def arrays(body: tuple[Instruction, ...]) -> dict[str, Array]:
    """Every array that is read or written, by its name."""
    found: dict[str, Array] = {}
    for call in calls(body):
        for view in (*call.reads, call.out):
            found[view.array.name] = view.array
    return found
