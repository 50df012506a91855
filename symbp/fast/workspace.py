"""The memory of a ``Trainer``, as text: flat parameters and gradients, and the arrays of a step."""

from __future__ import annotations

from math import prod

from symbp.fast.instructions import arrays
from symbp.fast.naming import fresh, reshaped, shaped
from symbp.fast.passes.buffers import Slot, buffers
from symbp.fast.selection import Selected
from symbp.fast.strides import Array, Count
from symbp.writers.lines import Line
from symbp.writers.storage import Storage

KINDS = {"float": "dtype", "bool": "bool", "int": "np.intp"}


def parameter_lines(storage: Storage) -> list[Line]:
    """Each parameter and its gradient as a part of the two flat arrays."""
    graph = storage.program.graph
    made = block("parameters and gradients, parts of two flat arrays")
    start = 0
    for p in graph.parameters:
        shape = (*(v.times for v in p.levels), *(int(s or 0) for s in p.shape))
        end = start + prod(shape)
        counts = tuple(map(Count.of, shape))
        for flat, name in (("P", p.name), ("G", f"d{p.name}")):
            part = f"{flat}[{start}:{end}]"
            made.append(Line(f"{name} = {part if len(shape) == 1 else reshaped(part, counts)}"))
        start = end
    own = [f'"{p.key}": {p.name}' for p in graph.parameters]
    own += [f'"{b.key}": np.array(params["{b.key}"])' for b in graph.buffers]
    slopes = [f'"{p.key}": d{p.name}' for p in graph.parameters]
    pairs = (("self.params", own), ("self.gradients", slopes))
    return [*made, *(Line(f"{name} = {{{', '.join(entries)}}}") for name, entries in pairs)]


def memory_lines(selected: Selected) -> list[Line]:
    """The arrays that a step writes to, those that are never in use together in one place."""
    made: list[Line] = []
    known = arrays(selected.body)
    for number, slot in enumerate(buffers(selected.body, own(selected))):
        if len(slot.arrays) == 1:
            (array,) = slot.arrays
            made.append(Line(f"{array.name} = {start(array, selected.zeroed)}"))
            continue
        kind = "dtype" if slot.kind == "float" else slot.kind
        memory = fresh(f"memory{number}", known)
        made.append(Line(f"{memory} = np.empty({_largest(slot)}, {kind})"))
        for array in slot.arrays:
            made.append(Line(f"{array.name} = {_within(memory, array, slot)}"))
    return made


def own(selected: Selected) -> frozenset[str]:
    """The arrays that share their memory with none."""
    return selected.zeroed | {selected.loss.array.name}


def _within(memory: str, array: Array, slot: Slot) -> str:
    """An array at the start of a slot, as code."""
    part = memory
    if any(a.size != array.size for a in slot.arrays):
        end = str(array.size)
        part += f"[: {end}]" if " " in end else f"[:{end}]"
    return part if len(array.shape) == 1 else reshaped(part, array.shape)


def _largest(slot: Slot) -> str:
    """The size of a slot as code, for any batch size."""
    sizes = dict.fromkeys(a.size for a in slot.arrays)
    top = [s for s in sizes if not any(_above(o, s) for o in sizes if o != s)]
    return str(top[0]) if len(top) == 1 else f"max({', '.join(map(str, top))})"


def _above(a: Count, b: Count) -> bool:
    """Whether a is at least b for every batch size."""
    longest = max(len(a.terms), len(b.terms))
    pairs = zip(*(x.terms + (0,) * (longest - len(x.terms)) for x in (a, b)), strict=True)
    return all(p >= q for p, q in pairs)


def start(array: Array, zeroed: frozenset[str]) -> str:
    kind = KINDS[array.kind]
    if array.role == "constant":
        return f"np.array({array.start}, {kind})"
    return f"np.{'zeros' if array.name in zeroed else 'empty'}({shaped(array.shape)}, {kind})"


def block(text: str) -> list[Line]:
    """A comment above some lines of the workspace."""
    return [Line(""), Line(f"# {text}")]
