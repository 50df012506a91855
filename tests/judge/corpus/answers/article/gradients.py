"""Two layers of sigmoid neurons, squared error summed over the batch."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(params, x, t):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    # forward
    z1 = x @ W1 + b1
    h = sigmoid(z1)
    z2 = h @ W2 + b2
    y = sigmoid(z2)
    # output layer
    dy = y - t
    dz2 = dy * y * (1 - y)
    dW2 = h.T @ dz2
    db2 = dz2.sum(axis=0)
    # hidden layer
    dh = dz2 @ W2.T
    dz1 = dh * h * (1 - h)
    dW1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
