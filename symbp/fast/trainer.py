"""The class ``Trainer`` of a module in the fast style, as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from symbp.fast.instructions import Instruction, Loop, arrays
from symbp.fast.naming import RESERVED, Names, fresh, shaped
from symbp.fast.places import Places
from symbp.fast.printing import lines
from symbp.fast.selection import Selected
from symbp.fast.strides import Array
from symbp.fast.workspace import KINDS, block, memory_lines, parameter_lines, start
from symbp.network.items import statements
from symbp.writers.lines import Line
from symbp.writers.storage import Storage


def loop_sizes(body: tuple[Instruction, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in body:
        if isinstance(item, Loop):
            found[item.variable] = item.size
            found |= loop_sizes(item.body)
    return found


def variables(body: tuple[Instruction, ...], taken: set[str]) -> dict[str, str]:
    """How the loops' variables are written: loops that are not in each other may share a name."""
    found: dict[str, str] = {}
    for item in body:
        if isinstance(item, Loop):
            name = fresh(item.variable.rstrip("_"), taken)
            found |= {item.variable: name} | variables(item.body, {*taken, name})
    return found


def sections(storage: Storage, selected: Selected) -> dict[str, list[Line]]:
    """The lines of the workspace and of the step."""
    body = selected.body
    known = arrays(body)
    loops = loop_sizes(body)
    names = Names(loops, {*RESERVED, *known, *loops}, variables(body, {*RESERVED, *known}))
    step = lines(body, names)
    loss = names.name(selected.loss)
    batch = {a.name for a in known.values() if a.role == "given"}
    taken = [*_batch(storage, selected.places, known)]
    taken += [Line(row) for n in names.code if names.base[n] in batch for row in names.code[n]]
    views = {n: rows for n, rows in names.code.items() if names.base[n] not in batch}
    words = {w for line in step for w in re.findall(r"\w+", line.code)} | {loss}
    used = sorted({n for n in (*views, *known) if n not in batch and n in words})
    rows = [Line(row, depth=1) for row in _rows(used)]
    constants = [a for a in known.values() if a.role == "constant"]
    made = [
        *parameter_lines(storage),
        *(block("constants") if constants else []),
        *(Line(f"{a.name} = {start(a, selected.zeroed)}") for a in constants),
        *block("what a step writes to; arrays that are never needed together share memory"),
        *memory_lines(selected),
        *(block("views of these") if views else []),
        *(Line(row) for rows in views.values() for row in rows),
        Line(""),
        *(Line("self.arrays = ("), *rows, Line(")  # fmt: skip")),
    ]
    unpack = [Line("("), *rows, Line(") = self.arrays  # fmt: skip")]
    local = [
        ("B", "self.batch_size"),
        ("rate", "self.learning_rate"),
        ("dtype", "self.flat[0].dtype"),
    ]
    code = [x.code for x in (*taken, *step)]
    read = [pair for pair in local if any(re.search(rf"\b{pair[0]}\b", text) for text in code)]
    head = [Line(f"{', '.join(n for n, _ in read)} = {', '.join(v for _, v in read)}")]
    return {
        "workspace": made,
        "step": [
            *unpack,
            *(head if read else []),
            *taken,
            *spaced(step, storage),
            Line(""),
            Line(f"loss = float({loss})"),
        ],
    }


def spaced(step: list[Line], storage: Storage) -> list[Line]:
    """The lines of a step, with a gap where forward pass, loss and backward pass begin."""
    program = storage.program
    parts = {
        item.id: name
        for name in ("forward", "loss", "backward")
        for item in statements(getattr(program, name))
    }
    made: list[Line] = []
    last = ""
    for k, line in enumerate(step):
        near = (x.id.split()[0] for x in step[k:] if x.id)
        part = parts.get(next(near, ""), last)
        if part != last and line.depth == 0:
            made.append(Line(""))
            last = part
        made.append(line)
    return made


def _rows(names: Sequence[str]) -> list[str]:
    """The names of a tuple, a line's worth in each row."""
    return textwrap.wrap(", ".join(names) + ",", 84)


def _batch(storage: Storage, places: Places, known: dict[str, Array]) -> list[Line]:
    """The lines that take the batch, as an array or as arrays by the names of the outputs."""
    program = storage.program
    several = len(program.targets) > 1
    pairs = [(t.name, "x") for t in program.tensors.values() if t.role == "input"]
    for name, (output, _) in zip(program.targets, program.graph.outputs, strict=True):
        pairs.append((name, f't["{output.target}"]' if several else "t"))
    made = []
    for name, code in pairs:
        array = places.given(storage.program.tensors[name]).array
        if array.name in known:
            shape = f"{shaped(array.shape)}, {KINDS[array.kind]}"
            made.append(Line(f"{array.name} = _fitting({code}, {shape})"))
    return made
