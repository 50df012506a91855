"""What the fast style did to a network: the layouts with their costs, every pass and its counted effect,
and the memory that a step needs."""

from __future__ import annotations

from math import prod

from symbp.fast import scalars
from symbp.fast.history import History, difference, history, named, purposes
from symbp.fast.instructions import Instruction, Loop, arrays, calls
from symbp.fast.memory import bytes_of, entry_bytes, memory
from symbp.fast.passes.buffers import buffers
from symbp.fast.pipeline import Stage
from symbp.fast.places import Unplanned
from symbp.fast.selection import Selected
from symbp.fast.strides import Array, Count
from symbp.fast.workspace import own
from symbp.network.program import Program
from symbp.writers.table import Column, Table

COLUMNS = ("pass", "calls written", "calls a step", "arrays", "workspace", "bytes", "bytes moved")


def explain(program: Program, dtype: str = "float64", batch: int = 64, name: str = "") -> str:
    """The report as text; bytes are counted for batches of ``batch`` samples, and as formulas in B. With
    the ``name`` of a pass, what it changed, as a diff. Raises InputError where no pass is called so."""
    if name:
        named(name)
    reason = scalars.reason(program, dtype)
    if not reason:
        floats, several = (round(1e6 * s) for s in scalars.seconds(program))
        return f"scalar unrolling: chosen; floats would take {floats} us, arrays {several} us"
    made = [f"scalar unrolling: not chosen; {reason}", ""]
    try:
        found = history(program, dtype)
    except Unplanned as error:
        return "\n".join([*made, f"arrays: not planned ({error}); a step calls the functions"])
    if name:
        return difference(found, name)
    size = 4 if dtype == "float32" else 8
    effects = tuple(_effect(stage, size, batch) for stage in found.stages)
    tables = [
        _layouts(found),
        Table((Column("pass"), Column("purpose")), tuple(purposes())),
        Table(tuple(Column(c, k > 0) for k, c in enumerate(COLUMNS)), effects),
    ]
    layouts, reasons, passes = (table.text() for table in tables)
    made += [layouts, "", reasons, "", f"batch size B = {batch}", "", passes, ""]
    return "\n".join([*made, _planning(program, found.stages[-1], dtype, batch)])


def _layouts(found: History) -> Table:
    rows = tuple(
        (name, f"{cost / 1e3:.0f}", "chosen" if name == found.layout else "")
        for name, cost in found.costs.items()
    )
    return Table((Column("layout"), Column("counted cost in us", True), Column("")), rows)


def _effect(stage: Stage, size: int, batch: int) -> tuple[str, ...]:
    body = stage.selected.body
    work = [a for a in arrays(body).values() if a.role == "work"]
    space = total(work, size)
    return (
        stage.name, str(len(list(calls(body)))), str(executed(body)), str(len(work)),
        str(space), f"{space.at(batch):,}", f"{moved(body, size, batch):,}",
    )  # fmt: skip


def _planning(program: Program, stage: Stage, dtype: str, batch: int) -> str:
    """Arrays that share memory, and how large the largest are."""
    found = memory(program, stage.selected, dtype, batch)
    parameters = program.graph.parameters
    entries = sum(
        prod((*(v.times for v in p.levels), *(s or 0 for s in p.shape))) for p in parameters
    )
    return (
        f"buffer planning: {found.count} arrays in {found.places} places; {found.apart} -> "
        f"{found.workspace} bytes, {found.apart.at(batch):,} -> {found.workspace.at(batch):,}\n"
        f"in place: {_in_place(stage.selected)} calls write over what they read\n"
        f"flat buffer: {len(parameters)} parameters in one array of {entries:,} entries, their "
        f"gradients in another\n"
        f"constants: {found.constants} bytes, {found.constants.at(batch):,}\n"
        f"largest array: {found.array.at(batch):,} bytes; "
        f"largest tensor of the formulas: {found.tensor.at(batch):,}"
    )


def _in_place(selected: Selected) -> int:
    """Calls whose result lies where one of their inputs lay."""
    slots = buffers(selected.body, own(selected))
    place = {a.name: k for k, slot in enumerate(slots) for a in slot.arrays}
    return sum(
        any(place.get(v.array.name, -1) == place.get(call.out.array.name) for v in call.reads)
        for call in calls(selected.body)
    )


def total(found: list[Array], size: int) -> Count:
    """The bytes of arrays, as a polynomial in the batch size."""
    return sum((bytes_of(array, size) for array in found), start=Count())


def executed(body: tuple[Instruction, ...]) -> int:
    """Calls in one step, those in loops as often as they run."""
    return sum(i.size * executed(i.body) if isinstance(i, Loop) else 1 for i in body)


def moved(body: tuple[Instruction, ...], size: int, batch: int) -> int:
    """Bytes read and written in one step, each call counted by itself."""
    found = 0
    for item in body:
        if isinstance(item, Loop):
            found += item.size * moved(item.body, size, batch)
            continue
        for view in (*item.reads, item.out):
            found += entry_bytes(view.array, size) * view.size.at(batch)
    return found
