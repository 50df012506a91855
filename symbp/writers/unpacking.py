"""Lines that give names to what a function is handed: parameters, directions, targets."""

from __future__ import annotations

from symbp.writers.lines import Line, unpack
from symbp.writers.storage import Storage


def parameter_lines(storage: Storage, read: set[str]) -> list[Line]:
    """The parameters and buffers that are read, by their names."""
    roles = ("parameter", "buffer")
    tensors = [t for t in storage.program.tensors.values() if t.role in roles and t.key]
    return unpack(
        [(storage.term(t.name, t.name), f'params["{t.key}"]') for t in tensors if t.name in read]
    )


def target_lines(storage: Storage, read: set[str]) -> list[Line]:
    """The targets that are read, by the names that they have in formulas."""
    names = storage.program.targets
    outputs = [o for o, _ in storage.program.graph.outputs]
    pairs = [
        (storage.term(n, n), f't["{o.target}"]')
        for n, o in zip(names, outputs, strict=True)
        if n in read
    ]
    if len(names) > 1:
        return unpack(pairs)
    return [Line(f"{term} = t") for term, _ in pairs if names[0] != "t"]
