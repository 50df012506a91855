"""The class ``Trainer`` of a module in the fast style, as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from symbp.fast.instructions import Instruction, Loop, arrays
from symbp.fast.naming import Names
from symbp.fast.passes.buffers import Slot, buffers
from symbp.fast.places import Places
from symbp.fast.printing import lines
from symbp.fast.selection import Selected
from symbp.fast.strides import Array, Count
from symbp.writers.lines import Line
from symbp.writers.storage import Storage


def loop_sizes(body: tuple[Instruction, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in body:
        if isinstance(item, Loop):
            found[item.variable] = item.size
            found |= loop_sizes(item.body)
    return found


def sections(storage: Storage, selected: Selected) -> dict[str, list[Line]]:
    """The lines of the workspace and of the step."""
    body = selected.body
    known = arrays(body)
    taken = {
        "self",
        "x",
        "t",
        "B",
        "P",
        "G",
        "np",
        "dtype",
        "params",
        "rate",
        *known,
        *loop_sizes(body),
    }
    names = Names(loop_sizes(body), taken)
    step = lines(body, names)
    loss = names.name(selected.loss)
    inputs = _inputs(storage, selected.places, names, known)
    used = sorted({n for n in (*names.code, *known) if _used(n, [*step, *inputs], loss)})
    unpack = [Line("("), *(Line(row, depth=1) for row in _rows(used)), Line(") = self.arrays")]
    made = [
        *parameter_lines(storage),
        *(Line(f"{a.name} = {_start(a, selected.zeroed)}") for a in known.values()
          if a.role not in ("parameter", "gradient", "work")),
        *_memory(selected),
        *(Line(row) for rows in names.code.values() for row in rows),
        Line("self.arrays = ("),
        *(Line(row, depth=1) for row in _rows(used)),
        Line(")"),
    ]  # fmt: skip
    if any(re.search(r"\brate\b", line.code) for line in step):
        step.insert(0, Line("rate = self.learning_rate"))
    if any(re.search(r"\bB\b", line.code) for line in step):
        step.insert(0, Line("B = self.batch_size"))
    return {"workspace": made, "step": [*unpack, *inputs, *step, Line(f"loss = float({loss})")]}


def _memory(selected: Selected) -> list[Line]:
    """The arrays that a step writes to, those that are never in use together in one place."""
    made: list[Line] = []
    own = selected.zeroed | {selected.loss.array.name}
    for number, slot in enumerate(buffers(selected.body, own)):
        if len(slot.arrays) == 1:
            (array,) = slot.arrays
            made.append(Line(f"{array.name} = {_start(array, selected.zeroed)}"))
            continue
        kind = "dtype" if slot.kind == "float" else slot.kind
        made.append(Line(f"memory{number} = np.empty({_largest(slot)}, {kind})"))
        for array in slot.arrays:
            part = f"memory{number}[: {array.size}]"
            made.append(Line(f"{array.name} = {part}.reshape({_shape(array)})"))
    return made


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


def _shape(array: Array) -> str:
    return "(" + ", ".join(map(str, array.shape)) + ("," if len(array.shape) == 1 else "") + ")"


def _rows(names: Sequence[str]) -> list[str]:
    """The names of a tuple, a line's worth in each row."""
    return textwrap.wrap(", ".join(names) + ",", 84)


def _used(name: str, made: Sequence[Line], loss: str) -> bool:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return name == loss or any(pattern.search(line.code) for line in made)


def _start(array: Array, zeroed: frozenset[str]) -> str:
    kind = {"float": "dtype", "bool": "bool", "int": "np.intp"}[array.kind]
    if array.role == "constant":
        return f"np.array({array.start}, {kind})"
    return f"np.{'zeros' if array.name in zeroed else 'empty'}({_shape(array)}, {kind})"


def parameter_lines(storage: Storage) -> list[Line]:
    """Each parameter and its gradient as a part of the two flat arrays."""
    made = []
    start = 0
    for p in storage.program.graph.parameters:
        shape = (*(v.times for v in p.levels), *(int(s or 0) for s in p.shape))
        size = 1
        for s in shape:
            size *= s
        for flat, name in (("P", p.name), ("G", f"d{p.name}")):
            made.append(Line(f"{name} = {flat}[{start}:{start + size}].reshape({shape})"))
        start += size
    entries = ", ".join(f'"{p.key}": {p.name}' for p in storage.program.graph.parameters)
    grads = ", ".join(f'"{p.key}": d{p.name}' for p in storage.program.graph.parameters)
    for b in storage.program.graph.buffers:
        entries += f', "{b.key}": np.array(params["{b.key}"])'
    return [*made, Line(f"self.params = {{{entries}}}"), Line(f"self.gradients = {{{grads}}}")]


def _inputs(storage: Storage, places: Places, names: Names, known: dict[str, Array]) -> list[Line]:
    made = []
    program = storage.program
    source = next(t.name for t in program.tensors.values() if t.role == "input")
    several = len(program.targets) > 1
    pairs = [(source, "x")]
    for name, (output, _) in zip(program.targets, program.graph.outputs, strict=True):
        pairs.append((name, f't["{output.target}"]' if several else "t"))
    for name, given in pairs:
        view = places.view(name)
        if view.array.name not in known:
            continue
        made.append(Line(f"np.copyto({names.name(view)}, _fitting({given}, {names.name(view)}))"))
    return made
