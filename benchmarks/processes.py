"""When is a second process worth it? ``train`` of modules by ``generate --processes``, measured.

    python -m benchmarks.processes                        # every network, in under three minutes
    python -m benchmarks.processes --only cnn --rounds 21
    python -m benchmarks.processes --dtype float32 --json processes.json

Three runs of a module take turns, a few epochs each: one process with BLAS on one thread that keeps
its memory, as workers do; one as NumPy comes; and two that share each minibatch. What is compared are
the times of one round: medians of these ratios, and quartiles around them. All of it is done anew,
since where processes come to lie matters, too. ``train`` reads the same in both styles.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import symbp
from benchmarks import pinning
from benchmarks.race import Ratio, paired
from benchmarks.task import make, read
from benchmarks.training import Training
from symbp.writers.work import multiply_adds, walked

CASES = {
    "xor": (4, 64),
    "mlp": (16, 64, 512),
    "deep": (32, 128, 512),
    "cnn": (4, 16, 64),
    "rnn": (8, 32, 128),
    "transformer": (2, 4, 16),
}
ALONE, LOOSE, SHARED = "one", "one as it comes", "two"
STEPS = 4  # minibatches of an epoch
REPEATS = 2


@dataclass(frozen=True)
class Measured:
    """Seconds a minibatch by round, for each run; what it takes, counted; what the rule chooses.

    ``start`` are the seconds that two processes take to begin, ``load`` that of the machine."""

    name: str
    batch: int
    multiply_adds: int
    walked: int
    chosen: int
    seconds: dict[str, list[float]]
    start: float
    load: float

    def ratio(self, other: str) -> Ratio:
        return paired(self.seconds[SHARED], self.seconds[other])

    @property
    def worst(self) -> float:
        """Two processes against the better of one."""
        return max(self.ratio(ALONE).median, self.ratio(LOOSE).median)


def measure(name: str, batch: int, dtype: str, rounds: int, folder: Path) -> Measured:
    """All runs of one network, in turns."""
    tables = read(name)
    network = symbp.Network(**tables)
    file = folder / f"{name}.py"
    file.write_text(network.generate(dtype=dtype, processes=True), encoding="utf-8")
    task = make(name, tables, batch * STEPS, dtype)
    seconds: dict[str, list[float]] = {ALONE: [], LOOSE: [], SHARED: []}
    starts = []
    for _ in range(REPEATS):
        runs = {
            label: Training(
                file, (task.x, task.t), batch, 2 if label == SHARED else 1, label != LOOSE
            )
            for label in seconds
        }
        try:
            for number in range(rounds):
                first = number % len(runs)  # who begins changes
                for label in [*runs, *runs][first : first + len(runs)]:
                    seconds[label].append(runs[label].time() / STEPS)
            starts.append(runs[SHARED].start)
            chosen = runs[SHARED].chosen
        finally:
            for run in runs.values():
                run.stop()
    counted = (batch * count(network.program) for count in (multiply_adds, walked))
    load = float(Path("/proc/loadavg").read_text().split()[0])
    return Measured(name, batch, *counted, chosen, seconds, float(np.median(starts)), load)


def table(found: Sequence[Measured], dtype: str) -> Table:
    """One row a network and batch."""
    made = Table(title=f"a minibatch, {dtype}", title_justify="left", box=SIMPLE_HEAD)
    columns = (
        "batch",
        "multiply-adds",
        "entries",
        "one us",
        "by one",
        "by one as it comes",
        "rule",
    )
    made.add_column("network")
    for column in columns:
        made.add_column(column, justify="right", no_wrap=True)
    for m in found:
        one = f"{np.median(m.seconds[ALONE]) * 1e6:.0f}"
        counts = (f"{count / 1e6:.2f} M" for count in (m.multiply_adds, m.walked))
        ratios = (str(m.ratio(other)) for other in (ALONE, LOOSE))
        made.add_row(m.name, str(m.batch), *counts, one, *ratios, str(m.chosen))
    return made


def remarks(found: Sequence[Measured]) -> list[str]:
    """Where two processes begin to be faster, what the rule makes of it, and what disturbed."""
    lines = []
    for name in dict.fromkeys(m.name for m in found):
        row = [m for m in found if m.name == name]
        lines.append(f"{name}: {crossover(row)}")
    wrong = [f"{m.name} {m.batch}" for m in found if m.chosen == 2 and m.worst > 1]
    missed = [f"{m.name} {m.batch}" for m in found if m.chosen == 1 and m.worst < 1]
    lines.append(f"the rule takes two where that is slower: {', '.join(wrong) or 'nowhere'}")
    lines.append(f"the rule takes one where two are faster: {', '.join(missed) or 'nowhere'}")
    lines.append(f"two processes begin in {np.median([m.start for m in found]):.2f} s")
    lines.append(f"load while measuring: {max(m.load for m in found):.1f} at most, ours included")
    return lines


def crossover(row: Sequence[Measured]) -> str:
    """Between which of the batches, and at how many entries, two become faster than the better one."""
    for small, large in itertools.pairwise(row):
        if small.worst > 1 > large.worst:
            part = np.log(small.worst) / np.log(small.worst / large.worst)
            entries = small.walked * (large.walked / small.walked) ** part
            return f"two pay from about {entries / 1e6:.1f} M entries on"
    always = all(m.worst < 1 for m in row)
    return "two pay for all batches" if always else "two do not pay for these batches"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    pinning.pin()
    console, start = Console(width=110, highlight=False), time.perf_counter()
    for key in ("processor", "system", "blas of NumPy", "load at the start"):
        console.print(f"[dim]{key}:[/] {pinning.machine()[key]}")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or CASES:
            for batch in CASES[name]:
                with console.status(f"{name}, batch {batch}"):
                    made = measure(name, batch, options.dtype, options.rounds, Path(folder))
                found.append(made)
    console.print(table(found, options.dtype))
    for line in remarks(found):
        console.print(line)
    console.print(
        f"{REPEATS} x {options.rounds} rounds, {time.perf_counter() - start:.0f} s in all"
    )
    if options.json:
        options.json.write_text(json.dumps([asdict(m) for m in found]) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.processes", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--only", action="append", choices=tuple(CASES), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every round")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
