"""Instructions as lines of code."""

from __future__ import annotations

import re

from symbp.fast.instructions import Call, Instruction, Loop
from symbp.fast.naming import Names
from symbp.fast.strides import View
from symbp.writers.layout import WIDTH
from symbp.writers.lines import Line

SLOT = re.compile(r"\{(\d+|out)\}")
ROOM = WIDTH - 12  # for a line of a step and its comment


def lines(
    body: tuple[Instruction, ...], names: Names, depth: int = 0, told: set[str] | None = None
) -> list[Line]:
    """The instructions in order; the first of each equation carries its formula, and those of others
    that it computes as well where they fit. ``told`` are equations whose formula stands already."""
    told = set() if told is None else told
    made: list[Line] = []
    last = ""
    for item in body:
        if isinstance(item, Loop):
            made += _loop(item, names, depth, told)
            last = ""
            continue
        code = call(item, names)
        formula = item.formula if item.formula != last else ""
        for task, other in item.also:
            joined = "; ".join(filter(None, [formula, other]))
            if task not in told and other and len(f"{code}  # {joined}") <= ROOM - 4 * depth:
                told.add(task)
                formula = joined
        told.add(item.task)
        ids = dict.fromkeys([item.task, *(task for task, _ in item.also)])
        made.append(Line(code, formula, " ".join(filter(None, ids)), depth))
        last = item.formula
    return made


def _loop(item: Loop, names: Names, depth: int, told: set[str]) -> list[Line]:
    span = f"range({item.size})"
    head = (
        f"for {names.variable(item.variable)} in {f'reversed({span})' if item.reverse else span}:"
    )
    body = lines(item.body, names, depth + 1, told)
    return [Line(head, "", item.task, depth), *body]


def call(item: Call, names: Names) -> str:
    def written(match: re.Match[str]) -> str:
        if match[1] == "out":
            return names.name(item.out)
        found = item.inputs[int(match[1])]
        return names.name(found) if isinstance(found, View) else found

    return SLOT.sub(written, item.text)
