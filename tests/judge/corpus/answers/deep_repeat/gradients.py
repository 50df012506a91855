"""Twelve residual blocks: layer normalisation, tanh, linear, and the way round."""

import numpy as np

EPS = 1e-5


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gradients(params, x, t):
    W1, b1, W5, b5 = params["W1"], params["b1"], params["W5"], params["b5"]
    gamma, beta = params["gamma2"], params["beta2"]
    W3, b3, W4, b4 = params["W3"], params["b3"], params["W4"], params["b4"]
    N, depth = len(x), len(W3)

    # forward
    h = x @ W1 + b1
    cache = []
    for l in range(depth):
        mu = h.mean(axis=1, keepdims=True)
        s = np.sqrt(((h - mu) ** 2).mean(axis=1, keepdims=True) + EPS)
        xhat = (h - mu) / s
        u = gamma[l] * xhat + beta[l]
        a = np.tanh(u @ W3[l] + b3[l])
        h = h + a @ W4[l] + b4[l]
        cache.append((s, xhat, u, a))
    p = softmax(h @ W5 + b5)

    # backward
    dz5 = (p - t) / N
    dW5 = h.T @ dz5
    db5 = dz5.sum(axis=0)
    dh = dz5 @ W5.T
    dgamma, dbeta = np.zeros_like(gamma), np.zeros_like(beta)
    dW3, db3 = np.zeros_like(W3), np.zeros_like(b3)
    dW4, db4 = np.zeros_like(W4), np.zeros_like(b4)
    for l in reversed(range(depth)):
        s, xhat, u, a = cache[l]
        dW4[l] = a.T @ dh
        db4[l] = dh.sum(axis=0)
        da = dh @ W4[l].T
        dz = da * (1 - a**2)
        dW3[l] = u.T @ dz
        db3[l] = dz.sum(axis=0)
        du = dz @ W3[l].T
        dgamma[l] = (du * xhat).sum(axis=0)
        dbeta[l] = du.sum(axis=0)
        dxhat = du * gamma[l]
        mean = dxhat.mean(axis=1, keepdims=True)
        along = (dxhat * xhat).mean(axis=1, keepdims=True)
        dnorm = (dxhat - mean - xhat * along) / s
        dh = dh + dnorm
    dW1 = x.T @ dh
    db1 = dh.sum(axis=0)
    return {
        "W1": dW1, "b1": db1, "gamma2": dgamma, "beta2": dbeta,
        "W3": dW3, "b3": db3, "W4": dW4, "b4": db4, "W5": dW5, "b5": db5,
    }  # fmt: skip
