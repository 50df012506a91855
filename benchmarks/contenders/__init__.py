"""Who runs: a file each, with ``make(task) -> Stepper``. A file is imported in its own process alone."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, SupportsFloat

from benchmarks.task import Arrays, Task


class Stepper(Protocol):
    """A training step over the task's batch, again and again."""

    def step(self) -> SupportsFloat:
        """Forward, loss, backward, update; the loss before the update. All is done on return."""

    def params(self) -> Arrays | None:
        """A copy of the parameters by symbp's names; None where nothing is trained."""


class Absent(Exception):
    """This contender does not run here; the text says why."""


@dataclass(frozen=True)
class Contender:
    """``file`` is the module in this folder; ``about`` one line for the table's foot."""

    label: str
    file: str
    about: str


CONTENDERS = (
    Contender("fast", "fast", "symbp generate --style fast: Trainer.step"),
    Contender("lecture", "lecture", "symbp generate: forward, loss, backward, update"),
    Contender("PyTorch", "pytorch", "eager, CPU: nn.functional, SGD in place"),
    Contender("JAX", "jax_jit", "the whole step under jit, parameters donated"),
    Contender("autograd", "hips", "HIPS autograd: value_and_grad over plain NumPy"),
    Contender("NumPy", "plain", "a reference written by hand, as one ordinarily writes it"),
    Contender("products", "products", "the matrix products of the step alone, into buffers"),
)
BY_LABEL = {contender.label: contender for contender in CONTENDERS}


def make(label: str, task: Task) -> Stepper:
    """Raises Absent where a library is missing or the contender does not know the network."""
    try:
        found = importlib.import_module(f"benchmarks.contenders.{BY_LABEL[label].file}")
    except ModuleNotFoundError as error:
        raise Absent(f"{error.name} is not installed: python -m pip install '.[bench]'") from None
    stepper: Stepper = found.make(task)
    return stepper


def labels(chosen: Sequence[str] = ()) -> tuple[str, ...]:
    """All, or those chosen, in the order of the table."""
    return tuple(c.label for c in CONTENDERS if not chosen or c.label in chosen)
