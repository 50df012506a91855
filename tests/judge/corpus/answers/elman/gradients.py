"""Backpropagation through five steps of a plain recurrent layer."""

import numpy as np


def gradients(params, x, t):
    Wx, Wh, b = params["Wx1"], params["Wh1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    N, T, _ = x.shape
    h = [np.zeros((N, len(Wh)))]
    for s in range(T):
        h.append(np.tanh(x[:, s] @ Wx + h[s] @ Wh + b))
    y = h[T] @ W2 + b2
    dy = y - t
    dW2 = h[T].T @ dy
    db2 = dy.sum(axis=0)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dh = dy @ W2.T
    for s in reversed(range(T)):
        dz = dh * (1 - h[s + 1] ** 2)
        dWx += x[:, s].T @ dz
        dWh += h[s].T @ dz
        db += dz.sum(axis=0)
        dh = dz @ Wh.T
    return {"Wx1": dWx, "Wh1": dWh, "b1": db, "W2": dW2, "b2": db2}
