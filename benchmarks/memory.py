"""The memory of a training step in the fast style: what is planned, what is held, what a step makes anew.

    python -m benchmarks.memory              # under a minute
    python -m benchmarks.memory --dtype float64

``planned`` is the workspace as --explain counts it, constants included; ``held`` the bytes of the arrays
that a Trainer keeps beside parameters, gradients and moments; ``step`` the peak that Python's tracemalloc
sees beside these, during a step: NumPy converts entries in pieces of 8192. ``lecture`` is the peak of the
lecture style's loss_and_grads. ``largest`` is the largest array of the workspace by the largest tensor
of the formulas; a state over time has its start beside its steps.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import symbp
from benchmarks import workloads
from benchmarks.contenders import fast, lecture
from benchmarks.task import Task
from symbp.fast import pipeline, scalars
from symbp.fast.memory import Memory, memory
from symbp.writers.storage import plan

COLUMNS = ("workload", "bytes by batch size B", "planned", "held", "step", "lecture", "largest")


def peak(action: Callable[[], object]) -> int:
    """Bytes that an action takes at most and had not taken before."""
    action()
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def held(trainer: Any) -> int:
    """Bytes behind the arrays that a Trainer writes to, parameters and gradients left out."""
    flat = {id(array) for array in trainer.flat}
    bases = {id(base): base for base in map(_base, _leaves(trainer.arrays))}
    return sum(base.nbytes for key, base in bases.items() if key not in flat)


def _leaves(found: Any) -> Iterator[np.ndarray]:
    if isinstance(found, np.ndarray):
        yield found
    elif isinstance(found, list | tuple):
        for item in found:
            yield from _leaves(item)


def _base(array: np.ndarray) -> np.ndarray:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def planned(task: Task) -> Memory | None:
    """None where the step runs on floats."""
    program = symbp.Network(**task.tables).program
    if scalars.fits(program, task.dtype):
        return None
    selected = pipeline.planned(plan(program, task.dtype), True)
    return memory(program, selected, task.dtype, task.batch)


def rows(dtype: str) -> Iterator[tuple[str, ...]]:
    for workload, task in workloads.tasks(workloads.chosen((), dtype)):
        found, ours = planned(task), fast.make(task)
        step, theirs = peak(ours.step), peak(lecture.make(task).step)
        if found is None:
            yield workload.title, "floats", "0", "0", f"{step:,}", f"{theirs:,}", ""
            continue
        total, B = found.workspace + found.constants, task.batch
        yield (
            workload.title, str(total), f"{total.at(B):,}", f"{held(ours.trainer):,}", f"{step:,}",
            f"{theirs:,}", f"{found.array.at(B) / found.tensor.at(B):.2f}",
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory")
    parser.add_argument("--dtype", choices=workloads.DTYPES, default="float32")
    dtype = parser.parse_args().dtype
    table = Table(title=f"bytes of a training step, {dtype}", box=SIMPLE_HEAD)
    for k, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if k > 1 else "left")
    for row in rows(dtype):
        table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
