"""What the picture of a network shows, from its input down to its loss, before anything has a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symbp.calculus.equation import ADJOINT
from symbp.language.spec import Layer
from symbp.lecture.page_keys import Keys
from symbp.network.expansion import expand
from symbp.network.graph import Level, Node, Repeat
from symbp.network.program import Program
from symbp.writers.equations import Entry


@dataclass(frozen=True)
class Tag:
    """A tensor on its way from layer to layer; ``note`` is a key of the phrase book."""

    tensor: str
    note: str = ""


@dataclass(frozen=True)
class Box:
    """A layer, or the loss. ``inner`` are the tensors that it makes on its way, ``shares`` the parts of
    adjoints that it sends back, ``parameters`` what stands beside it; all by their names in the program.
    """

    layer: str
    kind: str
    inputs: tuple[str, ...]
    output: str
    inner: tuple[str, ...]
    shares: tuple[str, ...]
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Open:
    """The top of a frame around the copies of a repeat."""

    repeat: Repeat

    @property
    def level(self) -> Level:
        return self.repeat.level


@dataclass(frozen=True)
class Close:
    repeat: Repeat


Row = Tag | Box | Open | Close
BESIDE = ("parameter", "buffer", "constant")


def plan(program: Program, entries: Sequence[Entry], keys: Keys) -> tuple[Row, ...]:
    """The rows of the picture, top to bottom."""
    graph = program.graph
    kinds = dict(_kinds(graph.spec.layers, iter(graph.items)))
    made = _Plan(program, entries, keys, kinds)
    source = graph.spec.input_name
    return (Tag(source, "input"), *made.rows(graph.items), *made.loss())


class _Plan:
    def __init__(
        self, program: Program, entries: Sequence[Entry], keys: Keys, kinds: dict[str, str]
    ) -> None:
        self.program = program
        self.tensors = program.tensors
        self.entries = entries
        self.keys = keys
        self.kinds = kinds

    def rows(self, items: Sequence[Node | Repeat]) -> Iterator[Row]:
        for item in items:
            if isinstance(item, Node):
                yield self.box(item)
                yield Tag(item.output)
            else:
                yield Open(item)
                yield Tag(item.start)
                yield from self.rows(item.items)
                yield Close(item)
                yield Tag(item.result)

    def box(self, node: Node) -> Box:
        inputs = tuple(node.names[local] for local in node.template.training.unit.inputs)
        others = [n for n in dict.fromkeys(node.names.values()) if n in self.tensors]
        beside = tuple(n for n in others if self.tensors[n].role in BESIDE)
        known = {*inputs, node.output, *beside}
        inner = tuple(n for n in others if n not in known and self.is_used(n))
        return Box(
            node.layer, self.kinds.get(node.layer, node.kind), inputs, node.output, inner,
            self.shares(node.layer, {node.output, *inner}), beside,
        )  # fmt: skip

    def is_used(self, tensor: str) -> bool:
        """Whether an equation has it or its adjoint; a step of time before is no tensor of its own."""
        own = self.keys.is_used(tensor) and not self.tensors[tensor].delayed
        return own or self.keys.is_used(ADJOINT + tensor)

    def shares(self, layer: str, known: set[str]) -> tuple[str, ...]:
        """Parts of adjoints that equations of this layer define, beside those of its own tensors."""
        made = [e.defines for e in self.entries if e.part == "backward" and e.layer == layer]
        bare = [name.removeprefix("d") for name in made]
        return tuple(
            n for n in dict.fromkeys(bare)
            if n in self.tensors and self.tensors[n].part_of and n not in known
        )  # fmt: skip

    def loss(self) -> Iterator[Row]:
        graph = self.program.graph
        sources = tuple(source for _, source in graph.outputs)
        made = [e.defines for e in self.entries if e.part == "loss"]
        last = made[-1]
        kinds = [output.loss.type or "formula" for output, _ in graph.outputs]
        yield Box(
            "loss", ", ".join(dict.fromkeys(kinds)), sources, last, tuple(made[:-1]), (),
            self.program.targets,
        )  # fmt: skip
        yield Tag(last, "loss")


def _kinds(layers: Sequence[Layer], items: Iterator[Node | Repeat]) -> Iterator[tuple[str, str]]:
    """What each node does: the type of its layer, of an activation the function."""
    for layer in layers:
        if layer.type == "residual":
            yield from _kinds(layer.layers, items)
            yield _named(next(items), "residual")
        elif layer.type == "repeat":
            repeat = next(items)
            assert isinstance(repeat, Repeat)
            yield from _kinds(layer.layers, iter(repeat.items))
        else:
            for plain in expand(layer):
                function = dict(plain.options).get("function")
                yield _named(next(items), str(function or plain.type))


def _named(item: Node | Repeat, kind: str) -> tuple[str, str]:
    assert isinstance(item, Node)
    return item.layer, kind
