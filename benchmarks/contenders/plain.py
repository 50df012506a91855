"""Plain NumPy by hand: a reference that shows what one ordinarily writes without a library.

It is right and vectorised, takes the usual short cuts (probabilities minus targets, derivatives from
outputs, im2col), and makes new arrays as NumPy code does. The gradients here are hand-written because
that is what this contender is; symbp itself holds none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contenders import Absent
from benchmarks.contenders.losses import stacked, unstacked
from benchmarks.contenders.plain_cnn import cnn
from benchmarks.contenders.plain_parts import Gradients, Params, cross_entropy
from benchmarks.contenders.plain_transformer import transformer
from benchmarks.task import Arrays, Task

Step = Callable[[Params, np.ndarray, np.ndarray], Gradients]


class Plain:
    def __init__(self, task: Task, gradients: Step) -> None:
        self.gradients = gradients
        self.x, self.t, self.rate = task.x, task.t, task.rate
        self.held = unstacked(task)

    def step(self) -> float:
        loss, grads = self.gradients(self.held, self.x, self.t)
        for key, value in self.held.items():
            if isinstance(value, list):
                for part, grad in zip(value, grads[key], strict=True):
                    part -= self.rate * grad
            else:
                value -= self.rate * grads[key]
        return float(loss)

    def params(self) -> Arrays:
        return stacked(self.held)


def make(task: Task) -> Plain:
    if task.name not in STEPS:
        raise Absent(f"{task.name} is not written for it")
    return Plain(task, STEPS[task.name])


def xor(p: Params, x: np.ndarray, t: np.ndarray) -> Gradients:
    h = sigmoid(x @ p["W1"] + p["b1"])
    y = sigmoid(h @ p["W2"] + p["b2"])
    loss = 0.5 * np.sum((y - t) ** 2)
    dz2 = (y - t) * y * (1 - y)
    dz1 = (dz2 @ p["W2"].T) * h * (1 - h)
    grads = {"W2": h.T @ dz2, "b2": dz2.sum(axis=0), "W1": x.T @ dz1, "b1": dz1.sum(axis=0)}
    return loss, grads


def mlp(p: Params, x: np.ndarray, t: np.ndarray) -> Gradients:
    h1 = np.maximum(x @ p["W1"] + p["b1"], 0)
    h2 = np.maximum(h1 @ p["W2"] + p["b2"], 0)
    loss, dz3 = cross_entropy(h2 @ p["W3"] + p["b3"], t)
    dz2 = (dz3 @ p["W3"].T) * (h2 > 0)
    dz1 = (dz2 @ p["W2"].T) * (h1 > 0)
    grads = {"W3": h2.T @ dz3, "b3": dz3.sum(axis=0), "W2": h1.T @ dz2, "b2": dz2.sum(axis=0)}
    return loss, grads | {"W1": x.T @ dz1, "b1": dz1.sum(axis=0)}


def deep(p: Params, x: np.ndarray, t: np.ndarray) -> Gradients:
    outputs = [x]
    for w, b in zip(p["W1"], p["b1"], strict=True):
        outputs.append(np.tanh(outputs[-1] @ w + b))
    apart = outputs[-1] - t
    loss = 0.5 * np.sum(apart**2) / len(x)
    dw: list[Any] = []
    db: list[Any] = []
    dy = apart / len(x)
    for w, y, before in zip(p["W1"][::-1], outputs[:0:-1], outputs[-2::-1], strict=True):
        dz = dy * (1 - y**2)
        dw.append(before.T @ dz)
        db.append(dz.sum(axis=0))
        dy = dz @ w.T
    return loss, {"W1": dw[::-1], "b1": db[::-1]}


def rnn(p: Params, x: np.ndarray, t: np.ndarray) -> Gradients:
    n, steps, _ = x.shape
    wx, wh = p["Wx1"], p["Wh1"]
    states = [np.zeros((n, len(wh)), x.dtype)]
    for k in range(steps):
        states.append(np.tanh(x[:, k] @ wx + states[-1] @ wh + p["b1"]))
    loss, dy = cross_entropy(states[-1] @ p["W2"] + p["b2"], t)
    grads = {"W2": states[-1].T @ dy, "b2": dy.sum(axis=0)}
    dwx, dwh, db = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(p["b1"])
    dh = dy @ p["W2"].T
    for k in reversed(range(steps)):
        dz = dh * (1 - states[k + 1] ** 2)
        dwx += x[:, k].T @ dz
        dwh += states[k].T @ dz
        db += dz.sum(axis=0)
        dh = dz @ wh.T
    return loss, grads | {"Wx1": dwx, "Wh1": dwh, "b1": db}


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


STEPS: dict[str, Step] = {
    "xor": xor,
    "mlp": mlp,
    "deep": deep,
    "cnn": cnn,
    "rnn": rnn,
    "transformer": transformer,
}
