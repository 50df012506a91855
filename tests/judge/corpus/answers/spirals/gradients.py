"""Two tanh layers and a sigmoid under binary cross-entropy."""

import numpy as np


def gradients(params, x, t):
    W1, b1 = params["W1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    W3, b3 = params["W3"], params["b3"]
    N = x.shape[0]
    z1 = x @ W1 + b1
    h1 = np.tanh(z1)
    z2 = h1 @ W2 + b2
    h2 = np.tanh(z2)
    z3 = h2 @ W3 + b3
    p = 1 / (1 + np.exp(-z3))
    dz3 = (p - t) / N
    dW3 = h2.T @ dz3
    db3 = dz3.sum(axis=0)
    dh2 = dz3 @ W3.T
    dz2 = dh2 * (1 - h2**2)
    dW2 = h1.T @ dz2
    db2 = dz2.sum(axis=0)
    dh1 = dz2 @ W2.T
    dz1 = dh1 * (1 - h1**2)
    dW1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}
