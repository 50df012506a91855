"""``symbp build``: derivation, module, proof and training run, and what came of it."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import symbp
from symbp.api import Network
from symbp.commandline.guard import Failed
from symbp.commandline.progress import training
from symbp.commandline.screen import print_table, say
from symbp.commandline.verbs import title
from symbp.proof import module as modules
from symbp.writers import files, show
from symbp.writers.build import Build, plan
from symbp.writers.package import Package
from symbp.writers.table import Column, Table

FEW = 8  # samples; so many are shown one by one
NARROW = 4  # numbers in a sample that is shown


@dataclass(frozen=True, eq=False)
class Run:
    """A finished training run."""

    outputs: Any  # of `predict`, for all samples
    history: dict[str, list[float]]
    seconds: float


def build(network: str, output: Path | None, *, force: bool) -> None:
    """Write everything into a folder; Failed where a gradient is wrong."""
    loaded = symbp.load(network)
    files.check_name(loaded.name, loaded.spec.file)
    made = plan(loaded.program)
    folder = output if output is not None else Path(loaded.name)
    files.make_folder(folder)
    files.write({folder / name: content for name, content in made.files}, force=force)
    say(title(loaded))
    _say_gradients(made)
    report = loaded.verify()
    say(report.table())
    say()
    if not report.ok:
        raise Failed
    run = _train(made.package, loaded.spec.train.epochs)
    _say_outputs(made.package, run)
    _say_summary(loaded, made, folder, run)


def _say_gradients(made: Build) -> None:
    say()
    for line in made.derivations[0].render("text", result_only=True).splitlines():
        say(f"  {line}")
    say()


def _train(package: Package, epochs: int) -> Run:
    """Train the generated module itself, with a bar where a person looks on."""
    module = modules.load(package.module.source, package.name)
    x, t = package.arrays
    start = time.perf_counter()
    with training(epochs) as callback, np.errstate(all="ignore"):
        params, history = module.train(x, t, callback=callback)
    return Run(module.predict(params, x), history, time.perf_counter() - start)


def _say_outputs(package: Package, run: Run) -> None:
    """Each sample with its target and the trained network's output, where that is short."""
    x, t = package.arrays
    if isinstance(t, dict) or isinstance(run.outputs, dict) or len(x) > FEW:
        return
    if max(array[0].size for array in (x, t, run.outputs)) > NARROW:
        return
    columns = tuple(Column(name, right=True) for name in ("input", "target", "output"))
    rows = tuple(
        (_numbers(x[k], "g"), _numbers(t[k], "g"), _numbers(run.outputs[k], ".3f"))
        for k in range(len(x))
    )
    print_table(Table(columns, rows))
    say()


def _numbers(values: np.ndarray, form: str) -> str:
    return " ".join(format(value, form) for value in np.ravel(values).tolist())


def _say_summary(network: Network, made: Build, folder: Path, run: Run) -> None:
    history, data = run.history, made.package
    losses = history["loss"]
    facts = {
        "wrote": f"{folder}{os.sep} with {', '.join(name for name, _ in made.files)}",
        "parameters": str(show.count(network.program)),
        "data": f"{len(data.arrays[0])} samples: {data.note}",
        "loss": f"{losses[0]:.6g} in epoch 1, {losses[-1]:.6g} in epoch {len(losses)}",
    }
    if not math.isfinite(losses[-1]):
        facts["loss"] += "; a smaller learning_rate in [train] may help"
    held = network.spec.train.held_out
    if held:
        facts["held out"] = f"loss {history['held_out_loss'][-1]:.6g} on {held:.0%} of the samples"
    if "accuracy" in history:
        of = "of the samples held out" if held else "of the samples"
        facts["accuracy"] = f"{history['accuracy'][-1]:.1%} {of}"
    facts["time"] = f"{run.seconds:.1f} s of training"
    for name, fact in facts.items():
        say(f"{name:<12}{fact}")
