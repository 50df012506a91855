"""What the fast style did to a network: the layouts with their costs, every pass and its counted effect,
and the memory that a step needs."""

from __future__ import annotations

from symbp.fast import scalars
from symbp.fast.cost import cost
from symbp.fast.instructions import Instruction, Loop, arrays, calls
from symbp.fast.memory import bytes_of, entry_bytes, memory
from symbp.fast.pipeline import PASSES, Stage, candidates, chosen
from symbp.fast.places import Unplanned
from symbp.fast.strides import Array, Count
from symbp.network.program import Program
from symbp.writers.optimizers import optimizer_of
from symbp.writers.storage import plan
from symbp.writers.table import Column, Table

COLUMNS = ("pass", "calls written", "calls a step", "arrays", "workspace", "bytes", "bytes moved")


def explain(program: Program, dtype: str = "float64", batch: int = 64) -> str:
    """The report as text; bytes are counted for batches of ``batch`` samples, and as formulas in B."""
    reason = scalars.reason(program, dtype)
    if not reason:
        floats, several = (round(1e6 * s) for s in scalars.seconds(program))
        return f"scalar unrolling: chosen; floats would take {floats} us, arrays {several} us"
    made = [f"scalar unrolling: not chosen; {reason}", ""]
    train = program.graph.spec.train
    folds = not optimizer_of(train).needs_function and not train.clip_norm
    try:
        found = candidates(plan(program, dtype), folds)
    except Unplanned as error:
        return "\n".join([*made, f"arrays: not planned ({error}); a step calls the functions"])
    best = chosen(found)
    rows = tuple(
        (name, f"{cost(s[-1].selected.body) / 1e3:.0f}", "chosen" if name == best else "")
        for name, s in found.items()
    )
    layouts = Table((Column("layout"), Column("counted cost in us", True), Column("")), rows)
    size = 4 if dtype == "float32" else 8
    effects = tuple(_effect(stage, size, batch) for stage in found[best])
    passes = Table(tuple(Column(c, k > 0) for k, c in enumerate(COLUMNS)), effects)
    purposes = Table(
        (Column("pass"), Column("purpose")), tuple((p.name, p.purpose) for p in PASSES)
    )
    return "\n".join([*made, layouts.text(), "", purposes.text(), "", f"batch size B = {batch}", "",
                      passes.text(), "", _planning(program, found[best][-1], dtype, batch)])  # fmt: skip


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
    return (
        f"buffer planning: {found.count} arrays in {found.places} places; {found.apart} -> "
        f"{found.workspace} bytes, {found.apart.at(batch):,} -> {found.workspace.at(batch):,}\n"
        f"constants: {found.constants} bytes, {found.constants.at(batch):,}\n"
        f"largest array: {found.array.at(batch):,} bytes; "
        f"largest tensor of the formulas: {found.tensor.at(batch):,}"
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
