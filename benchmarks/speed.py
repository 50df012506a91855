"""How fast a training step is, beside what one would use instead.

    python -m pip install '.[bench]'
    python -m benchmarks.speed                            # every workload, in under ten minutes
    python -m benchmarks.speed --only b --only d --dtype float32
    python -m benchmarks.speed --json speed.json --svg speed.svg
    python -m benchmarks.speed --read speed.json --svg speed.svg    # the chart alone

Every contender has a process and one thread. Its first step is compared with the exact one before
anything is timed; then contenders take turns, round by round, and what is compared are the times of
one round: medians of these ratios, and quartiles around them. The data of a step are always the same,
in their ordinary layout. Ratios carry over to another machine, times do not.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import chart, pinning, report, workloads
from benchmarks.contenders import CONTENDERS, labels
from benchmarks.race import Race, race


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    pinning.pin()
    console = Console()
    made = json.loads(options.read.read_text()) if options.read else measured(options, console)
    if options.json:
        options.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    if options.svg:
        options.svg.write_text(chart.draw(made), encoding="utf-8")


def measured(options: argparse.Namespace, console: Console) -> report.Json:
    """Run the races, print them, and give them as JSON."""
    start, machine = time.perf_counter(), pinning.machine()
    for key, value in machine.items():
        console.print(f"[dim]{key}:[/] {value}", highlight=False)
    selected = workloads.chosen(options.only, options.dtype)
    races: list[tuple[str, Race]] = []
    for workload, task in workloads.tasks(selected):
        with console.status(f"{workload.title}, {task.dtype}"):
            found = race(task, labels(options.contender), options.rounds)
        console.print(report.table(workload.title, found))
        races.append((workload.title, found))
    console.print(
        "us: median of a step; by: of paired rounds, median and quartiles", highlight=False
    )
    for line in report.remarks(races):
        console.print(line, highlight=False, markup=False)
    console.print(f"{options.rounds} rounds, {time.perf_counter() - start:.0f} s in all")
    return report.as_json(machine, races)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.speed", description=__doc__.split("\n")[0])
    known = tuple(dict.fromkeys((*workloads.KEYS, "b")))
    parser.add_argument("--only", action="append", default=[], choices=known, metavar="WORKLOAD")
    parser.add_argument(
        "--contender", action="append", default=[], choices=[c.label for c in CONTENDERS]
    )
    parser.add_argument("--rounds", type=_positive, default=21)
    parser.add_argument("--dtype", choices=("float32", "float64", "both"), default="both")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every round, to be read again")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="the chart")
    parser.add_argument("--read", type=Path, metavar="FILE", help="draw this JSON, measure nothing")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds; expected 1 or more")
    return number


if __name__ == "__main__":
    main()
