"""Equations that put an array into the middle of another: ``x_pad[n,i+1] = x[n,i]``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symbp.arrays.lower import Lowered
from symbp.arrays.nodes import Node, spans
from symbp.calculus.expression import Letter

Length = Callable[[str, int], int | None]  # of a tensor's axis
SizeOf = Callable[[Letter], int | None]


@dataclass(frozen=True)
class Border:
    """``tree`` with so many entries in front of and behind each axis."""

    tree: Node
    widths: tuple[tuple[int, int], ...]


def border(lowered: Lowered, length: Length, size_of: SizeOf) -> Border | None:
    """The border of an equation that writes one block of its target, else None."""
    if lowered.tree is not None or len(lowered.added) != 1:
        return None
    (added,) = lowered.added
    target = added.target
    widths = []
    for axis, index in enumerate(target.index):
        letters = sorted(index.free_symbols, key=str)
        low = index - letters[0] if len(letters) == 1 else None
        if low is None or not low.is_Integer or low < 0:
            return None
        size, whole = size_of(letters[0]), length(target.name, axis)
        if size is None or whole is None:
            if low or size is not whole:
                return None
            widths.append((0, 0))
        else:
            widths.append((int(low), whole - size - int(low)))
    if added.loops or not spans(added.tree) >= set(target.axes):
        return None
    return Border(added.tree, tuple(widths))


__all__ = ["Border", "border"]
