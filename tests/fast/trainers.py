"""A Trainer in each layout beside the functions of the lecture style."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.fast import module as fast
from symbp.fast import pipeline, scalars
from symbp.fast.layouts import layouts
from symbp.fast.places import Unplanned
from symbp.network.program import Program
from symbp.proof.module import load
from symbp.writers.storage import plan

Table = dict[str, Any]
RATE = 0.5  # a power of two: gradients times it lose nothing


class Same:
    """Draws one number for all entries, in whatever order they lie."""

    def random(self, shape: Any = None, dtype: Any = None, out: Any = None) -> np.ndarray:
        if out is None:
            return np.full(shape, 0.999)
        out[...] = 0.999
        return out


def plain(tables: Table) -> Table:
    """The network, trained by gradient descent alone."""
    return {**tables, "train": {}}


@contextmanager
def only(program: Program, name: str) -> Iterator[None]:
    """One layout is there to choose from, and arrays alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scalars, "fits", lambda *_: False)
        patch.setattr(pipeline, "layouts", lambda _: {name: layouts(program)[name]})
        yield


def modules(net: symbp.Network, dtype: str = "float64") -> dict[str, ModuleType | str]:
    """For each layout the module; where it is not planned, why."""
    found: dict[str, ModuleType | str] = {}
    for name in layouts(net.program):
        with only(net.program, name):
            try:
                pipeline.planned(plan(net.program, dtype), True)
            except Unplanned as error:
                found[name] = str(error)
                continue
            found[name] = load(fast.write(net.program, dtype=dtype).source, "fast")
    return found


def difference(made: ModuleType, params: Any, x: Any, t: Any, steps: int = 3) -> float:
    """The largest error of loss and gradients over some steps, relative to the largest gradient."""
    trainer = made.Trainer(params, len(x), learning_rate=RATE)
    trainer.rng = Same()
    flat, _ = trainer.flat
    update, worst = trainer._update, 0.0
    taken: list[np.ndarray] = []

    def kept() -> None:
        """An update from zero is the gradient, with no rounding but its own."""
        before = flat.copy()
        flat[:] = 0
        update()
        taken.append(flat / -RATE)
        flat[:] = before - 0.01 * taken[-1]

    trainer._update = kept
    for _ in range(steps):
        now = {name: value.copy() for name, value in trainer.params.items()}
        loss, grads = made.loss_and_grads(now, x, t, training=True, rng=Same())
        found = trainer.step(x, t)
        wanted = np.concatenate([np.ravel(grads[name]) for name in trainer.gradients])
        errors = (
            abs(found - loss) / max(1, abs(loss)),
            abs(taken[-1] - wanted).max() / max(abs(wanted).max(), 1e-300),
        )
        worst = max(worst, *(float(e) if np.isfinite(e) else np.inf for e in errors))
    return worst
