"""What a network is made of: its layers with shapes, parameters and counts, as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from symbp.language.spec import Layer, Output
from symbp.network.expansion import expand
from symbp.network.graph import Graph, Node, Repeat, Tensor
from symbp.network.program import Program
from symbp.writers.table import Column, Table

INDENT = "  "
COLUMNS = (
    Column("layer"),
    Column("type"),
    Column("output"),
    Column("parameters"),
    Column("count", right=True),
)


@dataclass(frozen=True)
class Row:
    """A layer; ``parameters`` holds (name, whole shape) of its own, ``buffers`` the same."""

    name: str
    type: str
    output: tuple[int, ...]
    parameters: tuple[tuple[str, tuple[int, ...]], ...] = ()
    buffers: tuple[tuple[str, tuple[int, ...]], ...] = ()
    share: str = ""
    depth: int = 0

    @property
    def count(self) -> int:
        """Numbers to train; buffers are not counted."""
        return sum(math.prod(shape) for _, shape in self.parameters)


def rows(program: Program) -> list[Row]:
    """One row a layer of the file, those of residual and repeat indented below their own."""
    graph, spec = program.graph, program.graph.spec
    source = Row(spec.input_name, "input", spec.input_shape)
    return [source, *_Walk(graph).layers(spec.layers, iter(graph.items), 0)]


def count(program: Program) -> int:
    """How many numbers the network trains."""
    return sum(row.count for row in rows(program))


def show(program: Program) -> Table:
    """The table that ``symbp show`` prints."""
    made = rows(program)
    total = str(sum(row.count for row in made))
    cells = tuple(
        (
            INDENT * row.depth + row.name,
            INDENT * row.depth + row.type,
            list_of(row.output),
            _parameters(row),
            str(row.count) if row.count else "",
        )
        for row in made
    )
    return Table(COLUMNS, cells, ("total", "", "", "", total))


def losses(program: Program) -> list[str]:
    """One line for each loss: what it compares with what."""
    graph = program.graph
    return [_loss(output, graph.tensors[tensor]) for output, tensor in graph.outputs]


def list_of(shape: tuple[int, ...]) -> str:
    """A shape as network files write it: ``[8, 4]``."""
    return repr(list(shape))


def _parameters(row: Row) -> str:
    if row.share:
        return f"those of {row.share}"
    own = [f"{name} {list_of(shape)}" for name, shape in row.parameters]
    return ", ".join([*own, *(f"{name} {list_of(shape)} (buffer)" for name, shape in row.buffers)])


def _loss(output: Output, tensor: Tensor) -> str:
    kind = output.loss.type or "by formula"
    weight = f", weight {output.weight:g}" if output.weight != 1 else ""
    against = f"{tensor.name} {list_of(_sample(tensor))} against {output.target}"
    return f"loss: {kind}, {against}, {output.loss.reduction} over the batch{weight}"


class _Walk:
    """Goes through layers and graph together: each layer has made the next node or nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def layers(
        self, layers: tuple[Layer, ...], items: Iterator[Node | Repeat], depth: int
    ) -> list[Row]:
        return [row for layer in layers for row in self.layer(layer, items, depth)]

    def layer(self, layer: Layer, items: Iterator[Node | Repeat], depth: int) -> list[Row]:
        if layer.type == "residual":
            inside = self.layers(layer.layers, items, depth + 1)
            return [self.row(layer, [next(items)], depth), *inside]
        if layer.type == "repeat":
            repeat = next(items)
            assert isinstance(repeat, Repeat)
            shape = _sample(self.graph.tensors[repeat.result])
            head = Row(repeat.result, f"repeat, {repeat.level.times} times", shape, depth=depth)
            return [head, *self.layers(layer.layers, iter(repeat.items), depth + 1)]
        return [self.row(layer, [next(items) for _ in expand(layer)], depth)]

    def row(self, layer: Layer, nodes: list[Node | Repeat], depth: int) -> Row:
        made = [node for node in nodes if isinstance(node, Node)]
        tensors = [self.graph.tensors[name] for node in made for name in node.names.values()]
        last = made[-1]
        return Row(
            last.layer,
            _type(layer),
            _sample(self.graph.tensors[last.output]),
            () if layer.share else _of_role(tensors, "parameter"),
            () if layer.share else _of_role(tensors, "buffer"),
            layer.share or "",
            depth,
        )


def _of_role(tensors: list[Tensor], role: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    found = {}
    for tensor in tensors:
        if tensor.role == role:
            copies = tuple(level.times for level in tensor.levels)
            found[tensor.key] = (*copies, *(size or 0 for size in tensor.shape))
    return tuple(found.items())


def _sample(tensor: Tensor) -> tuple[int, ...]:
    return tuple(size or 0 for size in tensor.shape[1:])


def _type(layer: Layer) -> str:
    options = dict(layer.options)
    function = options.get("activation") or options.get("function")
    if layer.formula is not None and layer.type == "activation":
        function = "by formula"
    words = [layer.type, " ".join(str(function).split()) if function else ""]
    return ", ".join(word for word in words if word)
