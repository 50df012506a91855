"""What a training step takes for one sample, counted: multiply-adds, and entries that are walked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, Letter, Reduction, Size, SumOver, entries
from symbp.calculus.index import base
from symbp.network.items import Item, Loop, Scan, Statement
from symbp.network.program import Program
from symbp.printers.finished import Finished

Count = Callable[[Equation, Unit], int]


def multiply_adds(program: Program) -> int:
    """Of all products of a training step, for one sample."""
    return _total(_step(program), _products)


def walked(program: Program) -> int:
    """Entries of all arrays outside products that a training step writes or reduces, for one sample.

    An operation walks an entry for every value of its letters, and a product leaves one result for
    each of its own; windows are taken offset by offset, so all their arrays are walked once for each.
    """
    return _total(_step(program), _entries)


def executed(program: Program) -> int:
    """Equations that a training step computes, those of loops as often as they run."""
    return _executed(_step(program))


def _executed(items: Iterable[Item]) -> int:
    total = 0
    for item in items:
        if isinstance(item, Loop):
            total += item.repeat.level.times * _executed(item.body)
        elif isinstance(item, Scan):
            total += item.scan.size * _executed(item.body)
        elif isinstance(item, Statement) and item.mode != "inference":
            total += sum(1 for _ in finished(item))
    return total


def finished(statement: Statement) -> Iterator[Finished]:
    """The equations of a statement."""
    return (piece.finished for piece in statement.pieces if piece.finished is not None)


def of_batch(index: Letter, unit: Unit) -> bool:
    """Whether a letter runs over the samples."""
    return unit.sizes.get(base(index), 0) is None


def _step(program: Program) -> tuple[Item, ...]:
    return (*program.forward, *program.loss, *program.backward)


def _total(items: Iterable[Item], count: Count) -> int:
    total = 0
    for item in items:
        if isinstance(item, Loop):
            total += item.repeat.level.times * _total(item.body, count)
        elif isinstance(item, Scan):
            total += _total(item.body, count)
        elif isinstance(item, Statement) and item.mode != "inference":
            total += sum(count(f.runs or f.equation, f.unit) for f in finished(item))
    return total


def _products(equation: Equation, unit: Unit) -> int:
    """Sums of products count; letters of the batch as one."""
    target = _letters(equation.target)
    sums = (node for node in sp.preorder_traversal(equation.rhs) if _product(node))
    return sum(_size({*_letters(s.body), *s.letters, *target}, unit) for s in sums)


def _product(node: sp.Basic) -> bool:
    """Whether this is a sum over a product of tensors."""
    if not isinstance(node, SumOver) or not isinstance(node.body, sp.Mul):
        return False
    return sum(any(True for _ in entries(factor)) for factor in node.body.args) > 1


def _entries(equation: Equation, unit: Unit) -> int:
    """Of the left side and of each operation on the right, where they run over the samples."""
    target = _letters(equation.target)
    found = [target]
    for node in _operations(equation.rhs):
        if _product(node):
            arrays = [target, *(_letters(factor) for factor in node.body.args)]
            window = _window((equation.target, *node.body.args))
            found += [letters | window for letters in arrays if window]
            found.append(_letters(node))
        elif isinstance(node, Reduction):
            found.append(_letters(node.body))
        elif node != equation.rhs:
            found.append(_letters(node))
    return sum(_size(f, unit) for f in found if any(of_batch(i, unit) for i in f))


def _operations(expr: sp.Basic) -> Iterator[sp.Basic]:
    """Every different operation on tensors, but those under a product."""
    seen: set[sp.Basic] = set()
    walk = sp.preorder_traversal(expr)
    for node in walk:
        known = node in seen or isinstance(node, Entry) or not any(True for _ in entries(node))
        if known or _product(node):
            walk.skip()
        if not known:
            seen.add(node)
            yield node


def _window(arrays: tuple[sp.Basic, ...]) -> set[Letter]:
    """The letters of indices in which a place and an offset are added."""
    indices = (i for array in arrays for entry in entries(array) for i in entry.indices)
    return {s for i in indices if isinstance(i, sp.Add) for s in i.free_symbols}


def _size(letters: Iterable[Letter], unit: Unit) -> int:
    return math.prod(unit.sizes.get(base(index), 1) or 1 for index in letters)


def _letters(expr: sp.Basic) -> set[Letter]:
    inside = {i for node in sp.preorder_traversal(expr) if isinstance(node, (Reduction, Size))
              for i in node.args if i.is_Symbol}  # fmt: skip
    return {s for s in expr.free_symbols if s.is_Symbol} - inside
