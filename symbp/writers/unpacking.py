"""Lines that give names to what a function is handed: parameters, directions, targets."""

from __future__ import annotations

from symbp.network.program import Program
from symbp.writers.lines import Line, unpack


def parameter_lines(program: Program, read: set[str]) -> list[Line]:
    """The parameters and buffers that are read, by their names."""
    roles = ("parameter", "buffer")
    tensors = [t for t in program.tensors.values() if t.role in roles and t.key and t.name in read]
    return unpack([(t.name, f'params["{t.key}"]') for t in tensors])


def target_lines(program: Program, read: set[str]) -> list[Line]:
    """The targets that are read, by the names that they have in formulas."""
    names = program.targets
    outputs = [o for o, _ in program.graph.outputs]
    if len(names) == 1:
        rename = names[0] != "t" and names[0] in read
        return [Line(f"{names[0]} = t")] if rename else []
    return unpack(
        [(n, f't["{o.target}"]') for n, o in zip(names, outputs, strict=True) if n in read]
    )
