"""The network as equations in the order in which they run: forward, loss, backward, buffer updates.

Copies of a `repeat` are one set of statements in a loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symbp.network.backward import backward
from symbp.network.depth import running
from symbp.network.forward import forward, updates
from symbp.network.graph import Graph, Tensor
from symbp.network.heads import Head, head
from symbp.network.items import Item
from symbp.network.loss import LOSS, loss
from symbp.network.maker import Maker


@dataclass(frozen=True, eq=False)
class Program:
    graph: Graph
    tensors: Mapping[str, Tensor]
    heads: tuple[Head, ...]
    targets: tuple[str, ...]  # tensor names, one an output
    forward: tuple[Item, ...]
    loss: tuple[Item, ...]
    backward: tuple[Item, ...]
    updates: tuple[Item, ...]


def build(graph: Graph) -> Program:
    """Order all equations of the network."""
    maker = Maker(graph)
    targets, heads = _judged(maker)
    order = running(graph)
    forwards = forward(maker, order)
    losses, names = loss(maker, heads)
    backwards = backward(maker, heads, names)
    moves = updates(maker, order)
    graph = replace(graph, constants=maker.constants)
    return Program(
        graph, maker.tensors, tuple(heads), tuple(targets), forwards, losses, backwards, moves
    )


def _judged(maker: Maker) -> tuple[list[str], list[Head]]:
    """The target of each output, and its term of the loss."""
    graph = maker.graph
    targets, heads = [], []
    single = len(graph.outputs) == 1
    for output, source in graph.outputs:
        target = maker.tensor(output.target, graph.tensors[source].shape, "target", None)
        suffix = "" if single else f"_{output.target}"
        written = output.target.replace("_", r"\_")
        latex = rf"{LOSS}_{{\mathit{{{written}}}}}"
        value = "loss" if single else maker.tensor(f"loss{suffix}", (), "loss", latex)
        maker.tensors.setdefault(value, Tensor(value, (), "loss", (), LOSS))
        targets.append(target)
        heads.append(head(graph, output, source, target, value))
    return targets, heads
