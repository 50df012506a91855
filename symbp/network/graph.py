"""The network as a graph: named tensors, and nodes that know their formula, in file order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from symbp.language.spec import Output, Spec
from symbp.layers.definition import Start
from symbp.network.template import Library, Shape, Template
from symbp.network.vocabulary import bounds


@dataclass(frozen=True)
class Level:
    """One `repeat` around a layer: the letter that counts its copies, and how many there are."""

    letter: str
    times: int


@dataclass(frozen=True)
class Tensor:
    """A named array. ``name`` is its name in code; under `repeat` each level adds an axis in front."""

    name: str
    shape: Shape
    role: str  # input | activation | parameter | buffer | noise | constant | target
    levels: tuple[Level, ...] = ()
    latex: str | None = None
    key: str = ""  # in the params dict
    like: str = ""  # for a sum over copies: the tensor whose adjoint it adds up
    part_of: str = ""  # for one path's share of an adjoint: the tensor,
    through: str = ""  # and the layer that the path goes through
    delayed: bool = False  # whether it is its base one or more steps away
    tangent_of: str = ""  # the tensor whose directional derivative it is


@dataclass(frozen=True, eq=False)
class Node:
    """A layer's formula between tensors of the network; ``names`` maps local names to tensor names."""

    layer: str
    kind: str
    template: Template
    names: Mapping[str, str]
    output: str
    levels: tuple[Level, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Repeat:
    """``start`` is read where the chain begins, ``end`` is what it ends in: start[l] = end[l-1]."""

    level: Level
    source: str  # start[0]
    first: str  # start[0], as it is called behind the loop
    start: str
    end: str
    result: str  # end of the last copy
    levels: tuple[Level, ...]  # around the repeat
    items: tuple[Node | Repeat, ...]


@dataclass(frozen=True, eq=False)
class Graph:
    spec: Spec
    library: Library
    tensors: Mapping[str, Tensor]
    items: tuple[Node | Repeat, ...]
    outputs: tuple[tuple[Output, str], ...]  # with the tensor that each judges
    regularized: tuple[str, ...] = ()
    constants: Mapping[str, object] = field(default_factory=dict)
    init: Mapping[str, Start] = field(default_factory=dict)
    kernels: frozenset[str] = frozenset()  # parameters that begin with the axis of their outputs
    named: Mapping[str, str] = field(default_factory=dict)  # the user's names -> tensors

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(flatten(self.items))

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Of inputs that index other tensors: whole numbers from 0, below these bounds."""
        found: dict[str, int] = {}
        for node in self.nodes:
            for local, bound in bounds(node.template.training.unit).items():
                name = node.names[local]
                if self.tensors[name].role == "input":
                    found[name] = min(found.get(name, bound), bound)
        return found

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        return tuple(t for t in self.tensors.values() if t.role == "parameter")

    @property
    def buffers(self) -> tuple[Tensor, ...]:
        return tuple(t for t in self.tensors.values() if t.role == "buffer")


def flatten(items: tuple[Node | Repeat, ...]) -> Iterator[Node]:
    """Every node, those inside `repeat` too, in file order."""
    for item in items:
        if isinstance(item, Node):
            yield item
        else:
            yield from flatten(item.items)
