"""The memory that a ``Trainer`` plans, in bytes, as polynomials in the batch size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symbp.fast.instructions import arrays
from symbp.fast.largest import largest_tensor
from symbp.fast.passes.buffers import buffers
from symbp.fast.selection import Selected
from symbp.fast.strides import Array, Count
from symbp.fast.workspace import own
from symbp.network.program import Program


@dataclass(frozen=True)
class Memory:
    """``apart`` is what the arrays would take one by one, ``workspace`` what they take as planned, where
    ``count`` arrays lie in ``places``; ``constants`` are written once. ``array`` is the largest array of
    the workspace, ``tensor`` the largest tensor of the formulas."""

    count: int
    places: int
    apart: Count
    workspace: Count
    constants: Count
    array: Count
    tensor: Count


def memory(program: Program, selected: Selected, dtype: str, batch: int) -> Memory:
    """Of a step for batches of about ``batch`` samples: which array is the largest depends on it."""
    size = 4 if dtype == "float32" else 8
    known = arrays(selected.body).values()
    work = [a for a in known if a.role == "work"]
    slots = buffers(selected.body, own(selected))

    def largest(found: Iterable[Count]) -> Count:
        return max(found, key=lambda count: count.at(batch), default=Count())

    return Memory(
        count=len(work),
        places=len(slots),
        apart=_sum(bytes_of(a, size) for a in work),
        workspace=_sum(largest(bytes_of(a, size) for a in s.arrays) for s in slots),
        constants=_sum(bytes_of(a, size) for a in known if a.role == "constant"),
        array=largest(bytes_of(a, size) for a in work),
        tensor=Count.of(size) * largest_tensor(program, batch),
    )


def entry_bytes(array: Array, size: int) -> int:
    """Of one entry, where a float takes ``size`` bytes."""
    return {"float": size, "bool": 1, "int": 8}[array.kind]


def bytes_of(array: Array, size: int) -> Count:
    return Count.of(entry_bytes(array, size)) * array.size


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, start=Count())
