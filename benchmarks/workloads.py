"""The workloads of the comparison, each a network file and a batch size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.task import Task, make, read

DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Workload:
    """``key`` names it on the command line, ``file`` is its network."""

    key: str
    file: str
    batch: int
    title: str
    dtypes: tuple[str, ...] = DTYPES


WORKLOADS = (
    Workload("a", "xor", 4, "XOR 2-3-1, batch 4", ("float64",)),
    Workload("b64", "mlp", 64, "MLP 784-256-128-10, batch 64"),
    Workload("b512", "mlp", 512, "MLP 784-256-128-10, batch 512"),
    Workload("c", "deep", 128, "50 layers of 64 tanh, batch 128"),
    Workload("d", "cnn", 64, "CNN 28x28, two convolutions, batch 64"),
    Workload("e", "rnn", 32, "RNN, 50 steps of 64 units, batch 32"),
    Workload("f", "transformer", 16, "transformer block, 32 x 64, batch 16"),
)
KEYS = tuple(w.key for w in WORKLOADS)
TITLES = {w.key: w.title for w in WORKLOADS}


def chosen(only: Sequence[str], dtype: str) -> list[tuple[Workload, str]]:
    """The workloads to run, ``b`` for both of its batches, with one dtype or ``both``."""
    kept = [w for w in WORKLOADS if not only or w.key in only or w.key.rstrip("0123456789") in only]
    return [(w, d) for w in kept for d in w.dtypes if dtype in (d, "both")]


def tasks(selected: Sequence[tuple[Workload, str]]) -> Iterator[tuple[Workload, Task]]:
    for workload, dtype in selected:
        yield workload, make(workload.file, read(workload.file), workload.batch, dtype)
