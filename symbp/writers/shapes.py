"""The shapes below a matrix equation, so that nobody asks where the transpose comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sympy as sp

from symbp.arrays.nodes import Axes, Contract, Lin, Node, Reduce, children
from symbp.calculus.equation import ADJOINT
from symbp.calculus.index import base
from symbp.network.items import Statement
from symbp.network.program import Program
from symbp.printers.base import BAR, SLOT
from symbp.printers.dialect import PLAIN
from symbp.printers.finished import Finished
from symbp.writers.document import NOTHING, Formula, Text


def shapes(statement: Statement, program: Program) -> Formula | None:
    """The shapes below a matrix equation: ``(3 x 1) = (3 x N)(N x 1)``; of one matrix of a stack where
    the equation has it in its superscripts."""
    tensor = program.tensors[statement.defines.lstrip(ADJOINT)]
    own, sides = _dimensions(tensor.shape), []
    for piece in statement.pieces:
        if piece.finished is None:
            continue
        tree = piece.finished.shown.tree
        formula = piece.finished.formula("matrix", PLAIN)
        if tree is None or formula is None:
            return None
        labels = _labels(formula[0] + formula[1])
        axes = piece.finished.shown.target.axes
        if len(axes) == len(tensor.shape):
            kept = {a: s for a, s in zip(axes, tensor.shape, strict=True) if base(a) not in labels}
            own = _dimensions(tuple(kept.values()), [*kept] == [_rows(tree, labels)])
        sides.append(_shape_of(tree, piece.finished, labels))
    right = " + ".join(dict.fromkeys(side or own for side in sides))
    if right in ("", own):
        return Formula(NOTHING, Text(own, own.replace(r"\times", "×")), "shape", relation="")
    plain = (own.replace(r"\times", "×"), right.replace(r"\times", "×"))
    return Formula(Text(own, plain[0]), Text(right, plain[1]), "shape")


def _labels(text: str) -> set[str]:
    """The letters in the superscripts of a finished formula: it says one matrix for each of them."""
    known = [slot[1].split(BAR) for slot in SLOT.finditer(text)]
    return {x for parts in known if len(parts) > 2 for x in re.findall("[a-z]+", parts[2])}


def _dimensions(shape: tuple[int | None, ...], column: bool = False) -> str:
    """``N x 3``; a vector is a row, one number a sample or a row a column."""
    words = ["N" if s is None else str(s) for s in shape]
    if not words:
        return "1"
    if len(words) == 1:
        words = [words[0], "1"] if words[0] == "N" or column else ["1", words[0]]
    return "(" + r" \times ".join(words) + ")"


def _rows(tree: Node, labels: set[str]) -> sp.Symbol | None:
    """The letter that counts the rows of the matrices in a tree, where it is one."""
    found = {axes[0] for axes in _matrices(tree, labels)}
    return found.pop() if len(found) == 1 else None


def _matrices(tree: Node, labels: set[str]) -> Iterator[list[sp.Symbol]]:
    axes = [a for a in tree.axes if base(a) not in labels]
    if len(axes) == 2:
        yield axes
    for child in children(tree):
        yield from _matrices(child, labels)


def _shape_of(tree: Node, finished: Finished, labels: set[str]) -> str:
    """The shapes of the two sides of a matrix product; empty for anything else."""

    def size(letter: sp.Symbol) -> int | None:
        return finished.size_of(letter)

    def inner(axes: Axes) -> list[sp.Symbol]:
        return [a for a in axes if base(a) not in labels]

    if isinstance(tree, Contract) and not inner(tree.batch) and len(inner(tree.over)) == 1:
        (over,) = inner(tree.over)
        left = [size(a) for a in inner(tree.a.axes) if a != over]
        right = [size(a) for a in inner(tree.b.axes) if a != over]
        if len(left) <= 1 and len(right) <= 1:
            first = (*left, size(over)) if left else (1, size(over))
            second = (size(over), *right) if right else (size(over), 1)
            return _dimensions(first) + _dimensions(second)
    if isinstance(tree, Lin) and any(isinstance(x, Contract) for _, x in tree.terms):
        sides = (
            _shape_of(x, finished, labels) or _dimensions(tuple(map(size, inner(x.axes))))
            for _, x in tree.terms
        )
        return " + ".join(sides)
    if isinstance(tree, Reduce) and tree.op == "sum" and len(inner(tree.x.axes)) == 2:
        axes = inner(tree.x.axes)
        shape = tuple(map(size, axes))
        if inner(tree.over) == axes[:1]:
            return _dimensions((1, shape[0])) + _dimensions(shape)
        if inner(tree.over) == axes[1:]:
            return _dimensions(shape) + _dimensions((shape[1], 1))
    return ""
