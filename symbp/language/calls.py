"""Calls: functions, reductions over letters, and the four forms where, pad, size, stop_gradient."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from symbp.language.names import (
    ACTIVATIONS,
    FUNCTIONS,
    REDUCTIONS,
    arity,
    check_name,
    did_you_mean,
    reserved,
)
from symbp.language.source import Source, segment, shorten
from symbp.language.tree import (
    Call,
    Compare,
    Condition,
    Expr,
    Logical,
    Name,
    Pad,
    Read,
    Reduction,
    SizeOf,
    StopGradient,
    Where,
)


@dataclass(frozen=True)
class Readers:
    """The parser's other productions, for what stands between the parentheses."""

    expression: Callable[[ast.expr, Source], Expr]
    condition: Callable[[ast.expr, Source], Condition]
    read: Callable[[ast.Subscript, Source], Read]


def call(node: ast.Call, source: Source, read: Readers) -> Expr:
    """``call``: any of the forms of the grammar."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        source.fail(f"'{segment(node, source)}' holds a '*'; write its arguments one by one")
    if name in REDUCTIONS:
        return _reduction(name, node, source, read)
    if name in FUNCTIONS + ACTIVATIONS:
        _count(node, name, (arity(name),), source)
        return Call(name, tuple(read.expression(argument, source) for argument in node.args))
    match name, node.args:
        case "where", [condition, then, otherwise]:
            branches = read.expression(then, source), read.expression(otherwise, source)
            return Where(read.condition(condition, source), *branches)
        case "pad", [ast.Subscript() as inner, *value] if len(value) < 2:
            outside = read.expression(value[0], source) if value else None
            return Pad(read.read(inner, source), outside)
        case "size", [ast.Name(id=letter)]:
            return SizeOf(check_name(letter, "index", source.file, source.line))
        case "stop_gradient", [body]:
            return StopGradient(read.expression(body, source))
    _refuse(node, name, source)


def _reduction(op: str, node: ast.Call, source: Source, read: Readers) -> Reduction:
    """``RED "(" expr {"," LETTER} ["," cond] ")"``.

    A condition alone names its letter on its left: ``sum(x[n,k], k == t[n])``.
    """
    _count(node, op, range(1, 1000), source)
    body, *rest = node.args
    condition = None
    if rest and isinstance(rest[-1], ast.Compare | ast.BoolOp):
        condition = read.condition(rest.pop(), source)
    letters = [_letter(op, argument, node, source) for argument in rest]
    if not letters and condition is not None:
        first = _first(condition).left
        letters = [first.name] if isinstance(first, Name) else []
    if not letters:
        shown = segment(node, source, whole=True)
        source.fail(f"'{shorten(shown)}' reduces over no index; write {op}(..., i)")
    for letter in letters:
        if letters.count(letter) > 1:
            source.fail(f"index {letter} is named twice in {op}(...); name it once")
    return Reduction(op, read.expression(body, source), tuple(letters), condition)


def _letter(op: str, argument: ast.expr, node: ast.Call, source: Source) -> str:
    if isinstance(argument, ast.Name):
        return check_name(argument.id, "index", source.file, source.line)
    binary = op in ("max", "min") and len(node.args) == 2
    hint = f"{op}imum({', '.join(segment(a, source) for a in node.args)})"
    source.fail(
        f"'{segment(argument, source)}' in {op}(...) is no index;"
        f" write {hint if binary else f'{op}(..., i)'}"
    )


def _first(condition: Condition) -> Compare:
    while isinstance(condition, Logical):
        condition = condition.parts[0]
    return condition


def _count(node: ast.Call, name: str, allowed: tuple[int, ...] | range, source: Source) -> None:
    if len(node.args) not in allowed:
        wanted = f"{allowed[0]} argument{'s' * (allowed[0] > 1)}"
        source.fail(f"'{segment(node, source)}' gives {name} {len(node.args)}; it takes {wanted}")


FORM = {
    "where": "where(condition, a, b)",
    "pad": "pad(x[n,i-1]) or pad(x[n,i-1], value)",
    "size": "size(i)",
    "stop_gradient": "stop_gradient(expression)",
}


def _refuse(node: ast.Call, name: str, source: Source) -> NoReturn:
    text = segment(node, source)
    if name in FORM:
        source.fail(f"'{text}' is not as {name} is written; write {FORM[name]}")
    close = did_you_mean(name, REDUCTIONS + FUNCTIONS + ACTIVATIONS + tuple(FORM))
    if (close and len(name) > 2) or reserved(name):
        source.fail(f"unknown function '{name}'{close}")
    called = segment(node.func, source, whole=True)
    rest = segment(node, source, whole=True)[len(called) :].lstrip()
    rest = rest if node.args else "(...)"
    match node.func:
        case ast.Name(id=tensor) | ast.Subscript(value=ast.Name(id=tensor)):
            problem = f"calls the tensor {tensor}"
        case _:
            problem = "lacks an operator"
            called = called if isinstance(node.func, ast.Constant | ast.Call) else f"({called})"
            rest = "(" + rest.split("(", 1)[1]
    source.fail(f"'{text}' {problem}; write {shorten(f'{called}*{rest}')}")
