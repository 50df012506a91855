"""The largest tensor of a network's formulas, which bounds every array of the workspace."""

from __future__ import annotations

from symbp.fast.strides import TYPICAL, Count, product
from symbp.network.graph import Tensor
from symbp.network.program import Program


def largest_tensor(program: Program, batch: int = TYPICAL) -> Count:
    """Its entries, for batches of about ``batch`` samples."""
    return max(map(entries, program.tensors.values()), key=lambda count: count.at(batch))


def entries(tensor: Tensor) -> Count:
    """Of a tensor in all copies of its layer; what one copy hands to the next has a start beside them."""
    start = 0 if tensor.role == "parameter" else 1
    copies = (Count.of(level.times + start) for level in tensor.levels)
    return product([*copies, *(Count.of(s) for s in tensor.shape)])
