"""Instructions as lines of code."""

from __future__ import annotations

import re

from symbp.fast.instructions import Call, Instruction, Loop
from symbp.fast.naming import Names
from symbp.fast.strides import View
from symbp.writers.lines import Line

SLOT = re.compile(r"\{(\d+|out)\}")


def lines(body: tuple[Instruction, ...], names: Names, depth: int = 0) -> list[Line]:
    """The instructions in order; the first of each equation carries its formula."""
    made: list[Line] = []
    last = ""
    for item in body:
        if isinstance(item, Loop):
            made += _loop(item, names, depth)
            last = ""
            continue
        made.append(
            Line(call(item, names), item.formula * (item.formula != last), item.task, depth)
        )
        last = item.formula
    return made


def _loop(item: Loop, names: Names, depth: int) -> list[Line]:
    span = f"range({item.size})"
    head = f"for {item.variable} in {f'reversed({span})' if item.reverse else span}:"
    body = lines(item.body, names, depth + 1)
    return [Line(head, "", item.task, depth), *body]


def call(item: Call, names: Names) -> str:
    def written(match: re.Match[str]) -> str:
        if match[1] == "out":
            return names.name(item.out)
        found = item.inputs[int(match[1])]
        return names.name(found) if isinstance(found, View) else found

    return SLOT.sub(written, item.text)
