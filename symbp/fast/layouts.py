"""Orders in which the axes of a network's tensors may lie in memory, for the cost to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from symbp.fast.places import Layout
from symbp.network.graph import Tensor
from symbp.network.items import scans
from symbp.network.program import Program


def layouts(program: Program) -> dict[str, Layout]:
    """Candidates by name. Parameters lie as they are given, whatever the layout."""
    found: dict[str, Layout] = {"row by row": as_written, "batch innermost": batch_innermost}
    lengths = {scan.scan.size for scan in scans((*program.forward, *program.backward))}
    if lengths:
        found["steps outermost"] = lambda tensor: steps_outermost(tensor, lengths)
    if any(len(t.shape) > 2 for t in program.tensors.values() if t.role == "activation"):
        found["features outermost"] = features_outermost
    return found


def as_written(tensor: Tensor) -> Sequence[int]:
    """As the formula has them."""
    return range(len(tensor.shape))


def batch_innermost(tensor: Tensor) -> Sequence[int]:
    """Slices of images then are long runs of memory."""
    if not tensor.shape or tensor.shape[0] is not None:
        return as_written(tensor)
    return [*range(1, len(tensor.shape)), 0]


def steps_outermost(tensor: Tensor, lengths: set[int]) -> Sequence[int]:
    """One step of a recurrence then is one block of memory."""
    if len(tensor.shape) < 2 or tensor.shape[0] is not None or tensor.shape[1] not in lengths:
        return as_written(tensor)
    return [1, 0, *range(2, len(tensor.shape))]


def features_outermost(tensor: Tensor) -> Sequence[int]:
    """Norms and softmax then reduce over the outermost axis, whole rows at a time."""
    if len(tensor.shape) < 2 or tensor.shape[0] is not None:
        return as_written(tensor)
    last = len(tensor.shape) - 1
    return [last, *range(last)]
