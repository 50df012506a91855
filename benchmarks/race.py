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
from benchmarks.worker import Worker

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
        errors, left_out = _checked(task, workers)
        ready = [worker for worker in workers if worker.label not in left_out]
        return Race(task.name, task.dtype, task.batch, _rounds(ready, errors, rounds), left_out)
    finally:
        for worker in workers:
            worker.stop()


def _checked(
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
) -> dict[str, Run]:
    steps = {worker.label: _steps(worker) for worker in workers}
    wall: dict[str, list[float]] = {worker.label: [] for worker in workers}
    busy = dict.fromkeys(wall, 0.0)
    for number in range(rounds):
        first = number % max(len(workers), 1)  # everyone comes behind everyone else once
        for worker in (*workers[first:], *workers[:first]):
            timed = worker.time(steps[worker.label])
            if not math.isfinite(timed.loss):
                raise RuntimeError(f"{worker.label}: the loss became {timed.loss}")
            wall[worker.label].append(timed.wall / steps[worker.label])
            busy[worker.label] += timed.busy / steps[worker.label]
    return {
        key: Run(key, steps[key], tuple(row), busy[key] / sum(row), errors[key])
        for key, row in wall.items()
    }


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
