"""What a step costs in plain floats and in calls of NumPy, counted before anything is written."""

from __future__ import annotations

import math
from collections.abc import Iterator

from symbp.arrays.nodes import (
    Align,
    Arange,
    Axes,
    Call,
    Const,
    Contract,
    Einsum,
    FirstMaxMask,
    Lin,
    Node,
    Prod,
    Reduce,
    Ref,
    children,
)
from symbp.fast.scalars.functions import body
from symbp.network.items import statements
from symbp.network.program import Program
from symbp.network.template import named_bodies
from symbp.printers.finished import Finished

# Seconds: of one counted operation on floats, and of one counted call of NumPy into arrays that stand
# already. Python 3.11 and NumPy 2.4 on one AMD Zen 4 core: `python benchmarks/crossover.py` gives the
# first (8 to 12 ns at four samples and more), and 600 ns for calls that make their arrays anew; of
# those calls that do not, a ufunc takes 290 ns and a product of matrices 310.
OPERATION = 0.010e-6
CALL = 0.3e-6
USUAL_BATCH = 4  # where [train] names none


def batch_of(program: Program) -> int:
    """The samples of a usual step."""
    return program.graph.spec.train.batch_size or USUAL_BATCH


def seconds(program: Program) -> tuple[float, float]:
    """Of a step in floats, and in calls of NumPy."""
    batch = batch_of(program)
    operations = sum(math.prod(int(s or 1) for s in p.shape) for p in program.graph.parameters)
    calls = 1 + 2 * len(program.heads)  # the update; input and targets
    for finished in _finished(program):
        trees = [(finished.lowered.tree, ())]
        trees += [(added.tree, added.loops) for added in finished.lowered.added]
        for tree, loops in trees:
            if tree is not None:
                times = _size(loops, finished, batch)
                operations += times * _operations(tree, finished, batch)
                calls += times * max(1, _calls(tree))
    return operations * OPERATION, calls * CALL


def _finished(program: Program) -> Iterator[Finished]:
    for item in statements((*program.forward, *program.loss, *program.backward)):
        yield from (p.finished for p in item.pieces if p.finished is not None)


def _size(letters: Axes, finished: Finished, batch: int) -> int:
    return math.prod(finished.size_of(x) or batch for x in dict.fromkeys(letters))


def _operations(node: Node, finished: Finished, batch: int) -> int:
    """Of floats, in a tree over all its entries."""
    inner = sum(_operations(x, finished, batch) for x in children(node))
    match node:
        case Ref() | Const() | Arange() | Align():
            return inner
        case Contract(over=over) | Einsum(over=over):
            terms = len(children(node))
            return inner + terms * _size((*node.axes, *over), finished, batch)
        case Reduce(x=x) | FirstMaxMask(x=x):
            return inner + _size(x.axes, finished, batch)
    return inner + _width(node) * _size(node.axes, finished, batch)


def _calls(node: Node) -> int:
    """Of NumPy, in a tree."""
    inner = sum(map(_calls, children(node)))
    if isinstance(node, (Ref, Const, Arange, Align)):
        return inner
    return inner + _width(node)


def _width(node: Node) -> int:
    """The elementwise operations that one node stands for."""
    match node:
        case Prod(coefficient=c, over=over, under=under):
            return max(1, len(over) + len(under) - 1 + (abs(c) != 1))
        case Lin(terms=terms):
            return max(1, len(terms) - 1)
        case Call(function=function):
            return _of_function(function)
    return 1


def _of_function(function: str) -> int:
    """A named activation counts as its formula does; any other function as two operations."""
    if function not in named_bodies() or function in ("tanh", "sin"):
        return 2
    return _calls(body(function))
