"""What instructions cost, counted: entries, runs of memory, calls, matrices. In nanoseconds on one core
of a machine of 2023 (AMD Zen 4), where only the comparison between two forms of one step matters."""

from __future__ import annotations

from symbp.fast.instructions import Call, Instruction, Loop
from symbp.fast.strides import View

CALL, RUN, ENTRY, MATRIX = 500.0, 12.0, 0.35, 700.0
MULTIPLY_ADD = 0.025
REDUCED = {"maximum", "add"}


def cost(body: tuple[Instruction, ...]) -> float:
    """Of all instructions, those in loops as often as they run."""
    return sum(
        item.size * cost(item.body) if isinstance(item, Loop) else call_cost(item) for item in body
    )


def call_cost(call: Call) -> float:
    """Of one call."""
    views = [*call.reads, call.out]
    if call.text.startswith(("np.dot", "np.matmul")):
        return CALL + _product(call)
    if ".reduce(" in call.text:
        return CALL + _pass(views[:1]) + RUN * (call.out.size.typical if _last(call) else 0)
    return CALL + _pass(views)


def _last(call: Call) -> bool:
    """Whether a reduction runs along the axis that lies closest."""
    first = call.inputs[0]
    assert isinstance(first, View)
    axis = call.text.partition(", ")[2].partition(", None")[0].strip("()").rstrip(",")
    return axis.split(", ")[-1] == str(len(first.dims) - 1)


def _pass(views: list[View]) -> float:
    """One walk through arrays side by side."""
    entries = max((v.size.typical for v in views), default=0)
    return ENTRY * entries + RUN * entries / max(1, min(_run(v, entries) for v in views))


def _run(view: View, entries: int) -> int:
    """The entries that follow each other in memory, or that are all the same."""
    dims = [d for d in view.dims if d.size.typical > 1]
    if not dims:
        return entries or 1
    length, step = 1, dims[-1].stride.typical
    if step > 1:
        return 1
    for d in reversed(dims):
        if d.stride.typical != step:
            break
        length *= d.size.typical
        step = d.stride.typical * d.size.typical
    return length


def _product(call: Call) -> float:
    first = call.inputs[0]
    assert isinstance(first, View)
    out = call.out.size.typical
    inner = first.shape[-1].typical if first.dims else 1
    stack = 1
    if call.text.startswith("np.matmul"):
        for d in call.out.dims[:-2]:
            stack *= d.size.typical
    copied = 0.0
    for view in (*call.inputs, call.out):
        if isinstance(view, View) and len(view.dims) > 1:
            if all(d.stride.typical > 1 and d.size.typical > 1 for d in view.dims[-2:]):
                copied += _pass([view])
    return MULTIPLY_ADD * out * inner + MATRIX * stack + copied
