"""A contender in a process of its own, which does as it is told over a pipe.

    worker = Worker("PyTorch")
    worker.prepare(task)
    worker.first()         # the loss and the parameters after one step, or a reason why not
    worker.time(20).wall   # seconds that 20 steps took

While it waits it costs nothing, so contenders take turns on a machine that they have to themselves.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.contenders import Absent, Stepper, make
from benchmarks.task import Arrays, Task


@dataclass(frozen=True)
class First:
    """What came of the first step; ``absent`` says why there was none."""

    loss: float = 0.0
    params: Arrays | None = None
    absent: str = ""


@dataclass(frozen=True)
class Timed:
    """Seconds of the clock and of all threads, and the loss of the last step."""

    wall: float
    busy: float
    loss: float


class Worker:
    """Starts its process at once; ``first`` waits until it has prepared."""

    def __init__(self, label: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.label = label
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, label), daemon=True)
        self.process.start()
        theirs.close()

    def prepare(self, task: Task) -> None:
        self.pipe.send(task)

    def first(self) -> First:
        return self._answer()

    def time(self, steps: int) -> Timed:
        self.pipe.send(steps)
        return self._answer()

    def stop(self) -> None:
        self.pipe.close()
        self.process.join()

    def _answer(self) -> Any:
        try:
            return self.pipe.recv()
        except EOFError:
            self.process.join()
            raise RuntimeError(f"{self.label} ended with code {self.process.exitcode}") from None


def _serve(pipe: Connection, label: str) -> None:
    """One step, and then as many as are asked for until the pipe is closed."""
    try:
        stepper = make(label, pipe.recv())
        pipe.send(First(float(stepper.step()), stepper.params()))
    except Absent as reason:
        pipe.send(First(absent=str(reason)))
        return
    except Exception as problem:
        traceback.print_exc()
        pipe.send(First(absent=f"it failed: {type(problem).__name__}: {problem}"))
        return
    while (steps := _asked(pipe)) is not None:
        pipe.send(_time(stepper, steps))


def _asked(pipe: Connection) -> int | None:
    try:
        steps: int = pipe.recv()
        return steps
    except EOFError:
        return None


def _time(stepper: Stepper, steps: int) -> Timed:
    """One step outside the clock brings its data back into the caches."""
    step = stepper.step
    step()
    gc.collect()
    busy, start = time.process_time(), time.perf_counter()
    for _ in range(steps):
        loss = step()
    wall, busy = time.perf_counter() - start, time.process_time() - busy
    return Timed(wall, busy, float(loss))
