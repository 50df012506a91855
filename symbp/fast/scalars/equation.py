"""One equation as terms: what it gives to each entry of its target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from symbp.arrays.nodes import Contract, Einsum, FirstMaxMask, Node, Reduce, Ref, children
from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Letter
from symbp.fast.scalars.entries import Entries, Place, SizeOf
from symbp.fast.scalars.terms import ZERO, Number, Term, Unfit, Variable, total
from symbp.network.graph import Tensor
from symbp.network.items import Piece
from symbp.printers.finished import Finished


def sizes(tensors: Mapping[str, Tensor], piece: Piece, finished: Finished) -> SizeOf:
    """The sizes of an equation's letters: those of the tensors that it reads, as an equation may be
    derived once for tensors of all sizes."""
    found: dict[Letter, int] = {}
    for node in (n for tree in _trees(finished) for n in _nodes(tree)):
        if isinstance(node, Ref):
            tensor = tensors.get(piece.tensor(node.name).lstrip(ADJOINT))
            shape = tensor.shape if tensor else (None,) * len(node.index)
            if len(shape) != len(node.index):
                raise Unfit("it has a recurrence")
            for k, (index, size) in enumerate(zip(node.index, shape, strict=True)):
                if index.is_Symbol and size is not None and k not in node.short:
                    found[index] = size
    return lambda index: finished.size_of(index) and found.get(index, finished.size_of(index))


def written(
    finished: Finished, read: Callable[[str, Place], Term], size_of: SizeOf, samples: Variable
) -> dict[Place | None, Term]:
    """What an equation gives to each place of its target."""
    lowered = finished.lowered
    letters = {x for tree in _trees(finished) for node in _nodes(tree) for x in letters_of(node)}
    if len([x for x in letters if finished.size_of(x) is None]) > 1:
        raise Unfit("samples are compared with each other")
    entries = Entries(size_of, read, samples)
    made: dict[Place | None, Term] = {}
    if lowered.tree is not None:
        for at in entries.places(lowered.target.axes):
            made[entries.place(lowered.target.index, at)] = entries.term(lowered.tree, at)
    for added in lowered.added:
        for at in entries.places((*added.loops, *added.target.axes)):
            place = entries.place(added.target.index, at)
            made[place] = total([made.get(place, ZERO), entries.term(added.tree, at)])
    fill = finished.unit.fills.get(finished.equation.name)
    return made if fill is None else {None: Number(float(fill)), **made}


def _trees(finished: Finished) -> list[Node]:
    """The target of an equation, and the right sides."""
    lowered = finished.lowered
    trees = (lowered.tree, *(added.tree for added in lowered.added))
    return [lowered.target, *(tree for tree in trees if tree is not None)]


def _nodes(tree: Node) -> Iterator[Node]:
    yield tree
    for child in children(tree):
        yield from _nodes(child)


def letters_of(node: Node) -> tuple[Letter, ...]:
    """The letters that a node has axes for or sums over."""
    sums = (Contract, Einsum, Reduce, FirstMaxMask)
    return (*node.axes, *(node.over if isinstance(node, sums) else ()))
