"""Eight sigmoid layers and a linear one, mean squared error; a loop over the layers."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(params, x, t):
    W = [params[f"W{k}"] for k in range(1, 10)]
    b = [params[f"b{k}"] for k in range(1, 10)]
    N = len(x)
    # forward: a[k] is what layer k + 1 reads
    a = [x]
    for k in range(8):
        a.append(sigmoid(a[k] @ W[k] + b[k]))
    y = a[8] @ W[8] + b[8]
    # backward
    grads = {}
    delta = (y - t) / N
    for k in range(8, -1, -1):
        grads[f"W{k + 1}"] = a[k].T @ delta
        grads[f"b{k + 1}"] = delta.sum(axis=0)
        if k > 0:
            da = delta @ W[k].T
            delta = da * a[k] * (1 - a[k])
    return grads
