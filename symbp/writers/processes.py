"""What ``generate --processes`` adds to a module: ``train`` shares each minibatch between processes."""

from __future__ import annotations

from dataclasses import dataclass

from symbp.network.program import Program
from symbp.writers.interface import Interface
from symbp.writers.separable import multiply_adds, reduction

# Multiply-adds of a minibatch from which a second process is taken. An estimate, not a measurement.
PAYS = 40_000_000
MODULES = ("contextlib", "functools", "math", "mmap", "os", "pickle", "subprocess", "sys",
           "tempfile", "traceback")  # fmt: skip
DOCUMENTED = (
    " processes share the rows of each minibatch; None takes two where their products are enough to pay"
    " and there are two cores. The same number of them gives the same numbers."
)


@dataclass(frozen=True)
class Split:
    """``reduction`` says how the losses of parts make the whole, ``work`` counts multiply-adds of
    one sample."""

    reduction: str
    work: int


def split(program: Program) -> Split:
    """How minibatches are shared; raises InputError where they cannot be."""
    return Split(reduction(program), multiply_adds(program))


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
        "pays": PAYS,
        "named": "t" if net.several else '{"t": t}',
        "whole": "t" if net.several else 't["t"]',
        "some": "_rows(t, rows)" if net.several else "t[rows]",
    }
