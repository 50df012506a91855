"""The layers of a network as one meets them on the way back from the loss: where to measure, and who
hands the gradient on to whom.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbp.calculus.equation import ADJOINT
from symbp.network.graph import Node, Repeat
from symbp.network.items import statements
from symbp.network.program import Program

ACTIVATIONS = ("activation", "softmax")  # they end the layer in front of them


@dataclass(frozen=True, eq=False)
class Site:
    """One layer, or one copy of a repeated chain.

    ``tensor`` is the one whose adjoint is measured: the layer's output, or what the loss was joined
    with. ``copy`` counts the copies from 0; the site of copy l is what copy l reads. ``parameters``
    are keys of the params dict.
    """

    label: str
    kind: str
    tensor: str
    parameters: tuple[str, ...] = ()
    copy: int | None = None

    @property
    def key(self) -> tuple[str, tuple[int, ...]]:
        """The name of its measurements."""
        return self.tensor, () if self.copy is None else (self.copy,)


def sites(program: Program) -> tuple[Site, ...]:
    """Every layer that the gradient passes, from output to input.

    A layer that no parameter stands in front of has no adjoint and is left out.
    """
    known = {s.defines.removeprefix(ADJOINT) for s in statements(program.backward)}
    found: list[Site] = []
    for item in _layers(program):
        if isinstance(item, Repeat):
            found += _copies(item, known)
            continue
        tensors = [n.output for n in item if n.output in known]
        if tensors:
            found.append(_site(item, tensors[-1], program))
    return tuple(reversed(found))


def _layers(program: Program) -> Iterator[tuple[Node, ...] | Repeat]:
    """The nodes of each layer, its activation with it; a repeat as a whole."""
    readers: dict[str, int] = {}
    for node in program.graph.nodes:
        for name in {node.names[local] for local in node.template.definition.inputs}:
            readers[name] = readers.get(name, 0) + 1
    waiting: tuple[Node, ...] = ()
    for item in program.graph.items:
        if waiting and isinstance(item, Node) and _ends(item, waiting[-1], readers):
            waiting = (*waiting, item)
            continue
        if waiting:
            yield waiting
        waiting = ()
        if isinstance(item, Repeat):
            yield item
        else:
            waiting = (item,)
    if waiting:
        yield waiting


def _ends(node: Node, before: Node, readers: dict[str, int]) -> bool:
    """Whether a node is the activation of the layer in front of it."""
    (first, *others) = node.template.definition.inputs
    alone = not others and node.names[first] == before.output and readers[before.output] == 1
    return alone and node.kind in ACTIVATIONS and before.kind not in ACTIVATIONS


def _site(nodes: tuple[Node, ...], tensor: str, program: Program) -> Site:
    tensors = program.tensors
    names = [n.names[local] for n in nodes for local in n.template.definition.parameters]
    keys = tuple(dict.fromkeys(tensors[name].key for name in names))
    return Site(nodes[-1].layer, nodes[0].kind, tensor, keys)


def _copies(repeat: Repeat, known: set[str]) -> list[Site]:
    """What is handed from copy to copy, behind the first one, and the result."""
    made: list[Site] = []
    name = repeat.result
    if repeat.start in known:
        for copy in range(1, repeat.level.times):
            label = f"{name}[{copy}]"
            made.append(Site(label, "repeat", repeat.start, (), copy))
    if repeat.result in known:
        label = f"{name}[{repeat.level.times}]"
        made.append(Site(label, "repeat", repeat.result))
    return made
