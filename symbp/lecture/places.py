"""Where the terms of marked code stand in the lines of the module that it was broken into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbp.printers.marks import BEGIN, BEHIND_KEY, END, unmarked

INSERTED = "(),"  # what the breaking of a line adds, beside white space


@dataclass(frozen=True)
class Span:
    """Columns ``start`` to ``stop`` of a line, which stand for ``term``."""

    start: int
    stop: int
    term: str


def spans(code: str, lines: Sequence[str]) -> list[list[Span]]:
    """The spans of a marked statement in each of the lines that it stands on.

    Spans that begin together come in the order of their nesting, outer ones first. Raises ValueError
    where the lines are not those of the statement.
    """
    found: list[list[Span]] = [[] for _ in lines]
    for key, first, behind in _terms(code, places(unmarked(code), lines)):
        (begin, start), (end, last) = first, behind
        for row in range(begin, end + 1):
            text = lines[row]
            left = start if row == begin else len(text) - len(text.lstrip())
            right = last + 1 if row == end else len(text.rstrip())
            if left < right:
                found[row].append(Span(left, right, key))
    return [sorted(row, key=lambda s: (s.start, -s.stop)) for row in found]


Place = tuple[int, int]  # line, column


def _terms(code: str, places: list[Place]) -> list[tuple[str, Place, Place]]:
    """Each term of marked code as it opens: key, place of its first and of its last character."""
    made: dict[int, tuple[str, Place, Place]] = {}
    opened: list[tuple[int, str, int]] = []
    begun = position = 0  # in the unmarked code without white space
    rest = iter(code)
    for char in rest:
        if char == BEGIN:
            key = ""
            while (char := next(rest)) != BEHIND_KEY:
                key += char
            opened.append((begun, key, position))
            begun += 1
        elif char == END:
            number, key, begin = opened.pop()
            if begin < position:
                made[number] = (key, places[begin], places[position - 1])
        elif not char.isspace():
            position += 1
    return [made[number] for number in sorted(made)]


def places(code: str, lines: Sequence[str]) -> list[Place]:
    """Where each character of a statement, white space left out, stands in its lines."""
    wanted = "".join(code.split())
    there = [
        (row, column, char)
        for row, line in enumerate(lines)
        for column, char in enumerate(line)
        if not char.isspace()
    ]
    made: list[Place] = []
    k = 0
    for position, char in enumerate(wanted):
        while k < len(there) and (there[k][2] != char or _more_open(wanted, position, there, k)):
            if there[k][2] not in INSERTED:
                raise ValueError(f"{lines} are not the lines of {code}")
            k += 1
        if k == len(there):
            raise ValueError(f"{lines} are not the lines of {code}")
        made.append(there[k][:2])
        k += 1
    return made


def _more_open(wanted: str, position: int, there: list[tuple[int, int, str]], k: int) -> bool:
    """Whether a bracket is one that was put around the others that open here."""
    if wanted[position] != "(":
        return False
    run = len(wanted) - position - len(wanted[position:].lstrip("("))
    found = 0
    while k + found < len(there) and there[k + found][2] == "(":
        found += 1
    return found > run
