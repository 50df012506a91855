"""An LSTM over eight steps, and a sigmoid at each of them."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(params, x, t):
    Wx, Wh, b = params["Wx1"], params["Wh1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    N, T, _ = x.shape
    H = Wh.shape[0]

    # forward
    h = [np.zeros((N, H))]
    c = [np.zeros((N, H))]
    gates = []
    for s in range(T):
        z = x[:, s] @ Wx + h[-1] @ Wh + b
        i = sigmoid(z[:, 0:H])
        f = sigmoid(z[:, H : 2 * H])
        g = np.tanh(z[:, 2 * H : 3 * H])
        o = sigmoid(z[:, 3 * H : 4 * H])
        gates.append((i, f, g, o))
        c.append(f * c[-1] + i * g)
        h.append(o * np.tanh(c[-1]))
    p = [sigmoid(h[s + 1] @ W2 + b2) for s in range(T)]

    # backward through time
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dW2, db2 = np.zeros_like(W2), np.zeros_like(b2)
    dh_next, dc_next = np.zeros((N, H)), np.zeros((N, H))
    for s in reversed(range(T)):
        i, f, g, o = gates[s]
        dz2 = (p[s] - t[:, s]) / N
        dW2 += h[s + 1].T @ dz2
        db2 += dz2.sum(axis=0)
        dh = dz2 @ W2.T + dh_next
        tc = np.tanh(c[s + 1])
        dc = dh * o * (1 - tc**2) + dc_next
        do = dh * tc
        di = dc * g
        df = dc * c[s]
        dg = dc * i
        dz = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
        dWx += x[:, s].T @ dz
        dWh += h[s].T @ dz
        db += dz.sum(axis=0)
        dh_next = dz @ Wh.T
        dc_next = dc * f
    return {"Wx1": dWx, "Wh1": dWh, "b1": db, "W2": dW2, "b2": db2}
