"""Gradient norms along a training run of the generated module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbp.flow.measure import Bench, Norms

MOMENTS = 6  # of a run, where nobody says how many epochs lie between two
Watch = Callable[[int, Any, dict[str, list[float]]], bool]


@dataclass(frozen=True, eq=False)
class Moment:
    """The norms after ``epoch`` epochs; 0 is before the first. ``loss`` is that of the measured samples."""

    epoch: int
    norms: Norms


def along(
    made: Bench,
    *,
    epochs: int,
    every: int | None = None,
    seed: int = 0,
    watch: Watch | None = None,
) -> tuple[Moment, ...]:
    """Train on the network's data by its own [train], and measure before the first epoch, every
    ``every`` epochs (default: a sixth of them), and after the last.

    ``watch`` is called after each epoch as a callback of ``train`` is. A run whose loss is no number
    any more ends there.
    """
    every = every or max(1, epochs // MOMENTS)
    params = made.init_params(seed)
    found = [Moment(0, made.norms(params, seed))]

    def callback(
        epoch: int, now: Mapping[str, np.ndarray], history: dict[str, list[float]]
    ) -> bool:
        done = epoch + 1
        finite = bool(np.isfinite(history["loss"][-1]))
        if done % every == 0 or done == epochs or not finite:
            found.append(Moment(done, made.norms(now, seed)))
        stop = watch(epoch, now, history) if watch is not None else False
        return stop or not finite

    with np.errstate(all="ignore"):
        made.module.train(*made.made.arrays, params=params, epochs=epochs, callback=callback)
    return tuple(found)
