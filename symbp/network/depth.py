"""The layers in the order in which they run, and run back: `repeat` is a recurrence over depth.

The chain of a copy reads what the copy before it ended in: a link along the letter of the copies. Going
back every dependence turns round, and the adjoint of a link is a link that points the other way.
"""

from __future__ import annotations

from symbp.arrays.schedule import Loop, Need, arranged
from symbp.network.graph import Graph, Node, Repeat, flatten

Order = tuple[Node | Loop[Node], ...]


def running(graph: Graph) -> Order:
    """The layers in file order, those of a repeat in a loop over its copies."""
    return arranged(graph.nodes, _needs(graph))


def running_back(graph: Graph) -> Order:
    """The layers from the last to the first, in loops from the last copy to the first."""
    last = len(graph.nodes) - 1
    turned = [
        Need(last - n.producer, last - n.reader, n.letter, not n.ahead) for n in _needs(graph)
    ]
    return arranged(graph.nodes[::-1], turned)


def repeats(graph: Graph) -> dict[object, Repeat]:
    """Every repeat by the letter that counts its copies, outer ones first."""
    found: dict[object, Repeat] = {}
    waiting = [item for item in graph.items if isinstance(item, Repeat)]
    while waiting:
        repeat = waiting.pop(0)
        found[repeat.level.letter] = repeat
        waiting += [item for item in repeat.items if isinstance(item, Repeat)]
    return found


def _needs(graph: Graph) -> list[Need]:
    number = {id(node): k for k, node in enumerate(graph.nodes)}
    made = {node.output: k for k, node in enumerate(graph.nodes)}
    every = repeats(graph).values()
    behind = {repeat.result: repeat.end for repeat in every}  # what stands for the end of the last
    before = {
        repeat.start: repeat.source for repeat in every
    }  # and for the start of the first copy

    def producer(tensor: str) -> int | None:
        while tensor in behind:
            tensor = behind[tensor]
        return made.get(tensor)

    needs: list[Need] = []
    for repeat in every:
        end = producer(repeat.end)
        assert end is not None
        for member in (number[id(node)] for node in flatten(repeat.items)):
            needs.append(Need(member, end, repeat.level.letter))  # copies run one behind another,
            if member != end:  # and a copy is kept as a whole: a list has an entry for each
                needs.append(Need(end, member))
    for k, node in enumerate(graph.nodes):
        for local in node.template.definition.inputs:
            tensor = node.names[local]
            while tensor in before:
                tensor = before[tensor]
                if producer(tensor) is not None:
                    break
            source = producer(tensor)
            if source is not None and source != k:
                needs.append(Need(k, source))
    return needs
