"""The block of a transformer by hand."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.contenders.plain_parts import Gradients, Params, softmax

HEADS = 4
SLOPE = math.sqrt(2 / math.pi)


def transformer(p: Params, x: np.ndarray, t: np.ndarray) -> Gradients:
    n, d = len(x), x.shape[-1]
    scale = 1 / math.sqrt(d // HEADS)
    u1, xhat1, s1 = layernorm(x, p["gamma1"], p["beta1"])
    q, k, v = (split(u1 @ p[f"W{c}2"] + p[f"b{c}2"]) for c in "qkv")
    a = softmax(q @ k.swapaxes(2, 3) * scale)
    mixed = merge(a @ v)
    r = x + mixed @ p["Wo2"] + p["bo2"]
    u3, xhat3, s3 = layernorm(r, p["gamma3"], p["beta3"])
    z = u3 @ p["W4"] + p["b4"]
    tanh = np.tanh(SLOPE * (z + 0.044715 * z**3))
    g = 0.5 * z * (1 + tanh)
    y = r + g @ p["W5"] + p["b5"]
    loss = 0.5 * np.sum((y - t) ** 2) / n

    dy = (y - t) / n
    grads = dense_gradient("5", g, dy)
    slope = 0.5 * (1 + tanh) + 0.5 * z * (1 - tanh**2) * SLOPE * (1 + 3 * 0.044715 * z**2)
    dz = (dy @ p["W5"].T) * slope
    grads |= dense_gradient("4", u3, dz)
    dr, grads["gamma3"], grads["beta3"] = layernorm_back(dz @ p["W4"].T, xhat3, s3, p["gamma3"])
    dr += dy
    grads |= dense_gradient("o2", mixed, dr)
    dmixed = split(dr @ p["Wo2"].T)
    da = dmixed @ v.swapaxes(2, 3)
    ds = a * (da - np.sum(da * a, axis=-1, keepdims=True)) * scale
    back = {"q": ds @ k, "k": ds.swapaxes(2, 3) @ q, "v": a.swapaxes(2, 3) @ dmixed}
    du1 = np.zeros_like(x)
    for c, value in back.items():
        delta = merge(value)
        grads |= dense_gradient(f"{c}2", u1, delta)
        du1 += delta @ p[f"W{c}2"].T
    _, grads["gamma1"], grads["beta1"] = layernorm_back(du1, xhat1, s1, p["gamma1"])
    return loss, grads


def split(a: np.ndarray) -> np.ndarray:
    """(n, t, d) as heads (n, heads, t, d/heads)."""
    n, t, d = a.shape
    return a.reshape(n, t, HEADS, d // HEADS).transpose(0, 2, 1, 3)


def merge(a: np.ndarray) -> np.ndarray:
    n, heads, t, d = a.shape
    return a.transpose(0, 2, 1, 3).reshape(n, t, heads * d)


def dense_gradient(name: str, x: np.ndarray, dz: np.ndarray) -> Params:
    rows = dz.reshape(-1, dz.shape[-1])
    return {f"W{name}": x.reshape(-1, x.shape[-1]).T @ rows, f"b{name}": rows.sum(axis=0)}


def layernorm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    s = np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    xhat = (x - x.mean(axis=-1, keepdims=True)) / s
    return gamma * xhat + beta, xhat, s


def layernorm_back(
    du: np.ndarray, xhat: np.ndarray, s: np.ndarray, gamma: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients by the input, by gamma and by beta."""
    dxhat = du * gamma
    along = np.mean(dxhat * xhat, axis=-1, keepdims=True)
    dx = (dxhat - dxhat.mean(axis=-1, keepdims=True) - xhat * along) / s
    return dx, np.sum(du * xhat, axis=(0, 1)), du.sum(axis=(0, 1))
