"""Answers from strings, read and compared with the generated module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import symbp
from symbp.judge.answer import Answer, Outcome, Point, points, read, scalar_twin
from symbp.judge.child import driver
from symbp.proof import module

TOLERANCE = 1e-9


@cache
def network(name: str) -> symbp.Network:
    return symbp.load(name)


@cache
def dense(*widths: int, activation: str = "sigmoid", loss: str = "mse", mean: bool = True) -> Any:
    """A chain of dense layers h1, h2, .., y; with cross_entropy the last is a softmax."""
    last = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}.get(loss)
    layers = [
        {"type": "dense", "name": f"h{k}", "units": u, "activation": activation}
        for k, u in enumerate(widths[1:-1], 1)
    ]
    end = {"type": "dense", "name": "y", "units": widths[-1]}
    layers.append({**end, "activation": last} if last else end)
    reduction = "mean" if mean else "sum"
    return symbp.Network(
        name="net",
        input={"shape": [widths[0]]},
        layer=layers,
        loss={"type": loss, "reduction": reduction},
    )


@cache
def generated(net: symbp.Network) -> ModuleType:
    return module.load(net.generate())


@cache
def data(net: symbp.Network, notation: str | None) -> tuple[Point, ...]:
    return points(net, notation)  # type: ignore[arg-type]


def told(net: symbp.Network, folder: Path, file: str, text: str) -> tuple[Answer, Outcome]:
    """The answer, and what it says at the first point; a Python answer runs in the child."""
    path = folder / file
    path.write_text(text, encoding="utf-8")
    answer = read(net, path)
    return answer, answer.evaluate(data(net, answer.notation)[:1])[0]


def truth(net: symbp.Network, notation: str | None) -> Mapping[str, np.ndarray]:
    """The gradients of the generated module at the first point of a notation."""
    own = scalar_twin(net) if notation == "scalar" else net
    point = data(net, notation)[0]
    return generated(own).loss_and_grads(point.params, point.x, point.t)[1]


def right(net: symbp.Network, folder: Path, file: str, text: str) -> set[str]:
    """The parameters whose gradient agrees with the module's, in all that the answer claims."""
    answer, outcome = told(net, folder, file, text)
    true = truth(net, answer.notation)
    return {
        key
        for key, value in outcome.gradients.items()
        if key not in outcome.problems
        and all(agree(side, true[key]) for side in (*outcome.sides.get(key, ()), value))
    }


def agree(value: np.ndarray, true: np.ndarray) -> bool:
    scale = np.abs(true).max()
    return value.shape == true.shape and bool(np.abs(value - true).max() <= TOLERANCE * scale)


def here(source: str, table: Mapping[str, Any], arrays: Mapping[str, Any], folder: Path) -> Any:
    """What the child does, in this process: for answers that are part of these tests."""
    path = folder / "inside.py"
    path.write_text(source, encoding="utf-8")
    return driver.judged(path, table, arrays)
