"""Two convolutions with ReLU and pooling, then softmax; the kernels slide in plain loops."""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def gradients(params, x, t):
    K1, b1, K2, b2 = params["K1"], params["b1"], params["K2"], params["b2"]
    W3, b3 = params["W3"], params["b3"]
    N = x.shape[0]

    # first convolution, 8 x 8, zero padding of one
    x_pad = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    z1 = np.zeros((N, 12, 8, 8))
    for i in range(8):
        for j in range(8):
            patch = x_pad[:, :, i : i + 3, j : j + 3]
            z1[:, :, i, j] = np.tensordot(patch, K1, axes=([1, 2, 3], [1, 2, 3])) + b1
    a1 = np.maximum(0, z1)
    m1 = np.zeros((N, 12, 4, 4))
    for i in range(4):
        for j in range(4):
            m1[:, :, i, j] = a1[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max(axis=(2, 3))

    # second convolution, 4 x 4
    m1_pad = np.pad(m1, [(0, 0), (0, 0), (1, 1), (1, 1)])
    z2 = np.zeros((N, 24, 4, 4))
    for i in range(4):
        for j in range(4):
            patch = m1_pad[:, :, i : i + 3, j : j + 3]
            z2[:, :, i, j] = np.tensordot(patch, K2, axes=([1, 2, 3], [1, 2, 3])) + b2
    a2 = np.maximum(0, z2)
    m2 = np.zeros((N, 24, 2, 2))
    for i in range(2):
        for j in range(2):
            m2[:, :, i, j] = a2[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max(axis=(2, 3))

    f = m2.reshape(N, 96)
    p = softmax(f @ W3 + b3)

    # output
    dz3 = (p - t) / N
    dW3 = f.T @ dz3
    db3 = dz3.sum(axis=0)
    df = dz3 @ W3.T
    dm2 = df.reshape(N, 24, 2, 2)

    # second pooling: to the first maximum of each block
    da2 = np.zeros_like(a2)
    for i in range(2):
        for j in range(2):
            block = a2[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].reshape(N, 24, 4)
            hit = np.eye(4)[block.argmax(axis=2)].reshape(N, 24, 2, 2)
            da2[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = hit * dm2[:, :, i, j, None, None]
    dz2 = da2 * (z2 > 0)

    # second convolution
    dK2 = np.zeros_like(K2)
    dm1_pad = np.zeros_like(m1_pad)
    for i in range(4):
        for j in range(4):
            d = dz2[:, :, i, j]
            dK2 += np.tensordot(d, m1_pad[:, :, i : i + 3, j : j + 3], axes=(0, 0))
            dm1_pad[:, :, i : i + 3, j : j + 3] += np.tensordot(d, K2, axes=(1, 0))
    db2 = dz2.sum(axis=(0, 2, 3))
    dm1 = dm1_pad[:, :, 1:-1, 1:-1]

    # first pooling
    da1 = np.zeros_like(a1)
    for i in range(4):
        for j in range(4):
            block = a1[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].reshape(N, 12, 4)
            hit = np.eye(4)[block.argmax(axis=2)].reshape(N, 12, 2, 2)
            da1[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = hit * dm1[:, :, i, j, None, None]
    dz1 = da1 * (z1 > 0)

    # first convolution
    dK1 = np.zeros_like(K1)
    for i in range(8):
        for j in range(8):
            dK1 += np.tensordot(dz1[:, :, i, j], x_pad[:, :, i : i + 3, j : j + 3], axes=(0, 0))
    db1 = dz1.sum(axis=(0, 2, 3))
    return {"K1": dK1, "b1": db1, "K2": dK2, "b2": db2, "W3": dW3, "b3": db3}
