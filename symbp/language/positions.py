"""What stands between the brackets of ``x[n, 2*p+u-1, (h,d), tok[n,t], ...]``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from symbp.language.names import check_name
from symbp.language.source import Source, segment
from symbp.language.tree import Affine, Ellipsis_, Gather, Group, Position, Read

MAX_INDEX = 10**9
Reader = Callable[[ast.Subscript], Read]


def positions(node: ast.Subscript, source: Source, read: Reader) -> tuple[Position, ...]:
    """One position an axis; ``read`` reads the integer tensors among them."""
    inside = node.slice
    several = isinstance(inside, ast.Tuple) and not _in_parentheses(inside, source)
    parts = inside.elts if several and isinstance(inside, ast.Tuple) else [inside]
    found = tuple(_position(part, source, read) for part in parts)
    if not found or found.count(Ellipsis_()) > 1:
        problem = "holds '...' twice" if found else "holds no index"
        source.fail(f"'{segment(node, source)}' {problem}; write one position for each axis")
    return found


def _in_parentheses(node: ast.Tuple, source: Source) -> bool:
    """Whether a tuple is ``(h,d)`` and not ``h,d``: Python's tree is the same for both."""
    text = segment(node, source, whole=True)
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0:  # where the first bracket closes
            return text[0] == "(" and place == len(text) - 1
    return False


def _position(node: ast.expr, source: Source, read: Reader) -> Position:
    if isinstance(node, ast.Constant) and node.value is ...:
        return Ellipsis_()
    if not isinstance(node, ast.Tuple):
        return _index(node, source, read)
    if len(node.elts) < 2:
        source.fail(f"'{segment(node, source)}' groups fewer than two indices; write x[n,i]")
    return Group(tuple(_index(part, source, read) for part in node.elts))


def _index(node: ast.expr, source: Source, read: Reader) -> Affine | Gather:
    """``index = iterm {("+"|"-") iterm} | "-" INT``."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        constant = _integer(node.operand, source)
        if constant is not None:
            return Affine(constant=-constant)
    terms: dict[str, int] = {}
    sizes: dict[str, int] = {}
    constant = 0
    gathered: list[Gather] = []
    for sign, term in _terms(node):
        number = _integer(term, source)
        match term:
            case ast.Constant() if number is not None:
                constant += sign * number
            case ast.Name(id=name):
                _add(terms, _letter(name, source), sign)
            case ast.BinOp(left=left, op=ast.Mult(), right=ast.Name(id=name)) if factor := _integer(
                left, source
            ):
                _add(terms, _letter(name, source), sign * factor)
            case ast.Call(func=ast.Name(id="size"), args=[ast.Name(id=name)], keywords=[]):
                _add(sizes, _letter(name, source), sign)
            case ast.Subscript():
                gathered.append(Gather(read(term), sign))
            case _:
                source.fail(
                    f"'{segment(term, source)}' is no index; write a sum such as 2*p+u-1,"
                    " (h,d), or a read of an integer tensor"
                )
    index: Affine | Gather = Affine(_pairs(terms), constant, _pairs(sizes))
    for gather in reversed(gathered):
        index = replace(gather, rest=index)
    return index


def _terms(node: ast.expr, sign: int = 1) -> Iterator[tuple[int, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from _terms(node.left, sign)
        yield from _terms(node.right, sign if isinstance(node.op, ast.Add) else -sign)
    else:
        yield sign, node


def _integer(node: ast.expr, source: Source) -> int | None:
    if not (isinstance(node, ast.Constant) and type(node.value) is int):
        return None
    if node.value > MAX_INDEX:
        source.fail(f"'{segment(node, source)}' is too large for an index; at most {MAX_INDEX}")
    return node.value


def _letter(name: str, source: Source) -> str:
    return check_name(name, "index", source.file, source.line)


def _add(sums: dict[str, int], letter: str, coefficient: int) -> None:
    sums[letter] = sums.get(letter, 0) + coefficient


def _pairs(sums: dict[str, int]) -> tuple[tuple[int, str], ...]:
    return tuple((coefficient, letter) for letter, coefficient in sums.items() if coefficient)
