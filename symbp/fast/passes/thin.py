"""A product of thin matrices over a long sum is split: one product a slice of the sum, then their sum.

BLAS blocks for results that are large; where the result is thin it waits for memory. Condition: the sum
is long and the result small (measured, see FEW and LONG), and the slices are equal for every batch size.
"""

from __future__ import annotations

from dataclasses import replace

from symbp.fast.instructions import Call, Instruction, Loop, arrays
from symbp.fast.naming import fresh
from symbp.fast.passes.rewriting import Body
from symbp.fast.strides import Array, Count, Dim, View, whole

LONG, SLICE = 1_500, 600  # entries of a sum that is split, and of its slices, about
FEW, MUCH = 1_300, 1_200_000  # entries of the result at most, multiplications at least


def thin(body: Body, kept: frozenset[str]) -> Body:
    """The step with thin products split."""
    made: list[Instruction] = []
    taken = set(arrays(body))
    for item in body:
        split = None if isinstance(item, Loop) else _split(item, taken)
        made += [item] if split is None else split
    return tuple(made)


def _split(call: Call, taken: set[str]) -> list[Instruction] | None:
    """The products of the slices and their sum; None where the condition does not hold."""
    a, b = call.inputs if len(call.inputs) == 2 else ("", "")
    if not call.text.startswith("np.dot") or not isinstance(a, View) or not isinstance(b, View):
        return None
    if len(a.dims) != 2 or len(b.dims) != 2 or not call.out.dense:
        return None
    length, size = a.dims[1].size, call.out.size.typical
    if length.typical < LONG or size > FEW or size * length.typical < MUCH:
        return None
    slices = _slices(length)
    if slices == 1:
        return None
    part = Count(tuple(c // slices for c in length.terms))
    count = Count.of(slices)
    array = Array(fresh(f"{call.out.array.name}_slices", taken), (count, *call.out.shape))
    taken.add(array.name)
    every = whole(array, [None, None, None])
    left = (Dim(None, count, part * a.dims[1].stride), a.dims[0], replace(a.dims[1], size=part))
    right = (Dim(None, count, part * b.dims[0].stride), replace(b.dims[0], size=part), b.dims[1])
    inputs = (replace(a, dims=left), replace(b, dims=right))
    total = replace(call, text="np.add.reduce({0}, 0, None, {out})", inputs=(every,))
    return [replace(call, text="np.matmul({0}, {1}, {out})", inputs=inputs, out=every), total]


def _slices(length: Count) -> int:
    """How many equal slices of about ``SLICE`` entries there are, whatever the batch size."""
    wish = max(2, length.typical // SLICE)
    found = [k for k in range(2, wish + 1) if all(c % k == 0 for c in length.terms)]
    return found[-1] if found else 1
