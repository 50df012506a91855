"""A GRU over eight steps and a softmax at each of them; the loss is the mean over steps and rows."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gradients(params, x, t):
    Wx, Wh, bx, bh = params["Wx1"], params["Wh1"], params["bx1"], params["bh1"]
    W2, b2 = params["W2"], params["b2"]
    N, T, _ = x.shape
    H = Wh.shape[0]

    # forward, step by step
    h = np.zeros((N, T + 1, H))  # h[:, s] is the state before step s
    r, z, n, hn = (np.zeros((N, T, H)) for _ in range(4))
    for s in range(T):
        u = x[:, s] @ Wx + bx
        v = h[:, s] @ Wh + bh
        r[:, s] = sigmoid(u[:, :H] + v[:, :H])
        z[:, s] = sigmoid(u[:, H : 2 * H] + v[:, H : 2 * H])
        hn[:, s] = v[:, 2 * H :]
        n[:, s] = np.tanh(u[:, 2 * H :] + r[:, s] * hn[:, s])
        h[:, s + 1] = (1 - z[:, s]) * n[:, s] + z[:, s] * h[:, s]
    p = softmax(h[:, 1:] @ W2 + b2)

    # output layer
    dlogits = (p - t) / (N * T)
    dW2 = np.einsum("nsh,nsk->hk", h[:, 1:], dlogits)
    db2 = dlogits.sum(axis=(0, 1))
    dh_out = dlogits @ W2.T

    # back through time
    dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
    dbx, dbh = np.zeros_like(bx), np.zeros_like(bh)
    dh_next = np.zeros((N, H))
    for s in reversed(range(T)):
        dh = dh_out[:, s] + dh_next
        dn = dh * (1 - z[:, s])
        dz = dh * (h[:, s] - n[:, s])
        dan = dn * (1 - n[:, s] ** 2)
        dr = dan * hn[:, s]
        daz = dz * z[:, s] * (1 - z[:, s])
        dar = dr * r[:, s] * (1 - r[:, s])
        du = np.concatenate([dar, daz, dan], axis=1)
        dv = np.concatenate([dar, daz, dan * r[:, s]], axis=1)
        dWx += x[:, s].T @ du
        dbx += du.sum(axis=0)
        dWh += h[:, s].T @ dv
        dbh += dv.sum(axis=0)
        dh_next = dh * z[:, s] + dv @ Wh.T
    return {"Wx1": dWx, "Wh1": dWh, "bx1": dbx, "bh1": dbh, "W2": dW2, "b2": db2}
