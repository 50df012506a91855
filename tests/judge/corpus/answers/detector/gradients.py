"""Two convolutions with pooling, a hidden layer, and two heads: a class and a box."""

import numpy as np


def relu(z):
    return np.maximum(z, 0)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def conv(x, K, b):
    """Cross-correlation with one ring of zeros: (n, c, h, w) -> (n, f, h, w)."""
    h, w = x.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    z = np.zeros((x.shape[0], K.shape[0], h, w))
    for u in range(3):
        for v in range(3):
            z += np.einsum("ncpq,fc->nfpq", xp[:, :, u : u + h, v : v + w], K[:, :, u, v])
    return z + b[:, None, None]


def conv_backward(dz, x, K):
    h, w = x.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    dxp, dK = np.zeros_like(xp), np.zeros_like(K)
    for u in range(3):
        for v in range(3):
            dK[:, :, u, v] = np.einsum("nfpq,ncpq->fc", dz, xp[:, :, u : u + h, v : v + w])
            dxp[:, :, u : u + h, v : v + w] += np.einsum("nfpq,fc->ncpq", dz, K[:, :, u, v])
    return dxp[:, :, 1:-1, 1:-1], dK, dz.sum(axis=(0, 2, 3))


def pool(a):
    """Maxima of 2 x 2 blocks, and which of the four it was."""
    n, c, h, w = a.shape
    blocks = a.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(n, c, h // 2, w // 2, 4)
    return blocks.max(axis=-1), blocks.argmax(axis=-1)


def pool_backward(dp, which):
    n, c, h, w = dp.shape
    blocks = np.zeros((n, c, h, w, 4))
    np.put_along_axis(blocks, which[..., None], dp[..., None], axis=-1)
    blocks = blocks.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return blocks.reshape(n, c, 2 * h, 2 * w)


def gradients(params, x, t):
    K1, b1, K2, b2 = params["K1"], params["b1"], params["K2"], params["b2"]
    W3, b3, W4, b4 = params["W3"], params["b3"], params["W4"], params["b4"]
    W5, b5 = params["W5"], params["b5"]
    N = len(x)
    # forward
    z1 = conv(x, K1, b1)
    p1, which1 = pool(relu(z1))
    z2 = conv(p1, K2, b2)
    p2, which2 = pool(relu(z2))
    f = p2.reshape(N, -1)
    z3 = f @ W3 + b3
    h = relu(z3)
    p = softmax(h @ W4 + b4)
    corners = h @ W5 + b5
    # the two heads
    dz4 = (p - t["kind"]) / N
    dcorners = 20 * (corners - t["box"]) / N
    dW4, db4 = h.T @ dz4, dz4.sum(axis=0)
    dW5, db5 = h.T @ dcorners, dcorners.sum(axis=0)
    # the trunk
    dh = dz4 @ W4.T + dcorners @ W5.T
    dz3 = dh * (z3 > 0)
    dW3, db3 = f.T @ dz3, dz3.sum(axis=0)
    dp2 = (dz3 @ W3.T).reshape(p2.shape)
    dz2 = pool_backward(dp2, which2) * (z2 > 0)
    dp1, dK2, db2 = conv_backward(dz2, p1, K2)
    dz1 = pool_backward(dp1, which1) * (z1 > 0)
    _, dK1, db1 = conv_backward(dz1, x, K1)
    return {
        "K1": dK1, "b1": db1, "K2": dK2, "b2": db2, "W3": dW3, "b3": db3,
        "W4": dW4, "b4": db4, "W5": dW5, "b5": db5,
    }  # fmt: skip
