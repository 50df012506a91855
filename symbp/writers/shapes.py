"""The shapes below a matrix equation, so that nobody asks where the transpose comes from."""

from __future__ import annotations

import sympy as sp

from symbp.arrays.nodes import Contract, Lin, Node, Reduce
from symbp.calculus.equation import ADJOINT
from symbp.network.items import Statement
from symbp.network.program import Program
from symbp.printers.dialect import LATEX
from symbp.printers.finished import Finished
from symbp.writers.document import NOTHING, Formula, Text


def shapes(statement: Statement, program: Program) -> Formula | None:
    """The shapes below a matrix equation: ``(3 x 1) = (3 x N)(N x 1)``."""
    tensor = program.tensors[statement.defines.lstrip(ADJOINT)]
    own = _dimensions(tensor.shape)
    sides = []
    for piece in statement.pieces:
        if piece.finished is None:
            sides.append(own)
            continue
        tree = piece.finished.shown.tree
        if tree is None or piece.finished.formula("matrix", LATEX) is None:
            return None
        sides.append(_shape_of(tree, piece.finished) or own)
    right = " + ".join(dict.fromkeys(sides))
    if right == own:
        return Formula(NOTHING, Text(own, own.replace(r"\times", "×")), "shape", relation="")
    plain = (own.replace(r"\times", "×"), right.replace(r"\times", "×"))
    return Formula(Text(own, plain[0]), Text(right, plain[1]), "shape")


def _dimensions(shape: tuple[int | None, ...]) -> str:
    """``N x 3``; a vector is a row, one number a sample a column."""
    words = ["N" if s is None else str(s) for s in shape]
    if not words:
        return "1"
    if len(words) == 1:
        words = [words[0], "1"] if words[0] == "N" else ["1", words[0]]
    return "(" + r" \times ".join(words) + ")"


def _shape_of(tree: Node, finished: Finished) -> str:
    """The shapes of the two sides of a matrix product; empty for anything else."""

    def size(letter: sp.Symbol) -> int | None:
        return finished.size_of(letter)

    if isinstance(tree, Contract) and not tree.batch and len(tree.over) == 1:
        over = tree.over[0]
        left = [size(a) for a in tree.a.axes if a != over]
        right = [size(a) for a in tree.b.axes if a != over]
        if len(left) <= 1 and len(right) <= 1:
            first = (*left, size(over)) if left else (1, size(over))
            second = (size(over), *right) if right else (size(over), 1)
            return _dimensions(first) + _dimensions(second)
    if isinstance(tree, Lin) and any(isinstance(x, Contract) for _, x in tree.terms):
        return " + ".join(
            _shape_of(x, finished) or _dimensions(tuple(size(a) for a in x.axes))
            for _, x in tree.terms
        )
    if isinstance(tree, Reduce) and tree.op == "sum" and len(tree.x.axes) == 2:
        shape = tuple(size(a) for a in tree.x.axes)
        if tree.over == tree.x.axes[:1]:
            return _dimensions((1, shape[0])) + _dimensions(shape)
        if tree.over == tree.x.axes[1:]:
            return _dimensions(shape) + _dimensions((shape[1], 1))
    return ""
