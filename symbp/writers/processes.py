"""What ``generate --processes`` adds to a module: ``train`` shares each minibatch between processes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symbp.network.program import Program
from symbp.writers.interface import Interface
from symbp.writers.separable import reduction
from symbp.writers.work import executed, walked

# Entries that a minibatch walks outside products, from which on two processes were measured to be faster
# than one, whether that has BLAS on one thread or on both (benchmarks/processes.py): so many, more for
# each parameter, whose gradients are summed, and for each statement, whose arrays stay in the cache
# where they are small. Products do not count: BLAS shares them between the cores by itself.
PAYS, PARAMETER, STATEMENT = 1_000_000, 80, 20_000
START = 500_000_000  # entries that a whole run walks, from which on starting the processes pays
MODULES = ("contextlib", "functools", "math", "mmap", "os", "pickle", "subprocess", "sys",
           "tempfile", "traceback")  # fmt: skip
DOCUMENTED = (
    " processes share the rows of each minibatch; None takes two where the work is enough to pay and"
    " there are two cores. The same number of them gives the same numbers."
)


@dataclass(frozen=True)
class Split:
    """``reduction`` says how the losses of parts make the whole, ``work`` counts the entries that one
    sample walks, ``pays`` those of a minibatch from which on two processes share it."""

    reduction: str
    work: int
    pays: int


def split(program: Program) -> Split:
    """How minibatches are shared; raises InputError where they cannot be."""
    sizes = ((*(v.times for v in p.levels), *p.shape) for p in program.graph.parameters)
    parameters = sum(math.prod(s or 1 for s in size) for size in sizes)
    pays = PAYS + PARAMETER * parameters + STATEMENT * executed(program)
    return Split(reduction(program), walked(program), pays)


def process_sections(net: Interface, split: Split | None, accuracy: bool) -> dict[str, object]:
    """What ``processes.jinja`` fills in; with no split the module has none of it."""
    if split is None:
        return {"processes": False}
    y = "y" if accuracy else "_"
    more = ", _accuracy(y, t)" if accuracy else ""
    return {
        "processes": True,
        "share": [
            f"{y}, cache = _forward(params, x, True, rng)",
            f"return float(_loss(params, cache, t)), _backward(params, cache, t){more}",
        ],
        "mean": split.reduction == "mean",
        "work": split.work,
        "pays": split.pays,
        "start": START,
        "named": "t" if net.several else '{"t": t}',
        "whole": "t" if net.several else 't["t"]',
        "some": "_rows(t, rows)" if net.several else "t[rows]",
    }
