"""A network with parameters and a batch: what every contender gets, and what it must answer."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import symbp
from symbp.proof import module

NETWORKS = Path(__file__).parent / "networks"
TOLERANCE = {"float32": 1e-4, "float64": 1e-8}

Arrays = dict[str, np.ndarray]
Tables = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Task:
    """One training step of ``tables`` over the batch ``x`` (n, ...), ``t`` (n, ...), classes one-hot.

    ``params`` are the parameters before it by symbp's names; ``updated`` and ``loss`` what must come
    out, by the lecture style in float64. ``sources`` are the generated modules by style.
    """

    name: str
    dtype: str
    tables: Tables
    sources: Mapping[str, str]
    params: Arrays
    x: np.ndarray
    t: np.ndarray
    rate: float
    updated: Arrays = field(default_factory=dict)
    loss: float = 0.0

    @property
    def batch(self) -> int:
        return len(self.x)


def read(file: str) -> Tables:
    """The tables of ``networks/FILE.toml``."""
    return tomllib.loads((NETWORKS / f"{file}.toml").read_text(encoding="utf-8"))


def make(name: str, tables: Tables, batch: int, dtype: str, seed: int = 0) -> Task:
    """Random data and parameters, biases among them, and what the lecture style makes of them."""
    network = symbp.Network(**tables)
    lecture = network.generate(style="lecture", dtype=dtype)
    fast = network.generate(style="fast", dtype=dtype)
    run = module.load(lecture, "lecture")
    rng = np.random.default_rng(seed)
    params = run.init_params(seed, np.dtype(dtype).type)
    for value in params.values():
        value += (0.05 * rng.standard_normal(value.shape)).astype(dtype)
    x = rng.standard_normal((batch, *tables["input"]["shape"])).astype(dtype)
    t = _targets(tables, run.forward(params, x).shape, rng).astype(dtype)
    rate = network.spec.train.learning_rate
    exact = {key: value.astype(np.float64) for key, value in params.items()}
    loss, grads = run.loss_and_grads(exact, x.astype(np.float64), t.astype(np.float64))
    updated = {key: exact[key] - rate * grads[key] for key in grads}
    sources = {"lecture": lecture, "fast": fast}
    return Task(name, dtype, tables, sources, params, x, t, rate, updated, loss)


def _targets(tables: Tables, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """One-hot classes, zeros and ones, or real numbers, as the loss wants."""
    match tables["loss"]["type"]:
        case "cross_entropy":
            return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
        case "binary_cross_entropy":
            return rng.integers(2, size=shape).astype(float)
        case _:
            return rng.standard_normal(shape)


def error(task: Task, loss: float, params: Arrays) -> float:
    """The largest relative error of the loss or of a parameter's step, beyond what rounding explains.

    A step is measured against its largest entry, or a hundredth of the largest of all: some
    gradients are zero (a key's bias under a softmax), and rounding alone is left of them.
    """
    steps = {key: task.updated[key] - task.params[key] for key in task.updated}
    largest = max(np.abs(step).max() for step in steps.values())
    errors = [abs(loss - task.loss) / max(abs(task.loss), 1e-300)]
    for key, step in steps.items():
        apart = np.abs(params[key] - task.updated[key])
        rounding = np.finfo(task.dtype).eps * np.abs(task.params[key])
        scale = max(np.abs(step).max(), 0.01 * largest)
        errors.append(float(np.maximum(apart - rounding, 0).max() / scale))
    return float(np.nan_to_num(errors, nan=np.inf).max())
