"""The network seen from outside: what the training part of a module has to know of it."""

from __future__ import annotations

from symbp.calculus.expression import Compare, MaxOver, Stop, Where, entries
from symbp.calculus.unary import Abs, Apply, Sign
from symbp.language.spec import Output as Judged
from symbp.network.graph import Tensor
from symbp.network.heads import Head
from symbp.network.items import Item, Loop, Noise, statements
from symbp.network.program import Program
from symbp.network.template import named_bodies
from symbp.network.vocabulary import bounds
from symbp.writers.interface import Interface, Output, Parameter

CLASSES = {"cross_entropy": "one_hot", "binary_cross_entropy": "binary", "hinge": "sign"}


def interface(program: Program, dtype: str) -> Interface:
    """The network as the training part sees it."""
    graph = program.graph
    spec = graph.spec
    several = len(graph.outputs) > 1
    outputs = tuple(
        _output(o, program.tensors[t], several, head)
        for (o, t), head in zip(graph.outputs, program.heads, strict=True)
    )
    reductions = {o.loss.reduction for o, _ in graph.outputs}
    return Interface(
        input_shape=spec.input_shape,
        outputs=outputs,
        parameters=tuple(_parameter(t, program) for t in graph.parameters),
        buffers=tuple(_parameter(t, program) for t in graph.buffers),
        reduction=reductions.pop() if len(reductions) == 1 else "mean",
        dropout=any(isinstance(i, Noise) for i in _all(program.forward)),
        smooth=smooth(program),
        stops=stops(program),
        prepares_targets=any(o.loss.type == "cross_entropy" for o, _ in graph.outputs),
        vocabulary=next(iter(graph.vocabulary.values()), None),
        dtype=dtype,
    )


def _output(judged: Judged, tensor: Tensor, several: bool, head: Head) -> Output:
    """The output that a loss judges; data give the classes of sequences as integers, as one-hot
    rows would be many times as large."""
    shape = tuple(int(size or 0) for size in tensor.shape[1:])
    classes = CLASSES.get(judged.loss.type or "")
    source = (judged.source or "") if several else ""
    if classes == "one_hot" and len(shape) > 1:
        return Output(judged.target, shape, "integer", shape[:-1], shape[-1], True, source)
    wanted = tuple(int(size or 0) for size in head.target_shape[1:])
    count = bounds(head.text.unit).get("t")
    if count is not None:
        return Output(judged.target, shape, "integer", wanted, count, source=source)
    return Output(judged.target, shape, classes, wanted, source=source)


def _parameter(tensor: Tensor, program: Program) -> Parameter:
    shape = (*(level.times for level in tensor.levels), *(int(s or 0) for s in tensor.shape))
    graph = program.graph
    init, kernel = graph.init.get(tensor.name), tensor.name in graph.kernels
    return Parameter(tensor.key, shape, init, len(tensor.levels), kernel)


def _all(items: tuple[Item, ...]) -> list[Item]:
    found: list[Item] = []
    for item in items:
        found += [item, *(_all(item.body) if isinstance(item, Loop) else [])]
    return found


def smooth(program: Program) -> bool:
    """Whether loss and outputs have no kink: no condition, absolute value or maximum of tensors."""
    if program.graph.spec.l1:
        return False
    for statement in [*statements(program.forward), *statements(program.loss)]:
        for piece in statement.pieces:
            if piece.finished is None:
                continue
            for node in piece.finished.equation.rhs.atoms(Compare, Abs, Sign, MaxOver, Apply):
                bent = not isinstance(node, Apply) or named_bodies()[node.function].has(Where)
                if bent and any(True for _ in entries(node)):
                    return False
    return True


def stops(program: Program) -> bool:
    """Whether a formula of the forward pass or of the loss calls stop_gradient."""
    made = [*statements(program.forward), *statements(program.loss)]
    found = (p.finished for s in made for p in s.pieces if p.finished is not None)
    return any(f.equation.rhs.has(Stop) for f in found)
