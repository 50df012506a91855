"""A causal transformer: embedding, learned places, two blocks of attention and feed-forward."""

import numpy as np

EPS = 1e-5
HEADS = 2
C = np.sqrt(2 / np.pi)


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def norm(h, gamma, beta):
    mu = h.mean(axis=-1, keepdims=True)
    s = np.sqrt(h.var(axis=-1, keepdims=True) + EPS)
    xhat = (h - mu) / s
    return gamma * xhat + beta, (xhat, s)


def norm_backward(du, gamma, cache):
    xhat, s = cache
    dgamma = (du * xhat).sum(axis=(0, 1))
    dbeta = du.sum(axis=(0, 1))
    g = du * gamma
    mean = g.mean(axis=-1, keepdims=True)
    along = (g * xhat).mean(axis=-1, keepdims=True)
    dh = (g - mean - xhat * along) / s
    return dh, dgamma, dbeta


def gelu(z):
    return 0.5 * z * (1 + np.tanh(C * (z + 0.044715 * z**3)))


def gelu_slope(z):
    th = np.tanh(C * (z + 0.044715 * z**3))
    return 0.5 * (1 + th) + 0.5 * z * (1 - th**2) * C * (1 + 3 * 0.044715 * z**2)


def heads(m):
    """(n, t, d) -> (n, heads, t, d/heads)"""
    n, t, d = m.shape
    return m.reshape(n, t, HEADS, d // HEADS).transpose(0, 2, 1, 3)


def merge(m):
    n, h, t, d = m.shape
    return m.transpose(0, 2, 1, 3).reshape(n, t, h * d)


def weight(a, b):
    """The gradient of a weight: input times error, summed over samples and places."""
    return np.einsum("nti,ntj->ij", a, b)


def gradients(params, x, t):
    P = params
    N, T = x.shape
    E, W9, b9 = P["E1"], P["W9"], P["b9"]
    depth = len(P["W6"])
    size = E.shape[1] // HEADS
    causal = np.tril(np.ones((T, T), bool))

    # forward
    h = E[x] + P["P2"]
    cache = []
    for l in range(depth):
        u, norm1 = norm(h, P["gamma3"][l], P["beta3"][l])
        q = heads(u @ P["Wq4"][l] + P["bq4"][l])
        k = heads(u @ P["Wk4"][l] + P["bk4"][l])
        v = heads(u @ P["Wv4"][l] + P["bv4"][l])
        s = np.einsum("nhtd,nhud->nhtu", q, k) / np.sqrt(size)
        a = softmax(np.where(causal, s, -np.inf))
        o = merge(np.einsum("nhtu,nhud->nhtd", a, v))
        r = h + o @ P["Wo4"][l] + P["bo4"][l]
        w, norm2 = norm(r, P["gamma5"][l], P["beta5"][l])
        z = w @ P["W6"][l] + P["b6"][l]
        g = gelu(z)
        h = r + g @ P["W7"][l] + P["b7"][l]
        cache.append((u, norm1, q, k, v, a, o, w, norm2, z, g))
    u8, norm8 = norm(h, P["gamma8"], P["beta8"])
    p = softmax(u8 @ W9 + b9)

    # backward
    grads = {key: np.zeros_like(value) for key, value in P.items()}
    dz9 = (p - t) / (N * T)
    grads["W9"] = weight(u8, dz9)
    grads["b9"] = dz9.sum(axis=(0, 1))
    du8 = dz9 @ W9.T
    dh, grads["gamma8"], grads["beta8"] = norm_backward(du8, P["gamma8"], norm8)
    for l in reversed(range(depth)):
        u, norm1, q, k, v, a, o, w, norm2, z, g = cache[l]
        # feed-forward
        grads["W7"][l] = weight(g, dh)
        grads["b7"][l] = dh.sum(axis=(0, 1))
        dg = dh @ P["W7"][l].T
        dz = dg * gelu_slope(z)
        grads["W6"][l] = weight(w, dz)
        grads["b6"][l] = dz.sum(axis=(0, 1))
        dw = dz @ P["W6"][l].T
        dr, grads["gamma5"][l], grads["beta5"][l] = norm_backward(dw, P["gamma5"][l], norm2)
        dr = dr + dh
        # attention
        grads["Wo4"][l] = weight(o, dr)
        grads["bo4"][l] = dr.sum(axis=(0, 1))
        do = heads(dr @ P["Wo4"][l].T)
        da = np.einsum("nhtd,nhud->nhtu", do, v)
        dv = np.einsum("nhtu,nhtd->nhud", a, do)
        ds = a * (da - (da * a).sum(axis=-1, keepdims=True))
        ds = ds / np.sqrt(size)
        dq = merge(np.einsum("nhtu,nhud->nhtd", ds, k))
        dk = merge(np.einsum("nhtu,nhtd->nhud", ds, q))
        dv = merge(dv)
        grads["Wq4"][l] = weight(u, dq)
        grads["Wk4"][l] = weight(u, dk)
        grads["Wv4"][l] = weight(u, dv)
        grads["bq4"][l] = dq.sum(axis=(0, 1))
        grads["bk4"][l] = dk.sum(axis=(0, 1))
        grads["bv4"][l] = dv.sum(axis=(0, 1))
        du = dq @ P["Wq4"][l].T + dk @ P["Wk4"][l].T + dv @ P["Wv4"][l].T
        dn, grads["gamma3"][l], grads["beta3"][l] = norm_backward(du, P["gamma3"][l], norm1)
        dh = dr + dn
    grads["P2"] = dh.sum(axis=0)
    np.add.at(grads["E1"], x, dh)
    return grads
