"""The layers' own equations as statements: those that run forward, and the updates of buffers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from symbp.arrays import schedule
from symbp.network import unit_text
from symbp.network.depth import Order
from symbp.network.graph import Node
from symbp.network.items import Item, Loop, Noise
from symbp.network.maker import Maker, modes
from symbp.network.unit_text import Items
from symbp.printers.finished import Finished


def forward(maker: Maker, order: Order) -> tuple[Item, ...]:
    """The equations of the layers, in the order in which they run."""
    made: list[Item] = []
    for item in order:
        if isinstance(item, schedule.Loop):
            made.append(Loop(maker.repeats[item.letter], item.reverse, forward(maker, item.body)))
            continue
        for text, mode in modes(item):
            made += _noise(maker, item, mode)
            made += _placed(maker, text.forward_items, item.names, "forward", item.layer, mode)
    return tuple(made)


def _placed(
    maker: Maker,
    items: Items,
    names: Mapping[str, str],
    part: str,
    layer: str,
    mode: str | None,
) -> list[Item]:
    """A unit's equations as statements, in their loops."""
    made: list[Item] = []
    for _, group in groupby(items, key=_defined_by):
        members = list(group)
        first = members[0]
        if isinstance(first, unit_text.Scan):
            made.append(maker.scan(first, names, part, layer, mode, set()))
        else:
            finished = [f for f in members if isinstance(f, Finished)]
            made.append(maker.statement(part, layer, finished, names, mode))
    return made


def _noise(maker: Maker, node: Node, mode: str | None) -> list[Item]:
    definition = node.template.definition
    if mode == "inference":
        return []
    like = node.names[definition.inputs[0]]
    return [
        Noise(maker.id("forward", node.names[m]), node.layer, node.names[m], like, rate)
        for m, rate in sorted(definition.noise.items())
    ]


def updates(maker: Maker, order: Order) -> tuple[Item, ...]:
    """How the buffers of the layers move after a training step."""
    made: list[Item] = []
    for item in order:
        if isinstance(item, schedule.Loop):
            body = updates(maker, item.body)
            made += [Loop(maker.repeats[item.letter], item.reverse, body)] if body else []
            continue
        for finished in item.template.training.moves:
            made.append(maker.statement("update", item.layer, [finished], item.names, None))
    return tuple(made)


def _defined_by(item: Finished | unit_text.Scan) -> object:
    return item.equation.name if isinstance(item, Finished) else item
