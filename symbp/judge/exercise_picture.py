"""A small network as a row of boxes and arrows, in LaTeX that Markdown's math knows too."""

from __future__ import annotations

from symbp.judge.exercise_network import forward
from symbp.judge.exercise_steps import Writing

BOXES = 6  # in one row
STARTS = ("activation", "input")


def picture(writing: Writing) -> str:
    """Boxes for what the forward pass computes, arrows with what else goes into it; a branch begins a
    row of its own."""
    symbol, program = writing.symbol, writing.program
    pairs = zip(program.targets, program.graph.outputs, strict=True)
    targets = {source: target for target, (_, source) in pairs}
    last, count = program.graph.spec.input_name, 0
    row, rows = _box(symbol(last)), []
    for step in (step for step in forward(program) if step.part == "forward"):
        reads = [name for name in step.reads if name in program.tensors]
        if last not in reads:
            rows.append(row)
            last = next(r for r in reads if program.tensors[r].role in STARTS)
            row, count = _box(symbol(last)), 0
        elif count == BOXES:
            rows.append(row)
            row, count = r"\quad", 0
        row += _arrow([symbol(r) for r in reads if r != last]) + _box(symbol(step.defines))
        last, count = step.defines, count + 1
        if last in targets:
            row += _arrow([symbol(targets[last])]) + _box("L")
    return _stacked([*rows, row])


def _stacked(rows: list[str]) -> str:
    if len(rows) == 1:
        return rows[0]
    inside = " \\\\\n".join(f"& {row}" for row in rows)
    return f"\\begin{{aligned}}\n{inside}\n\\end{{aligned}}"


def _box(symbol: str) -> str:
    return rf"\boxed{{{symbol}}}"


def _arrow(labels: list[str]) -> str:
    label = r",\, ".join(labels)
    return rf" \xrightarrow{{{label}}} " if label else r" \rightarrow "
