"""The code of a pass in rows that fit beside a derivation, and the part of it that a slide shows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symbp.writers.equations import Entry, step_lines
from symbp.writers.layout import INDENT
from symbp.writers.module import Module

COLUMNS = 37
TALL = 17  # lines of code on a slide
FUNCTIONS = {"forward": "_forward", "loss": "_loss", "backward": "_backward"}
OPENING, CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Row:
    """A statement, or the head of a loop, as lines; ``ids`` are the equations that it computes."""

    lines: tuple[str, ...]
    ids: frozenset[str]


def rows(part: str, module: Module, entries: Sequence[Entry]) -> tuple[Row, ...]:
    """The equations of a pass in training, and the heads of the loops around them; of an update, the
    whole step. Empty arrays that a loop fills are left out."""
    source = module.source.split("\n")
    wanted = {e.id: e.lines for e in entries if e.part == part and not e.id.endswith(".inference")}
    if part == "update":
        first, last = step_lines(module.source)
        wanted = {id: span for id, span in wanted.items() if span == (first, last)}
        tree: ast.AST = ast.parse(module.source)
    else:
        tree = next(
            f for f in ast.parse(module.source).body
            if isinstance(f, ast.FunctionDef) and f.name == FUNCTIONS[part]
        )  # fmt: skip
    if not wanted:
        return ()
    made = []
    for start, end in _spans(tree):
        ids = frozenset(i for i, (a, b) in wanted.items() if a <= start and end <= b)
        made.append(Row(_fitted(source[start - 1 : end]), ids))
    return _finished([row for row in made if row.ids] if part == "update" else made)


def height(whole: tuple[Row, ...], ids: frozenset[str]) -> int:
    """How many lines it takes to show some equations."""
    own = [k for k, row in enumerate(whole) if row.ids & ids]
    return sum(len(row.lines) for row in whole[own[0] : own[-1] + 1]) if own else 0


def window(whole: tuple[Row, ...], ids: frozenset[str], tall: int = TALL) -> tuple[Row, ...]:
    """The rows of some equations and as many around them as fit."""
    own = [k for k, row in enumerate(whole) if row.ids & ids]
    if not own:
        return ()
    first, last = own[0], own[-1] + 1
    used = height(whole, ids)
    grown = True
    while grown:
        grown = False
        for place in (first - 1, last):
            more = len(whole[place].lines) if 0 <= place < len(whole) else tall
            if used + more <= tall:
                used += more
                first, last = min(first, place), max(last, place + 1)
                grown = True
    return whole[first:last]


def _spans(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """First and last line of every simple statement, and of the head of every compound one."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.stmt):
            continue
        end = node.end_lineno or node.lineno
        if isinstance(node, ast.For | ast.If | ast.FunctionDef):
            yield node.lineno, node.body[0].lineno - 1
            yield from _spans(node)
        else:
            yield node.lineno, end


def _fitted(lines: list[str]) -> tuple[str, ...]:
    """A statement without its comments, on lines as wide as the column."""
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    bare = [re.sub(r"(^|\s+)# .*$", "", line).strip() for line in lines]
    code = _joined([line for line in bare if line])
    made = [indent]
    for piece in re.split(r"(?<=[ (\[])", code):  # a line may end behind a space or a bracket
        if len(f"{made[-1]}{piece}".rstrip()) > COLUMNS + len(INDENT) and made[-1].strip():
            made.append(indent + "  ")
        made[-1] += piece
    return tuple(line.rstrip() for line in made)


def _joined(lines: list[str]) -> str:
    code = lines[0]
    for line in lines[1:]:
        closes = line[0] in CLOSING or line[0] == "."
        if line[0] in CLOSING:
            code = code.removesuffix(",")
        code += line if code[-1] in OPENING or closes else f" {line}"
    return code


def _finished(made: list[Row]) -> tuple[Row, ...]:
    """The rows that compute something, at the margin; heads of loops belong to what stands in them."""
    found: list[Row] = []
    for row in reversed(made):
        inner = found and _indent(found[-1]) > _indent(row)
        if row.ids:
            found.append(row)
        elif inner and row.lines[-1].endswith(":"):
            found.append(Row(row.lines, found[-1].ids))
    indent = min(map(_indent, found), default=0)
    return tuple(Row(tuple(x[indent:] for x in r.lines), r.ids) for r in reversed(found))


def _indent(row: Row) -> int:
    return len(row.lines[0]) - len(row.lines[0].lstrip())
