"""The generated module with a probe behind each line that makes an adjoint: nothing about the gradient
is written by hand, the module itself tells what it computes on the way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from symbp.calculus.equation import ADJOINT
from symbp.network.items import Item, Loop, Scan, Statement
from symbp.network.program import Program
from symbp.proof import module
from symbp.writers.module import Module

SEEN = "_seen"  # what the probes fill: (tensor, the values of the loops around it) -> adjoint
Key = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class _Probe:
    line: int  # behind which it goes
    indent: int
    text: str


def load_probed(program: Program, written: Module) -> ModuleType:
    """The module of a program, which keeps every adjoint of its latest backward pass in ``_seen``."""
    loaded = module.load(probed(program, written))
    setattr(loaded, SEEN, {})
    return loaded


def seen(loaded: ModuleType) -> dict[Key, np.ndarray]:
    """The adjoints of the latest backward pass, and an empty store for the next one."""
    found: dict[Key, np.ndarray] = getattr(loaded, SEEN)
    setattr(loaded, SEEN, {})
    return found


def probed(program: Program, written: Module) -> str:
    """The source with a line ``_seen[tensor, loops] = adjoint`` behind each adjoint's own line."""
    places = _assignments(ast.parse(written.source))
    probes: list[_Probe] = []
    for statement, depth in _statements(program.backward):
        name = statement.defines.removeprefix(ADJOINT)
        if name not in program.tensors or program.tensors[name].role == "parameter":
            continue
        first, last = written.lines.get(statement.id, (1, 0))
        own = [place for place in places if first <= place.line <= last]
        for place in own[-1:]:
            loops = place.loops[:depth]  # those inside add up one and the same adjoint
            key = f"({name!r}, ({''.join(f'{loop}, ' for loop in loops)}))"
            text = f"{SEEN}[{key}] = {ast.unparse(_whole(place.target, loops))}"
            probes.append(_Probe(place.line, place.indent, text))
    lines = written.source.split("\n")
    for probe in sorted(probes, key=lambda p: -p.line):
        lines.insert(probe.line, " " * probe.indent + probe.text)
    return "\n".join(lines)


def _statements(items: tuple[Item, ...], depth: int = 0) -> Iterator[tuple[Statement, int]]:
    """Every statement, and how many loops over copies or over time stand around it."""
    for item in items:
        if isinstance(item, Loop | Scan):
            yield from _statements(item.body, depth + 1)
        elif isinstance(item, Statement):
            yield item, depth


@dataclass(frozen=True)
class _Place:
    """The last line of an assignment, what it assigns to, and the variables of the loops around it."""

    line: int
    indent: int
    target: ast.expr
    loops: tuple[str, ...]


def _assignments(tree: ast.AST) -> list[_Place]:
    return sorted(_inside(tree, ()), key=lambda place: place.line)


def _inside(node: ast.AST, loops: tuple[str, ...]) -> Iterator[_Place]:
    if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
        loops = (*loops, node.target.id)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assign | ast.AugAssign):
            target = child.targets[0] if isinstance(child, ast.Assign) else child.target
            yield _Place(child.end_lineno or child.lineno, child.col_offset, target, loops)
        yield from _inside(child, loops)


def _whole(target: ast.expr, loops: tuple[str, ...]) -> ast.expr:
    """The array that a target is a part of, or the step of it that the loops are at."""
    if not isinstance(target, ast.Subscript):
        return target
    places = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    own = [k for k, p in enumerate(places) if isinstance(p, ast.Name) and p.id in loops]
    if not own:
        return target.value
    return ast.Subscript(target.value, ast.Tuple(places[: own[-1] + 1], ast.Load()), ast.Load())
