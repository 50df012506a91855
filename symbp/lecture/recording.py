"""A training run of the generated module, recorded to be played back.

    record(network.program).loss  # (None, 0.5249, ..., 0.0012)

The module's own ``train`` runs; what is recorded at a snapshot is read from its history, or computed
with its functions from the parameters of that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import ModuleType
from typing import Any

import numpy as np

from symbp.language.spec import Train
from symbp.lecture.numbers_run import Run, run, spread
from symbp.lecture.recording_picture import Picture, empty_picture
from symbp.network.program import Program
from symbp.proof import module
from symbp.writers.main_part import Arrays
from symbp.writers.package import Package, package

SNAPSHOTS = 60  # beside the one before training
SECONDS = 4.0  # about so long a training may take
EPOCHS = 10  # where all samples leave time for fewer, there are fewer samples
FEWEST = 32
JUDGED = 128  # samples that gradients are measured on
PER_LINE, PER_NUMBER = 6e-6, 1e-8  # seconds that one line takes, and one number that it makes
DIGITS = 4
CURVES = ("loss", "held_out_loss", "accuracy")

Series = tuple[float | None, ...]


@dataclass(frozen=True)
class Recording:
    """What training did, at each of ``epochs`` (the number of finished epochs; first 0).

    ``loss``, ``held_out_loss`` and ``accuracy`` are those of the module's history, None before
    training and where there is none; ``gradients`` holds for each parameter, and each of its copies
    under `repeat`, the norm of its gradient on ``judged`` samples. ``planned`` epochs on ``given``
    samples would be the whole training; a long one is recorded on fewer.
    """

    epochs: tuple[int, ...]
    planned: int
    samples: int
    given: int
    judged: int
    loss: Series
    held_out_loss: Series
    accuracy: Series
    gradients: Mapping[str, Series]
    picture: Picture | None

    @property
    def whole(self) -> bool:
        """Whether this is all of the training that the network file asks for."""
        return self.epochs[-1] == self.planned and self.samples == self.given

    def as_json(self) -> dict[str, Any]:
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        picture = self.picture.as_json() if self.picture else None
        return {**found, "gradients": dict(self.gradients), "picture": picture, "whole": self.whole}


def record(program: Program, seconds: float = SECONDS) -> Recording:
    """Train the generated module on the network's own data, for about ``seconds`` at most.

    How much is trained follows from the sizes alone, never from the clock: the same network gives
    the same recording. Raises InputError where the data cannot be read or do not fit.
    """
    made = package(program)
    live = module.load(made.module.source, made.name)
    train = program.graph.spec.train
    epochs, samples = affordable(run(program), made, train, seconds)
    arrays = spread(made.arrays, samples)
    copies = {p.key: tuple(level.times for level in p.levels) for p in program.graph.parameters}
    watch = _Watch(live, arrays, copies, empty_picture(program, arrays), train.seed)
    wanted = {int(e) for e in np.linspace(0, epochs, min(epochs, SNAPSHOTS) + 1).round()}

    def callback(epoch: int, params: Mapping[str, np.ndarray], history: Mapping[str, Any]) -> None:
        if epoch + 1 in wanted:
            watch.look(epoch + 1, params, history)

    with np.errstate(all="ignore"):
        params = live.init_params(train.seed)
        watch.look(0, params, {})
        live.train(*arrays, params=params, epochs=epochs, callback=callback)
    return watch.recording(train.epochs, len(made.arrays[0]))


def affordable(step: Run, made: Package, train: Train, seconds: float = SECONDS) -> tuple[int, int]:
    """How many epochs, on how many samples, take about so many seconds."""
    epochs, batch = train.epochs, train.batch_size
    numbers = sum(note.value.size for note in step.notes) / len(step.x)
    total = len(made.arrays[0])
    per_sample = len(step.notes) * PER_LINE / (batch or total) + numbers * PER_NUMBER
    rounds = int((seconds / per_sample - SNAPSHOTS * min(total, JUDGED)) / total)
    if rounds >= min(epochs, EPOCHS):
        return min(epochs, rounds), total
    rounds = min(epochs, EPOCHS)
    fewest = min(total, max(batch or 0, FEWEST))
    return rounds, max(fewest, min(total, int(seconds / (per_sample * 2 * rounds))))


@dataclass
class _Watch:
    """Looks at a training run from time to time."""

    live: ModuleType
    arrays: Arrays
    copies: Mapping[str, tuple[int, ...]]
    picture: Picture | None
    seed: int
    epochs: list[int] = field(default_factory=list)
    history: dict[str, list[float | None]] = field(default_factory=dict)
    gradients: dict[str, list[float | None]] = field(default_factory=dict)
    frames: list[np.ndarray] = field(default_factory=list)

    def look(
        self, epoch: int, params: Mapping[str, np.ndarray], history: Mapping[str, Any]
    ) -> None:
        self.epochs.append(epoch)
        for key in CURVES:
            value = history[key][-1] if key in history else None
            self.history.setdefault(key, []).append(_short(value))
        x, t = spread(self.arrays, JUDGED)
        rng = np.random.default_rng(self.seed)
        _, grads = self.live.loss_and_grads(params, x, t, training=True, rng=rng)
        for name, copies in self.copies.items():
            for place in np.ndindex(copies):
                key = name + (str(list(place)) if place else "")
                norm = _short(float(np.linalg.norm(grads[name][place])))
                self.gradients.setdefault(key, []).append(norm)
        if self.picture:
            self.frames.append(self.live.forward(params, self.picture.grid()))

    def recording(self, planned: int, given: int) -> Recording:
        x, _ = self.arrays
        picture = self.picture.with_frames(self.frames) if self.picture else None
        gradients = {name: tuple(series) for name, series in self.gradients.items()}
        curves = {key: tuple(series) for key, series in self.history.items()}
        return Recording(
            tuple(self.epochs), planned, len(x), given, min(len(x), JUDGED), **curves,
            gradients=gradients, picture=picture,
        )  # fmt: skip


def _short(value: float | None) -> float | None:
    """Four digits; None for what is no number."""
    return float(f"{value:.{DIGITS}g}") if value is not None and np.isfinite(value) else None
