"""A run of a generated module's ``train`` in a process of its own, which goes on as it is told.

Its callback waits for its turn: between turns it costs nothing, and neither do workers of its own.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks import pinning

TURN = 0.03  # seconds that the epochs of a turn take
KEPT = {f"MALLOC_{name}_THRESHOLD_": str(2**40) for name in ("MMAP", "TRIM")}
Data = tuple[np.ndarray, np.ndarray]


class Training:
    """``train`` of the module in ``file`` by so many processes, on minibatches of ``batch`` rows.

    ``pinned`` has BLAS on one thread and memory that is kept from step to step. ``start`` are the
    seconds before its first epoch, ``chosen`` the processes that the module would take by itself.
    """

    def __init__(self, file: Path, data: Data, batch: int, processes: int, pinned: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, file, data, batch, processes))
        before = dict(os.environ)
        _set(dict.fromkeys(pinning.THREADS), False)
        _set(pinning.THREADS | KEPT, pinned)
        self.process.start()
        os.environ.clear()
        os.environ.update(before)
        theirs.close()
        first, self.chosen = self.pipe.recv()
        self.epochs = 1
        while (wall := min(self.time() for _ in range(2)) * self.epochs) < TURN / 4:
            self.epochs *= 2
        self.start = first - wall / self.epochs
        self.epochs = max(1, round(TURN / wall * self.epochs))

    def time(self) -> float:
        """Seconds an epoch, in one turn; an epoch outside the clock fills the caches."""
        self.pipe.send(self.epochs)
        seconds: float = self.pipe.recv()
        return seconds / self.epochs

    def stop(self) -> None:
        self.pipe.send(0)
        self.process.join()


def _set(settings: dict[str, str | None] | dict[str, str], wanted: bool) -> None:
    for name, value in settings.items():
        os.environ.pop(name, None)
        if wanted and value is not None:
            os.environ[name] = value


def _serve(pipe: Connection, file: Path, data: Data, batch: int, processes: int) -> None:
    """Trains without moving, until it is told to take no epochs."""
    specification = importlib.util.spec_from_file_location("measured", file)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    chosen = module._processes(None, batch, 10**12)
    left, start = 1, time.perf_counter()

    def turn(epoch: int, *_: object) -> bool:
        nonlocal left, start
        left -= 1
        if left == wanted:
            start = time.perf_counter()
        if left:
            return False
        wall = time.perf_counter() - start
        pipe.send(wall if epoch else (wall, chosen))
        return not asked()

    def asked() -> int:
        nonlocal left, wanted
        wanted = pipe.recv()
        left = wanted + 1
        return wanted

    wanted = -1  # the first epoch counts from the start of the run
    rest = {"batch_size": batch, "learning_rate": 0.0, "processes": processes}
    module.train(*data, epochs=10**9, callback=turn, **rest)
