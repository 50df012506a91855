"""Marked formulas that are too wide for a column, in lines: broken as documents break them.

A term that runs over a break is marked on both lines, under the same key.
"""

from __future__ import annotations

import re

from symbp.writers.linebreaks import broken
from symbp.writers.measure import width

ROOM = (
    290.0  # points; half as much again as a column of a projected page has, for formulas may shrink
)
TOKEN = re.compile(r"\\htmlData\{term=([^}]*)\}\{|(\\[a-zA-Z]+|\\.|.)", re.DOTALL)
RELATION = re.compile(r"(?:^| )(=|\\leftarrow) ")
NEXT = r", \; "  # between the formulas of an update rule
BRACKETS = {r"\Bigl": r"\left", r"\Bigr": r"\right"}


def in_lines(latex: str) -> str:
    """A formula with ``\\htmlData`` around its terms; one that is too wide as an ``aligned`` of lines."""
    if width(unmarked(latex)) <= ROOM:
        return latex
    lines = [line for formula in latex.split(NEXT) for line in _lines(formula)]
    if len(lines) == 1:
        return latex
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def unmarked(latex: str) -> str:
    """The formula without its marks."""
    return "".join(token for token, _ in _items(latex))


def _lines(formula: str) -> list[str]:
    """``left &= first line`` and the lines below it."""
    relation = RELATION.search(formula)
    if relation is None:
        return [f"& {formula}"]
    left, right = formula[: relation.start()], formula[relation.end() :]
    room = max(ROOM / 2, ROOM - width(unmarked(left)))
    first, *others = _marked(broken(unmarked(right), room), right)
    return [rf"{left} &{relation[1]} {first}", *(rf"&\quad {line}" for line in others)]


Terms = tuple[tuple[str, int], ...]  # key and place of each, outer ones first


def _items(latex: str) -> list[tuple[str, Terms]]:
    """The tokens of a formula, each with the terms around it; marks left out."""
    found: list[tuple[str, Terms]] = []
    opened: list[tuple[str, int] | None] = []
    for match in TOKEN.finditer(latex):
        if match[1] is not None:
            opened.append((match[1], match.start()))
            continue
        token = match[2]
        if token == "}" and opened.pop() is not None:
            continue
        if token == "{":
            opened.append(None)
        found.append((token, tuple(term for term in opened if term is not None)))
    return found


def _marked(lines: list[str], latex: str) -> list[str]:
    """Lines that a formula was broken into, with the formula's marks."""
    items = [item for item in _items(latex) if item[0] != " "]
    made = []
    for line in lines:
        text = ""
        around: Terms = ()
        for token in (match[2] for match in TOKEN.finditer(line)):
            if token == " ":
                text += " "
                continue
            known, terms = items.pop(0)
            assert known in (token, BRACKETS.get(token))
            text += _between(around, terms) + token
            around = terms
        made.append(text + "}" * len(around))
    return made


def _between(before: Terms, after: Terms) -> str:
    """The ends and beginnings of terms between two tokens."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    begins = "".join(rf"\htmlData{{term={key}}}{{" for key, _ in after[same:])
    return "}" * (len(before) - same) + begins
