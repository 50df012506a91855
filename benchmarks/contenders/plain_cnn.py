"""The convolutional network by hand: im2col, and pooling by reshaping."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.contenders.plain_parts import Gradients, Params, cross_entropy


def cnn(p: Params, x: np.ndarray, t: np.ndarray) -> Gradients:
    z1, columns1 = convolve(x, p["K1"], p["b1"])
    a1 = np.maximum(z1, 0)
    p1, mask1 = maxpool(a1)
    z2, columns2 = convolve(p1, p["K2"], p["b2"])
    a2 = np.maximum(z2, 0)
    p2, mask2 = maxpool(a2)
    flat = p2.reshape(len(x), -1)
    loss, dz3 = cross_entropy(flat @ p["W3"] + p["b3"], t)
    grads = {"W3": flat.T @ dz3, "b3": dz3.sum(axis=0)}
    dp2 = (dz3 @ p["W3"].T).reshape(p2.shape)
    dz2 = maxpool_back(dp2, mask2, a2.shape) * (z2 > 0)
    grads["K2"], grads["b2"] = kernel_gradient(dz2, columns2, p["K2"])
    dp1 = convolve_back(dz2, p["K2"], p1.shape)
    dz1 = maxpool_back(dp1, mask1, a1.shape) * (z1 > 0)
    grads["K1"], grads["b1"] = kernel_gradient(dz1, columns1, p["K1"])
    return loss, grads


def convolve(x: np.ndarray, k: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The convolution (n, f, p, q), and the windows of x as rows (n p q, c kh kw)."""
    f, _, kh, kw = k.shape
    windows = sliding_window_view(x, (kh, kw), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
    n, p, q = windows.shape[:3]
    columns = windows.reshape(n * p * q, -1)
    z = columns @ k.reshape(f, -1).T + b
    return z.reshape(n, p, q, f).transpose(0, 3, 1, 2), columns


def kernel_gradient(
    dz: np.ndarray, columns: np.ndarray, k: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    rows = dz.transpose(0, 2, 3, 1).reshape(-1, len(k))
    return (rows.T @ columns).reshape(k.shape), rows.sum(axis=0)


def convolve_back(dz: np.ndarray, k: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient by the input of that shape: windows added back where they came from."""
    f, c, kh, kw = k.shape
    n, _, p, q = dz.shape
    rows = dz.transpose(0, 2, 3, 1).reshape(-1, f)
    windows = (rows @ k.reshape(f, -1)).reshape(n, p, q, c, kh, kw)
    dx = np.zeros(shape, dz.dtype)
    for i in range(kh):
        for j in range(kw):
            dx[:, :, i : i + p, j : j + q] += windows[..., i, j].transpose(0, 3, 1, 2)
    return dx


def maxpool(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maxima of 2 by 2, and where they are, once in each window (n, c, p, q, 4)."""
    n, c, h, w = a.shape
    even = a[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2)
    windows = even.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    return windows.max(axis=-1), windows.argmax(axis=-1)[..., None] == np.arange(4)


def maxpool_back(dp: np.ndarray, mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    n, c, p, q = dp.shape
    windows = (dp[..., None] * mask).reshape(n, c, p, q, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    da = np.zeros(shape, dp.dtype)
    da[:, :, : 2 * p, : 2 * q] = windows.reshape(n, c, 2 * p, 2 * q)
    return da
