"""The loss of each workload as array code that JAX and HIPS autograd differentiate.

Both read the same formulas; where a library has its own word for an operation, ``Ops`` holds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Absent
from benchmarks.task import Arrays, Task

Params = dict[str, Any]  # arrays by symbp's names, or lists of them, one a copy of a repeated layer
Loss = Callable[["Ops", Params, Any, Any], Any]


@dataclass(frozen=True)
class Ops:
    """``np`` is the library's NumPy; images are (n, c, h, w), kernels (f, c, kh, kw)."""

    np: Any
    relu: Callable[[Any], Any]
    sigmoid: Callable[[Any], Any]
    gelu: Callable[[Any], Any]  # with tanh
    softmax: Callable[[Any], Any]  # over the last axis
    logsumexp: Callable[[Any], Any]  # over the last axis, which stays
    convolution: Callable[[Any, Any], Any]  # without padding
    maxpool: Callable[[Any], Any]  # 2 by 2
    recurrence: Callable[[Any, Any], Any]  # of x_t Wx + b (n, t, u) and Wh: the last state


def loss_of(task: Task) -> Loss:
    if task.name not in LOSSES:
        raise Absent(f"{task.name} is not written for it")
    return LOSSES[task.name]


def unstacked(task: Task) -> Params:
    """Copies of the parameters; those of a ``repeat`` as lists, as one ordinarily holds them."""
    if task.tables["layer"][0]["type"] == "repeat":
        return {key: [part.copy() for part in value] for key, value in task.params.items()}
    return {key: value.copy() for key, value in task.params.items()}


def stacked(params: Params) -> Arrays:
    """The parameters as the task holds them."""
    import numpy as np

    return {
        key: np.stack([np.asarray(part) for part in value])
        if isinstance(value, list)
        else np.array(value)
        for key, value in params.items()
    }


def xor(o: Ops, p: Params, x: Any, t: Any) -> Any:
    h = o.sigmoid(x @ p["W1"] + p["b1"])
    y = o.sigmoid(h @ p["W2"] + p["b2"])
    return 0.5 * o.np.sum((y - t) ** 2)


def mlp(o: Ops, p: Params, x: Any, t: Any) -> Any:
    h = o.relu(x @ p["W1"] + p["b1"])
    h = o.relu(h @ p["W2"] + p["b2"])
    return cross_entropy(o, h @ p["W3"] + p["b3"], t)


def deep(o: Ops, p: Params, x: Any, t: Any) -> Any:
    for w, b in zip(p["W1"], p["b1"], strict=True):
        x = o.np.tanh(x @ w + b)
    return 0.5 * o.np.sum((x - t) ** 2) / len(t)


def cnn(o: Ops, p: Params, x: Any, t: Any) -> Any:
    h = o.maxpool(o.relu(o.convolution(x, p["K1"]) + p["b1"][:, None, None]))
    h = o.maxpool(o.relu(o.convolution(h, p["K2"]) + p["b2"][:, None, None]))
    return cross_entropy(o, h.reshape(len(t), -1) @ p["W3"] + p["b3"], t)


def rnn(o: Ops, p: Params, x: Any, t: Any) -> Any:
    h = o.recurrence(x @ p["Wx1"] + p["b1"], p["Wh1"])
    return cross_entropy(o, h @ p["W2"] + p["b2"], t)


def transformer(o: Ops, p: Params, x: Any, t: Any) -> Any:
    n, steps, d = x.shape

    def heads(a: Any) -> Any:
        return o.np.transpose(a.reshape(n, steps, 4, d // 4), (0, 2, 1, 3))

    u = layernorm(o, x, p["gamma1"], p["beta1"])
    q, k, v = (heads(u @ p[f"W{letter}2"] + p[f"b{letter}2"]) for letter in "qkv")
    a = o.softmax(o.np.matmul(q, o.np.swapaxes(k, 2, 3)) / (d // 4) ** 0.5)
    mixed = o.np.transpose(o.np.matmul(a, v), (0, 2, 1, 3)).reshape(n, steps, d)
    r = x + mixed @ p["Wo2"] + p["bo2"]
    u = layernorm(o, r, p["gamma3"], p["beta3"])
    y = r + o.gelu(u @ p["W4"] + p["b4"]) @ p["W5"] + p["b5"]
    return 0.5 * o.np.sum((y - t) ** 2) / n


def cross_entropy(o: Ops, z: Any, t: Any) -> Any:
    return -o.np.sum(t * (z - o.logsumexp(z))) / len(t)


def layernorm(o: Ops, x: Any, gamma: Any, beta: Any) -> Any:
    centred = x - o.np.mean(x, axis=-1, keepdims=True)
    variance = o.np.mean(centred * centred, axis=-1, keepdims=True)
    return gamma * (centred / o.np.sqrt(variance + 1e-5)) + beta


LOSSES: dict[str, Loss] = {
    "xor": xor,
    "mlp": mlp,
    "deep": deep,
    "cnn": cnn,
    "rnn": rnn,
    "transformer": transformer,
}
