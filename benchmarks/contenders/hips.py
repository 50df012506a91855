"""HIPS autograd: the gradient of plain NumPy code, traced anew at every step."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import autograd.numpy as anp
from autograd import value_and_grad

from benchmarks.contenders.losses import Ops, loss_of, stacked, unstacked
from benchmarks.task import Arrays, Task


class Traced:
    def __init__(self, task: Task) -> None:
        self.differentiated = value_and_grad(partial(loss_of(task), OPS))
        self.x, self.t, self.rate = task.x, task.t, task.rate
        self.held = unstacked(task)

    def step(self) -> float:
        loss, grads = self.differentiated(self.held, self.x, self.t)
        for key, value in self.held.items():
            if isinstance(value, list):
                for part, grad in zip(value, grads[key], strict=True):
                    part -= self.rate * grad
            else:
                value -= self.rate * grads[key]
        return float(loss)

    def params(self) -> Arrays:
        return stacked(self.held)


def convolution(x: Any, k: Any) -> Any:
    """The windows as rows, times the kernels."""
    f, _, kh, kw = k.shape
    n, _, h, w = x.shape
    p, q = h - kh + 1, w - kw + 1
    shifted = [x[:, :, i : i + p, j : j + q] for i in range(kh) for j in range(kw)]
    columns = anp.transpose(anp.stack(shifted, axis=2), (0, 3, 4, 1, 2)).reshape(n * p * q, -1)
    z = anp.dot(columns, k.reshape(f, -1).T)
    return anp.transpose(z.reshape(n, p, q, f), (0, 3, 1, 2))


def maxpool(x: Any) -> Any:
    n, c, h, w = x.shape
    even = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2)
    return anp.max(even, axis=(3, 5))


def recurrence(z: Any, wh: Any) -> Any:
    h = anp.tanh(z[:, 0])
    for step in range(1, z.shape[1]):
        h = anp.tanh(z[:, step] + h @ wh)
    return h


def gelu(z: Any) -> Any:
    return 0.5 * z * (1 + anp.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * (z * z * z))))


def softmax(z: Any) -> Any:
    u = anp.exp(z - anp.max(z, axis=-1, keepdims=True))
    return u / anp.sum(u, axis=-1, keepdims=True)


def logsumexp(z: Any) -> Any:
    top = anp.max(z, axis=-1, keepdims=True)
    return top + anp.log(anp.sum(anp.exp(z - top), axis=-1, keepdims=True))


OPS = Ops(
    np=anp,
    relu=lambda z: anp.maximum(z, 0),
    sigmoid=lambda z: 1 / (1 + anp.exp(-z)),
    gelu=gelu,
    softmax=softmax,
    logsumexp=logsumexp,
    convolution=convolution,
    maxpool=maxpool,
    recurrence=recurrence,
)


def make(task: Task) -> Traced:
    return Traced(task)
