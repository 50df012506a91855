"""A weight that a loop reads transposed is transposed once, before it: BLAS then reads it row by row.

Condition: nothing in the loop writes to the weight, and the loop has more turns than a copy costs.
"""

from __future__ import annotations

from dataclasses import replace

from symbp.fast.instructions import Call, Input, Instruction, Loop, arrays, calls
from symbp.fast.naming import fresh
from symbp.fast.passes.rewriting import Body
from symbp.fast.strides import ONE, Array, View, whole

FEW = 4  # turns that do not pay for a copy


def transposes(body: Body, kept: frozenset[str]) -> Body:
    """The step with copies of transposed weights before its loops."""
    made: list[Instruction] = []
    taken = set(arrays(body))
    for item in body:
        if isinstance(item, Loop) and item.size > FEW:
            copied: dict[object, Call] = {}
            inner = tuple(_untransposed(x, item, copied, taken) for x in item.body)
            made += [*copied.values(), replace(item, body=inner)]
        else:
            made.append(item)
    return tuple(made)


def _untransposed(
    item: Instruction, loop: Loop, copied: dict[object, Call], taken: set[str]
) -> Instruction:
    if isinstance(item, Loop) or not item.text.startswith(("np.dot", "np.matmul")):
        return item
    written = {call.out.array.name for call in calls(loop.body)}
    inputs: list[Input] = []
    for view in item.inputs:
        if isinstance(view, View) and _is_transposed(view) and view.array.name not in written:
            if view.key not in copied:
                copied[view.key] = _copy(view, item, taken)
            inputs.append(copied[view.key].out)
        else:
            inputs.append(view)
    return replace(item, inputs=tuple(inputs))


def _is_transposed(view: View) -> bool:
    matrix = len(view.dims) == 2 and not view.moves and view.array.role == "parameter"
    return matrix and view.dims[0].stride == ONE and view.dims[1].stride != ONE


def _copy(view: View, item: Call, taken: set[str]) -> Call:
    array = Array(fresh(f"{view.array.name}_transposed", taken), view.shape)
    taken.add(array.name)
    out = whole(array, [None, None])
    return replace(item, text="np.copyto({out}, {0})", inputs=(view,), out=out, entrywise=True,
                   adds=False, formula="")  # fmt: skip
