"""What the passes share: who writes to an array, and instructions with other views in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import is_

from symbp.fast.instructions import Call, Instruction, Loop, calls
from symbp.fast.strides import View

Body = tuple[Instruction, ...]


def writes(body: Body) -> Counter[str]:
    """How many calls write to each array."""
    return Counter(call.out.array.name for call in calls(body))


def reads(body: Body) -> Counter[str]:
    """How many calls read each array."""
    return Counter(name for call in calls(body) for name in {v.array.name for v in call.reads})


def fills(call: Call) -> bool:
    """Whether a call writes all of its array."""
    return not call.adds and not call.out.moves and call.out.size == call.out.array.size


def mapped(body: Body, view: Callable[[View], View]) -> Body:
    """The instructions with each view replaced; those in which none is stay as they are."""

    def one(item: Instruction) -> Instruction:
        if isinstance(item, Loop):
            return replace(item, body=tuple(map(one, item.body)))
        inputs = tuple(view(i) if isinstance(i, View) else i for i in item.inputs)
        out = view(item.out)
        if out is item.out and all(map(is_, inputs, item.inputs)):
            return item
        return replace(item, inputs=inputs, out=out)

    return tuple(map(one, body))


def kept(body: Body, keep: Callable[[Call], bool]) -> Body:
    """The instructions without the calls that are not to be kept; loops of nothing go with them."""

    def walk(items: Body) -> Iterator[Instruction]:
        for item in items:
            if isinstance(item, Loop):
                inner = tuple(walk(item.body))
                if inner:
                    yield replace(item, body=inner)
            elif keep(item):
                yield item

    return tuple(walk(body))
