"""A training run of one variant: its loss, that of samples that it never sees, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from symbp.flow.measure import Bench
from symbp.language.spec import Spec
from symbp.network import assemble, program
from symbp.proof import module
from symbp.writers.main_part import Arrays, Targets
from symbp.writers.module import write

STEPS = 200  # of training, for each variant
MOMENTS = 80  # at which losses are taken, at most


@dataclass(frozen=True, eq=False)
class Curve:
    """Of a network of one number: what it makes of ``x``, and its samples (x, t), each a row of numbers."""

    x: np.ndarray
    y: np.ndarray
    learnt: tuple[np.ndarray, np.ndarray]
    held_out: tuple[np.ndarray, np.ndarray] | None


@dataclass(frozen=True, eq=False)
class Run:
    """``losses`` and ``held_out`` (empty where the network holds nothing out) are those of the data alone,
    without penalties and without dropout, after ``epochs`` epochs each. ``norms`` are those of the whole
    gradient, one an epoch, ``longest`` the longest that a step went along: a clipped gradient counts with
    the length that it was clipped to. ``weights`` are the last values of all matrices."""

    epochs: tuple[int, ...]
    losses: tuple[float, ...]
    held_out: tuple[float, ...]
    norms: tuple[float, ...]
    longest: float
    batches: int  # in an epoch
    weights: np.ndarray
    curve: Curve | None

    @property
    def steps(self) -> int:
        return self.epochs[-1] * self.batches

    @property
    def small(self) -> float:
        """The share of weights below a thousandth."""
        return float(np.mean(np.abs(self.weights) < 1e-3)) if self.weights.size else 0.0


def trial(made: Bench, spec: Spec, steps: int) -> Run:
    """Train by the network's own [train] for so many steps, in whole epochs; the samples that it holds
    out are drawn by its seed."""
    train = spec.train
    learnt, held = split(made.made.arrays, train.held_out, train.seed)
    batches = -(-len(learnt[0]) // (train.batch_size or len(learnt[0])))
    epochs = max(1, -(-steps // batches))
    pupil, judge = _pupil(made, spec), _judge(made, spec)
    params = pupil.init_params(train.seed)
    moments: list[tuple[int, float, float]] = []

    def take(epoch: int, now: Any) -> None:
        outside = judge.loss(now, *held) if held is not None else float("nan")
        moments.append((epoch, judge.loss(now, *learnt), outside))

    def callback(epoch: int, now: Any, history: dict[str, list[float]]) -> bool:
        finite = bool(np.isfinite(history["loss"][-1]))
        if (epoch + 1) % -(-epochs // MOMENTS) == 0 or epoch + 1 == epochs or not finite:
            take(epoch + 1, now)
        return not finite

    with np.errstate(all="ignore"):
        take(0, params)
        params, history = pupil.train(*learnt, params=params, epochs=epochs, callback=callback)
    longest = max(history["grad_norm"])
    clip = train.clip_norm
    when, losses, outside = zip(*moments, strict=True)
    return Run(
        when,
        losses,
        outside if held is not None else (),
        tuple(history["grad_norm"]),
        float(longest if clip is None else min(longest, clip)),
        batches,
        np.concatenate([[], *(np.ravel(v) for v in params.values() if v.ndim > 1)]),
        _curve(judge, params, learnt, held),
    )


def _curve(
    judge: ModuleType, params: dict[str, np.ndarray], learnt: Arrays, held: Arrays | None
) -> Curve | None:
    """None where a sample is more than a number, or its target is."""
    x, t = learnt
    if isinstance(t, dict) or x.shape != (len(x), 1) or t.shape != (len(x), 1):
        return None
    every = x if held is None else np.concatenate([x, held[0]])
    grid = np.linspace(every.min(), every.max(), 200)
    y = np.ravel(judge.forward(params, grid[:, None]))
    return Curve(grid, y, _flat(learnt), None if held is None else _flat(held))


def _flat(arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    return np.ravel(arrays[0]), np.ravel(np.asarray(arrays[1]))


def split(arrays: Arrays, share: float, seed: int) -> tuple[Arrays, Arrays | None]:
    """Samples to learn from, and a share of them to hold out."""
    x, t = arrays
    count = round(share * len(x))
    if not count:
        return arrays, None
    order = np.random.default_rng(seed).permutation(len(x))
    held, kept = np.sort(order[:count]), np.sort(order[count:])
    return (x[kept], _rows(t, kept)), (x[held], _rows(t, held))


def _rows(t: Targets, rows: np.ndarray) -> Targets:
    return {name: v[rows] for name, v in t.items()} if isinstance(t, dict) else t[rows]


def _pupil(made: Bench, spec: Spec) -> ModuleType:
    """The module that trains; it gets its samples split already."""
    return made.module if not spec.train.held_out else _module(_whole(spec))


def _judge(made: Bench, spec: Spec) -> ModuleType:
    """The module that takes losses, without penalties."""
    return made.module if not (spec.l1 or spec.l2) else _module(replace(spec, l1=0.0, l2=0.0))


def _whole(spec: Spec) -> Spec:
    return replace(spec, train=replace(spec.train, held_out=0.0))


def _module(spec: Spec) -> ModuleType:
    return module.load(write(program.build(assemble.build(spec))).source)
