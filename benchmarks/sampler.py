"""Fast style on networks that nobody chose: is it ever slower than lecture style, or than PyTorch?

    python -m benchmarks.sampler                          # twenty networks, a few minutes
    python -m benchmarks.sampler --networks 100 --seed 7
    python -m benchmarks.sampler --network 13             # number 13 alone

Measured like the workloads of ``benchmarks.speed``. A network is marked where the median ratio is
above one; with a question mark where the quartiles lie on both sides of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from rich.console import Console

from benchmarks import draw, pinning
from benchmarks.race import Race, Ratio, race
from benchmarks.task import make
from benchmarks.workloads import DTYPES

CONTENDERS = ("fast", "lecture", "PyTorch")


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    pinning.pin()
    console = Console(width=100, soft_wrap=True, highlight=False)
    numbers = [options.network] if options.network is not None else range(options.networks)
    console.print(
        f"{'':4} {'':8} {'batch':>5} {'fast us':>9} {'by lecture':>17} {'by PyTorch':>17}"
    )
    slower: list[int] = []
    failed: list[int] = []
    for number in numbers:
        kind, tables, batch = draw.drawn(number, options.seed)
        task = make(kind, tables, batch, DTYPES[number // len(draw.KINDS) % 2])
        found = race(task, CONTENDERS, options.rounds)
        if "fast" not in found.runs:
            failed.append(number)
        for line in lines(number, found, draw.words(tables)):
            console.print(line, markup=False)
        if any(slow(found.ratio("fast", other)) for other in CONTENDERS[1:]):
            slower.append(number)
    console.print(f"{len(numbers)} networks, fast is slower in {len(slower)}: {slower}", end="")
    console.print(f", did not run or was refused in {len(failed)}: {failed}")


def slow(ratio: Ratio | None) -> str:
    """``!`` where it is above one, ``?`` where the quartiles do not agree, else nothing."""
    if ratio is None or ratio.median <= 1:
        return ""
    return "!" if ratio.low > 1 else "?"


def lines(number: int, found: Race, words: str) -> Iterator[str]:
    """The ratios of a network, what it is, and who did not run."""
    cells = []
    for other in CONTENDERS[1:]:
        ratio = found.ratio("fast", other)
        cells.append(f"{ratio or '-'!s:>17} {slow(ratio):1}")
    fast = f"{found.runs['fast'].median * 1e6:9.1f}" if "fast" in found.runs else f"{'-':>9}"
    yield f"{number:4} {found.dtype:8} {found.batch:5} {fast} {' '.join(cells)}"
    yield f"     {found.name}: {words}"
    for label, reason in found.left_out.items():
        yield f"     left out: {label}: {reason}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.sampler", description=__doc__.split("\n")[0])
    parser.add_argument("--networks", type=int, default=20, help="how many, from number 0 on")
    parser.add_argument("--network", type=int, metavar="NUMBER", help="this one alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=11)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
