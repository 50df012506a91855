"""A ReLU layer, a residual block of two more, and softmax."""

import numpy as np


def relu(z):
    return np.where(z > 0, z, 0)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gradients(params, x, t):
    W1, W2, W3, W4 = (params[f"W{k}"] for k in (1, 2, 3, 4))
    b1, b2, b3, b4 = (params[f"b{k}"] for k in (1, 2, 3, 4))
    N = len(x)
    # forward
    z1 = x @ W1 + b1
    a1 = relu(z1)
    z2 = a1 @ W2 + b2
    a2 = relu(z2)
    z3 = a2 @ W3 + b3
    a3 = relu(z3)
    r = a1 + a3
    z4 = r @ W4 + b4
    p = softmax(z4)
    # backward
    dz4 = (p - t) / N
    dW4 = r.T @ dz4
    db4 = dz4.sum(axis=0)
    dr = dz4 @ W4.T
    dz3 = dr * (z3 > 0)
    dW3 = a2.T @ dz3
    db3 = dz3.sum(axis=0)
    da2 = dz3 @ W3.T
    dz2 = da2 * (z2 > 0)
    dW2 = a1.T @ dz2
    db2 = dz2.sum(axis=0)
    da1 = dr + dz2 @ W2.T
    dz1 = da1 * (z1 > 0)
    dW1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return {
        "W1": dW1, "b1": db1, "W2": dW2, "b2": db2,
        "W3": dW3, "b3": db3, "W4": dW4, "b4": db4,
    }  # fmt: skip
