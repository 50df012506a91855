"""Two of the three tanh layers share their weights."""

import numpy as np

LAMBDA = 0.01


def gradients(params, x, t):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    W3, b3 = params["W3"], params["b3"]
    N = x.shape[0]
    h1 = np.tanh(x @ W1 + b1)
    h2 = np.tanh(h1 @ W2 + b2)
    h3 = np.tanh(h2 @ W2 + b2)
    y = h3 @ W3 + b3
    d4 = (y - t) / N
    d3 = d4 @ W3.T * (1 - h3**2)
    d2 = d3 @ W2.T * (1 - h2**2)
    d1 = d2 @ W2.T * (1 - h1**2)
    dW3 = h3.T @ d4 + LAMBDA * W3
    db3 = d4.sum(axis=0)
    dW2 = h2.T @ d3 + h1.T @ d2 + LAMBDA * W2
    db2 = d3.sum(axis=0) + d2.sum(axis=0)
    dW1 = x.T @ d1 + LAMBDA * W1
    db1 = d1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}
