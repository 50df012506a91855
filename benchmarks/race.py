"""Contenders take turns, round by round, and are compared within a round.

What disturbs the machine for a while disturbs all of them, so the ratio of two times of one round
says more than the ratio of two averages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.task import TOLERANCE, Task, error
from benchmarks.worker import Timed, Worker

ROUND = 0.03  # seconds that the steps of one contender take in one round


@dataclass(frozen=True)
class Run:
    """Seconds a step of one contender, one entry a round; ``error`` is that of its first step.

    ``cores`` are those that it kept busy, ``error`` is None for one that trains nothing.
    """

    label: str
    steps: int
    seconds: tuple[float, ...]
    cores: float
    error: float | None

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))


@dataclass(frozen=True)
class Ratio:
    """The median of paired ratios, and the quartiles on both sides of it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{_short(self.median)} {_short(self.low)}-{_short(self.high)}"


@dataclass(frozen=True)
class Race:
    """The runs by label, in the order of the table, and why others did not run."""

    name: str
    dtype: str
    batch: int
    runs: Mapping[str, Run]
    left_out: Mapping[str, str]

    def ratio(self, label: str, other: str) -> Ratio | None:
        """Time of the one by that of the other; None where one of them did not run."""
        if label not in self.runs or other not in self.runs:
            return None
        return paired(self.runs[label].seconds, self.runs[other].seconds)


def paired(mine: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """The ratios of two rows of times, round by round."""
    low, median, high = np.percentile(np.divide(mine, theirs), [25, 50, 75])
    return Ratio(float(median), float(low), float(high))


def race(task: Task, labels: Sequence[str], rounds: int) -> Race:
    """Check every contender's first step against the task, then time those that are right."""
    workers = [Worker(label) for label in labels]
    try:
        for worker in workers:
            worker.prepare(task)
        errors, left_out = checked(task, workers)
        ready = [worker for worker in workers if worker.label not in left_out]
        runs, lost = _rounds(ready, errors, rounds)
        return Race(task.name, task.dtype, task.batch, runs, left_out | lost)
    finally:
        for worker in workers:
            worker.stop()


def checked(
    task: Task, workers: Sequence[Worker]
) -> tuple[dict[str, float | None], dict[str, str]]:
    """The errors by label, and the reasons of those that may not run."""
    errors: dict[str, float | None] = {}
    left_out = {}
    for worker in workers:
        first = worker.first()
        if first.absent:
            left_out[worker.label] = first.absent
            continue
        found = None if first.params is None else error(task, first.loss, first.params)
        errors[worker.label] = found
        if found is not None and not found <= TOLERANCE[task.dtype]:
            left_out[worker.label] = (
                f"refused: its first step is off by {found:.1e}; at most "
                f"{TOLERANCE[task.dtype]:.0e} is right"
            )
    return errors, left_out


def _rounds(
    workers: Sequence[Worker], errors: Mapping[str, float | None], rounds: int
) -> tuple[dict[str, Run], dict[str, str]]:
    """The runs by label, and those that lost their way: their steps are no longer the same work."""
    steps = {worker.label: _steps(worker) for worker in workers}
    timed: dict[str, list[Timed]] = {worker.label: [] for worker in workers}
    for number in range(rounds if workers else 0):
        first = number % len(workers)  # who begins changes
        for worker in (*workers[first:], *workers[:first]):
            timed[worker.label].append(worker.time(steps[worker.label]))
    lost = {
        label: f"its loss became {row[-1].loss}"
        for label, row in timed.items()
        if not math.isfinite(row[-1].loss)
    }
    kept = (label for label in timed if label not in lost)
    return {key: _run(key, steps[key], timed[key], errors[key]) for key in kept}, lost


def _run(label: str, steps: int, timed: Sequence[Timed], error: float | None) -> Run:
    seconds = tuple(t.wall / steps for t in timed)
    cores = sum(t.busy for t in timed) / sum(t.wall for t in timed)
    return Run(label, steps, seconds, cores, error)


def _steps(worker: Worker) -> int:
    """As many steps as fill a round; the fastest of a few tries counts."""
    steps = 1
    while (wall := min(worker.time(steps).wall for _ in range(2))) < ROUND / 4:
        steps *= 2
    return max(1, round(ROUND * steps / wall))


def _short(value: float) -> str:
    """Three digits, at most three of them behind the point."""
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:.{min(max(digits, 0), 3)}f}"
