"""The passes of a generated module as a script, in the pieces that a notebook runs one by one.

pieces(module, entries)[0]  # Piece("forward", "z1 = x @ W1 + b1", ("forward.z1",))
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symbp.writers.equations import Entry
from symbp.writers.module import Module

FUNCTIONS = {"_forward": "forward", "_loss": "loss", "_backward": "backward"}
VALUE = "_value"  # the loss
GRADS = "grads"


@dataclass(frozen=True)
class Piece:
    """Lines that run at the top of a notebook, and the equations that they compute."""

    part: str  # forward | loss | backward
    code: str
    ids: tuple[str, ...]


def pieces(module: Module, entries: Sequence[Entry]) -> tuple[Piece, ...]:
    """Forward a layer a piece, backward a layer's parameters a piece, a loop as a whole.

    What a function reads from ``cache`` stands in the notebook already; the loss goes to ``_value``
    and the dict of the gradients to ``grads``.
    """
    tree = ast.parse(module.source)
    functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    known: set[str] = set()
    made: list[Piece] = []
    for name, part in FUNCTIONS.items():
        statements = _joined(_statements(functions[name], module, known))
        begins = _backward_begins(entries) if part == "backward" else _forward_begins(entries)
        for group in _grouped(statements, begins):
            ids = tuple(i for s in group for i in s.ids)
            made.append(Piece(part, "\n".join(s.code for s in group), ids))
    return tuple(made)


def head(source: str) -> str:
    """A module without what it does when it is run as a program."""
    last = ast.parse(source).body[-1]
    assert isinstance(last, ast.If)
    return "\n".join(source.split("\n")[: last.lineno - 1]).rstrip()


@dataclass(frozen=True)
class _Statement:
    code: str
    ids: tuple[str, ...]


def _statements(function: ast.FunctionDef, module: Module, known: set[str]) -> Iterator[_Statement]:
    """The statements of a pass with the comments before them; ``known`` names stand already."""
    source = module.source.split("\n")
    body = function.body[1:]  # behind the docstring
    before = function.body[0].end_lineno or function.lineno
    for node in body:
        first, last = before + 1, node.end_lineno or node.lineno
        before = last
        ids = tuple(i for i, (a, b) in module.lines.items() if a <= last and node.lineno <= b)
        code = textwrap.dedent("\n".join(source[first - 1 : last]))
        if not ids and _stands_already(node, known):
            continue
        known |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _stored(n)}
        if isinstance(node, ast.Return):
            if function.name == "_forward":
                continue
            target = VALUE if function.name == "_loss" else GRADS
            code = code.replace("return", f"{target} =", 1)
        yield _Statement(code, ids)


def _joined(statements: Iterator[_Statement]) -> list[_Statement]:
    """Statements that compute one equation together, as one."""
    made: list[_Statement] = []
    for statement in statements:
        if made and set(made[-1].ids) & set(statement.ids):
            last = made.pop()
            ids = tuple(dict.fromkeys(last.ids + statement.ids))
            statement = _Statement(f"{last.code}\n{statement.code}", ids)
        made.append(statement)
    return made


def _stands_already(node: ast.stmt, known: set[str]) -> bool:
    """Whether a statement keeps or reads the cache, or reads again what was read before."""
    names = {n.id: n for n in ast.walk(node) if isinstance(n, ast.Name)}
    stored = {name for name, n in names.items() if _stored(n)}
    if "cache" in names:
        return True
    return bool(stored) and stored <= known and set(names) - stored <= {"params", "t"}


def _stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


Begins = Callable[[_Statement, list[_Statement]], bool]


def _forward_begins(entries: Sequence[Entry]) -> Begins:
    layers = {e.id: e.layer for e in entries}

    def begins(statement: _Statement, group: list[_Statement]) -> bool:
        ids = [i for s in group for i in s.ids]
        return bool(ids) and {layers[i] for i in statement.ids} != {layers[i] for i in ids}

    return begins


def _backward_begins(entries: Sequence[Entry]) -> Begins:
    """Behind the gradients of parameters comes something else."""
    slopes = {e.uses[0] for e in entries if e.id.startswith("update.") and e.uses}

    def begins(statement: _Statement, group: list[_Statement]) -> bool:
        ids = {i for s in group for i in s.ids}
        return bool(ids & slopes) and (not statement.ids or not set(statement.ids) <= slopes)

    return begins


def _grouped(statements: list[_Statement], begins: Begins) -> Iterator[list[_Statement]]:
    group: list[_Statement] = []
    for statement in statements:
        if group and begins(statement, group):
            yield group
            group = []
        group.append(statement)
    if group:
        yield group
