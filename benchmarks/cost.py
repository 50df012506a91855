"""What deriving and generating costs: against depth and width, in both styles.

    python -m benchmarks.cost              # under a minute
    python -m benchmarks.cost --rounds 5   # the fastest of so many counts

Each row is a new network: nothing of it was derived before. Columns are seconds for the equations
alone, and for the module in each style, the equations included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import symbp
from benchmarks import workloads
from benchmarks.derivation import chain, repeat
from benchmarks.task import Tables, read
from symbp.network import template

DEPTHS = (1, 2, 5, 10, 20, 50, 100)
WIDTHS = (8, 64, 512, 4096)
Job = Callable[[symbp.Network], object]


def networks() -> Iterator[tuple[str, Tables]]:
    """Depth as written-out layers and as one ``repeat``, width, and the workloads."""
    for depth in DEPTHS:
        yield f"{depth} dense layers", chain(depth)
    for depth in DEPTHS[-2:]:
        yield f"repeat, {depth} times", repeat(depth)
    for width in WIDTHS:
        yield f"2 layers of {width}", chain(2, width)
    for file in dict.fromkeys(w.file for w in workloads.WORKLOADS):
        yield f"workload {file}", read(file)


def style(name: str) -> Job:
    return lambda network: network.generate(style=name)


def seconds(tables: Tables, job: Job, rounds: int) -> float:
    """The least time of ``rounds`` tries, each from the tables on."""
    best = float("inf")
    for _ in range(rounds):
        template.DERIVED.clear()
        start = time.perf_counter()
        job(symbp.Network(**tables))
        best = min(best, time.perf_counter() - start)
    return best


def has_fast() -> bool:
    """Whether the two styles differ."""
    tables = chain(1)
    made = [symbp.Network(**tables).generate(style=name) for name in ("lecture", "fast")]
    return made[0] != made[1]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.cost", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=2)
    rounds = parser.parse_args(arguments).rounds
    console, both = Console(), has_fast()
    console.print(table(rounds, both))
    if not both:
        console.print("fast is left out: it is not written differently from lecture")


def table(rounds: int, both: bool) -> Table:
    made = Table(title="seconds", title_justify="left", box=SIMPLE_HEAD)
    made.add_column("network")
    for name in ("derive", "lecture", *(("fast", "fast/lecture") if both else ()), "lines"):
        made.add_column(name, justify="right")
    for name, tables in networks():
        derived = seconds(tables, lambda network: network.program, rounds)
        lecture = seconds(tables, style("lecture"), rounds)
        cells = [f"{derived:.3f}", f"{lecture:.3f}"]
        if both:
            fast = seconds(tables, style("fast"), rounds)
            cells += [f"{fast:.3f}", f"{fast / lecture:.2f}"]
        lines = len(symbp.Network(**tables).generate().splitlines())
        made.add_row(name, *cells, str(lines))
    return made


if __name__ == "__main__":
    main()
