"""Cures side by side: the network as it is, and a copy with each cure, predicted, measured and trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from symbp.errors import InputError
from symbp.flow import cures
from symbp.flow.measure import SAMPLES, Bench, bench
from symbp.flow.product import Products
from symbp.flow.report import Report, reported
from symbp.language.spec import Spec
from symbp.network import assemble, program

STEPS = 200  # of training, for each variant
AS_IS = "as it is"


@dataclass(frozen=True, eq=False)
class Run:
    """``losses`` before the first epoch and after each; ``longest`` the longest gradient that a step
    went along, epoch means, clipped ones at the length they were clipped to."""

    losses: tuple[float, ...]
    steps: int
    longest: float

    @property
    def after(self) -> float:
        return self.losses[-1]


@dataclass(frozen=True, eq=False)
class Variant:
    """``name`` of the cures; ``report`` and ``run`` are None where they changed nothing, or where the
    copy is no network, which ``problem`` says."""

    name: str
    what: str
    report: Report | None
    run: Run | None
    problem: str = ""


def compare(
    spec: Spec,
    names: Sequence[str],
    *,
    seeds: int,
    steps: int = STEPS,
    samples: int = SAMPLES,
    watch: Callable[[str], None] = lambda name: None,
) -> tuple[Variant, ...]:
    """The network as it is, then with each of the cures; ``watch`` is told which one is next.

    Raises InputError where the network's data cannot be read or do not fit it.
    """
    watch(AS_IS)
    found = [_variant(AS_IS, "", spec, seeds, steps, samples)]
    for name in names:
        watch(name)
        changed = cures.apply(name, spec)
        if changed == spec:
            problem = "nothing to change"
            found.append(Variant(name, cures.what(name), None, None, problem))
            continue
        try:
            found.append(_variant(name, cures.what(name), changed, seeds, steps, samples))
        except InputError as error:  # such as a norm where there is one number alone
            found.append(Variant(name, cures.what(name), None, None, error.message))
    return tuple(found)


def _variant(name: str, what: str, spec: Spec, seeds: int, steps: int, samples: int) -> Variant:
    built = program.build(assemble.build(spec))
    made = bench(built, samples=samples)
    report = reported(Products(built), made, seeds)
    return Variant(name, what, report, trained(made, spec, steps))


def trained(made: Bench, spec: Spec, steps: int) -> Run:
    """Train by the network's own [train] for so many steps, in whole epochs."""
    x, t = made.made.arrays
    train = spec.train
    kept = len(x) - round(train.held_out * len(x))
    batches = -(-kept // (train.batch_size or kept))
    epochs = max(1, -(-steps // batches))
    params = made.init_params(train.seed)
    losses = [made.norms(params, train.seed).loss]

    def callback(epoch: int, now: object, history: dict[str, list[float]]) -> bool:
        losses.append(history["loss"][-1])
        return not np.isfinite(losses[-1])

    with np.errstate(all="ignore"):
        history = made.module.train(x, t, params=params, epochs=epochs, callback=callback)[1]
    longest = float(np.max(history["grad_norm"]))
    if train.clip_norm is not None:
        longest = min(longest, train.clip_norm)
    return Run(tuple(losses), epochs * batches, longest)
