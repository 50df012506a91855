"""A causal transformer reads sonnets by character. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import math
from pathlib import Path

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    E1, P2, gamma3, beta3 = params["E1"], params["P2"], params["gamma3"], params["beta3"]
    Wq4, Wk4, Wv4, Wo4 = params["Wq4"], params["Wk4"], params["Wv4"], params["Wo4"]
    bq4, bk4, bv4, bo4 = params["bq4"], params["bk4"], params["bv4"], params["bo4"]
    gamma5, beta5, W6, b6 = params["gamma5"], params["beta5"], params["W6"], params["b6"]
    W7, b7, gamma8, beta8 = params["W7"], params["b7"], params["gamma8"], params["beta8"]
    W9, b9 = params["W9"], params["b9"]
    n = len(x)
    e1 = E1[x]  # e1[n,t,d] = E1[x[n,t],d]
    e2 = e1 + P2  # e2[n] = e1[n] + P2
    h2 = e2
    u3 = [None] * 2
    s3 = [None] * 2
    xhat3 = [None] * 2
    q4 = [None] * 2
    k4 = [None] * 2
    v4 = [None] * 2
    a4 = [None] * 2
    o4 = [None] * 2
    u5 = [None] * 2
    s5 = [None] * 2
    xhat5 = [None] * 2
    z6 = [None] * 2
    a6 = [None] * 2
    a6_ = [None] * 2
    for l in range(2):
        m3 = h2.mean(axis=-1)  # m3[l,n] = 1/16 Σ_d h2[l,n]
        v3 = ((h2 - m3[:, :, None]) ** 2).mean(axis=-1)  # v3[l,n] = 1/16 Σ_d (h2[l,n] - m3[l,n])²
        s3[l] = np.sqrt(v3 + 1e-05)  # s3[l] = √(v3[l] + 10⁻⁵)
        # xhat3[l,n] = (h2[l,n] - m3[l,n]) / s3[l,n]
        xhat3[l] = (h2 - m3[:, :, None]) / s3[l][:, :, None]
        u3[l] = gamma3[l] * xhat3[l] + beta3[l]  # u3[l,n] = gamma3[l] ⊙ xhat3[l,n] + beta3[l]
        q4[l] = u3[l] @ Wq4[l] + bq4[l]  # q4[l,n] = u3[l,n] Wq4[l] + bq4[l]
        k4[l] = u3[l] @ Wk4[l] + bk4[l]  # k4[l,n] = u3[l,n] Wk4[l] + bk4[l]
        v4[l] = u3[l] @ Wv4[l] + bv4[l]  # v4[l,n] = u3[l,n] Wv4[l] + bv4[l]
        # s24[l,n,h,t,u] = Σ_d q4[l,n,t,(h,d)] k4[l,n,u,(h,d)]
        s24 = q4[l].reshape(-1, 32, 2, 8).transpose(0, 2, 1, 3) @ k4[l].reshape(
            -1, 32, 2, 8
        ).transpose(0, 2, 3, 1)
        s4 = s24 / math.sqrt(8)  # s4[l,n,h] = 1/√8 s24[l,n,h]
        # masked4[n,h,t,u] = (s4[l,n,h,t,u] if u ≤ t else -∞)
        masked4 = np.where(np.arange(32) <= np.arange(32)[:, None], s4, -np.inf)
        # u24[l,n,h,t,u] = (exp(s4[l,n,h,t,u]) if u ≤ t else 0)
        u24 = np.exp(masked4 - masked4.max(axis=-1, keepdims=True))
        s34 = u24.sum(axis=-1)  # s34[l,n,h] = Σ_u u24[l,n,h]
        a4[l] = u24 / s34[:, :, :, None]  # a4[l,n,h] = u24[l,n,h] / s34[l,n,h]
        # o4[l,n,t,(h,d)] = Σ_u a4[l,n,h,t,u] v4[l,n,u,(h,d)]
        o4[l] = (
            (a4[l] @ v4[l].reshape(-1, 32, 2, 8).transpose(0, 2, 1, 3))
            .transpose(0, 2, 1, 3)
            .reshape(-1, 32, 16)
        )
        y4 = o4[l] @ Wo4[l] + bo4[l]  # y4[l,n] = o4[l,n] Wo4[l] + bo4[l]
        r4 = h2 + y4  # r4[l,n] = h2[l,n] + y4[l,n]
        m5 = r4.mean(axis=-1)  # m5[l,n] = 1/16 Σ_d r4[l,n]
        v5 = ((r4 - m5[:, :, None]) ** 2).mean(axis=-1)  # v5[l,n] = 1/16 Σ_d (r4[l,n] - m5[l,n])²
        s5[l] = np.sqrt(v5 + 1e-05)  # s5[l] = √(v5[l] + 10⁻⁵)
        # xhat5[l,n] = (r4[l,n] - m5[l,n]) / s5[l,n]
        xhat5[l] = (r4 - m5[:, :, None]) / s5[l][:, :, None]
        u5[l] = gamma5[l] * xhat5[l] + beta5[l]  # u5[l,n] = gamma5[l] ⊙ xhat5[l,n] + beta5[l]
        z6[l] = u5[l] @ W6[l] + b6[l]  # z6[l,n] = u5[l,n] W6[l] + b6[l]
        # a6_[l,n] = tanh(√2/√π (z6[l,n] + 0.044715 z6[l,n]³))
        a6_[l] = np.tanh(
            (z6[l] + 0.044715 * (z6[l] * z6[l] * z6[l])) * math.sqrt(2) / math.sqrt(np.pi)
        )
        a6[l] = 0.5 * z6[l] * (1 + a6_[l])  # a6[l,n] = 1/2 z6[l,n] ⊙ (1 + a6_[l,n])
        z7 = a6[l] @ W7[l] + b7[l]  # z7[l,n] = a6[l,n] W7[l] + b7[l]
        h2 = r4 + z7  # h2[l+1,n] = r4[l,n] + z7[l,n]
    m8 = h2.mean(axis=-1)  # m8[n] = 1/16 Σ_d h2[2,n]
    v8 = ((h2 - m8[:, :, None]) ** 2).mean(axis=-1)  # v8[n] = 1/16 Σ_d (h2[2,n] - m8[n])²
    s8 = np.sqrt(v8 + 1e-05)  # s8 = √(v8 + 10⁻⁵)
    xhat8 = (h2 - m8[:, :, None]) / s8[:, :, None]  # xhat8[n] = (h2[2,n] - m8[n]) / s8[n]
    u8 = gamma8 * xhat8 + beta8  # u8[n] = gamma8 ⊙ xhat8[n] + beta8
    z9 = u8 @ W9 + b9  # z9[n] = u8[n] W9 + b9
    u9 = np.exp(z9 - z9.max(axis=-1, keepdims=True))  # u9[n] = exp(z9[n])
    s9 = u9.sum(axis=-1)  # s9[n] = Σ_k u9[n]
    p = u9 / s9[:, :, None]  # p[n] = u9[n] / s9[n]
    cache = {
        "x": x,
        "u3": u3,
        "s3": s3,
        "xhat3": xhat3,
        "q4": q4,
        "k4": k4,
        "v4": v4,
        "a4": a4,
        "o4": o4,
        "u5": u5,
        "s5": s5,
        "xhat5": xhat5,
        "z6": z6,
        "a6": a6,
        "a6_": a6_,
        "u8": u8,
        "s8": s8,
        "xhat8": xhat8,
        "z9": z9,
        "p": p,
        "n": n,
    }
    return p, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z9 = cache["z9"]
    p_max = z9.max(axis=-1)  # p_max[n] = max_k z9[n]
    p_sum = np.exp(z9 - p_max[:, :, None]).sum(axis=-1)  # p_sum[n] = Σ_k exp(z9[n] - p_max[n])
    # log_p[n] = z9[n] - p_max[n] - log(p_sum[n])
    log_p = z9 - p_max[:, :, None] - np.log(p_sum[:, :, None])
    # L = -1/N Σ_n 1/32 Σ_s Σ_k t[n,s,k] log(p[n,s,k])
    return -(t * log_p).sum(axis=-1).mean(axis=-1).mean()


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    E1, gamma3, beta3, Wq4 = params["E1"], params["gamma3"], params["beta3"], params["Wq4"]
    Wk4, Wv4, Wo4, bq4 = params["Wk4"], params["Wv4"], params["Wo4"], params["bq4"]
    bk4, bv4, bo4, gamma5 = params["bk4"], params["bv4"], params["bo4"], params["gamma5"]
    beta5, W6, b6, W7, b7 = params["beta5"], params["W6"], params["b6"], params["W7"], params["b7"]
    gamma8, W9 = params["gamma8"], params["W9"]
    x, u3, s3, xhat3, q4 = cache["x"], cache["u3"], cache["s3"], cache["xhat3"], cache["q4"]
    k4, v4, a4, o4, u5 = cache["k4"], cache["v4"], cache["a4"], cache["o4"], cache["u5"]
    s5, xhat5, z6, a6, a6_ = cache["s5"], cache["xhat5"], cache["z6"], cache["a6"], cache["a6_"]
    u8, s8, xhat8, p, n = cache["u8"], cache["s8"], cache["xhat8"], cache["p"], cache["n"]
    dz9 = (p - t) / 32 / n  # ∂L/∂z9[n] = 1/(32 N) (p[n] - t[n])
    dW9 = np.tensordot(u8, dz9, axes=([0, 1], [0, 1]))  # ∂L/∂W9 = Σ_n u8[n]ᵀ ∂L/∂z9[n]
    db9 = dz9.sum(axis=(0, 1))  # ∂L/∂b9[j] = Σ_nt ∂L/∂z9[j]
    du8 = dz9 @ W9.T  # ∂L/∂u8[n] = ∂L/∂z9[n] W9ᵀ
    dxhat8 = du8 * gamma8  # ∂L/∂xhat8[n] = ∂L/∂u8[n] ⊙ gamma8
    dbeta8 = du8.sum(axis=(0, 1))  # ∂L/∂beta8[d] = Σ_nt ∂L/∂u8[d]
    dgamma8 = (du8 * xhat8).sum(axis=(0, 1))  # ∂L/∂gamma8[d] = Σ_nt ∂L/∂u8[d] ⊙ xhat8[d]
    # ∂L/∂h2[2,n] = (∂L/∂xhat8[n] - 1/16 Σ_d ∂L/∂xhat8[n] - xhat8[n] ⊙
    #   (1/16 Σ_d xhat8[n] ⊙ ∂L/∂xhat8[n])) / s8[n]
    dh2 = (
        dxhat8
        - dxhat8.mean(axis=-1, keepdims=True)
        - xhat8 * (xhat8 * dxhat8).mean(axis=-1, keepdims=True)
    ) / s8[:, :, None]
    dW7 = np.empty_like(W7)
    db7 = np.empty_like(b7)
    dW6 = np.empty_like(W6)
    db6 = np.empty_like(b6)
    dbeta5 = np.empty_like(beta5)
    dgamma5 = np.empty_like(gamma5)
    dWk4 = np.empty_like(Wk4)
    dWo4 = np.empty_like(Wo4)
    dWq4 = np.empty_like(Wq4)
    dWv4 = np.empty_like(Wv4)
    dbk4 = np.empty_like(bk4)
    dbo4 = np.empty_like(bo4)
    dbq4 = np.empty_like(bq4)
    dbv4 = np.empty_like(bv4)
    dbeta3 = np.empty_like(beta3)
    dgamma3 = np.empty_like(gamma3)
    for l in reversed(range(2)):
        dz7 = dh2  # ∂L/∂z7[l,n] = ∂L/∂h2[l+1,n]
        # ∂L/∂W7[l] = Σ_n a6[l,n]ᵀ ∂L/∂z7[l,n]
        dW7[l] = np.tensordot(a6[l], dz7, axes=([0, 1], [0, 1]))
        db7[l] = dz7.sum(axis=(0, 1))  # ∂L/∂b7[l,j] = Σ_nt ∂L/∂z7[l,j]
        da6 = dz7 @ W7[l].T  # ∂L/∂a6[l,n] = ∂L/∂z7[l,n] W7[l]ᵀ
        # ∂L/∂z6[l,n] = 1/2 ∂L/∂a6[l,n] ⊙ (1 + √2/√π z6[l,n] ⊙ (1 + 0.134145 z6[l,n]²) ⊙
        #   (1 - a6_[l,n]²) + a6_[l,n])
        dz6 = (
            0.5
            * da6
            * (
                1
                + z6[l]
                * (1 + 0.134145 * z6[l] ** 2)
                * (1 - a6_[l] ** 2)
                * math.sqrt(2)
                / math.sqrt(np.pi)
                + a6_[l]
            )
        )
        # ∂L/∂W6[l] = Σ_n u5[l,n]ᵀ ∂L/∂z6[l,n]
        dW6[l] = np.tensordot(u5[l], dz6, axes=([0, 1], [0, 1]))
        db6[l] = dz6.sum(axis=(0, 1))  # ∂L/∂b6[l,j] = Σ_nt ∂L/∂z6[l,j]
        du5 = dz6 @ W6[l].T  # ∂L/∂u5[l,n] = ∂L/∂z6[l,n] W6[l]ᵀ
        dxhat5 = du5 * gamma5[l]  # ∂L/∂xhat5[l,n] = ∂L/∂u5[l,n] ⊙ gamma5[l]
        dbeta5[l] = du5.sum(axis=(0, 1))  # ∂L/∂beta5[l,d] = Σ_nt ∂L/∂u5[l,d]
        # ∂L/∂gamma5[l,d] = Σ_nt ∂L/∂u5[l,d] ⊙ xhat5[l,d]
        dgamma5[l] = (du5 * xhat5[l]).sum(axis=(0, 1))
        # ∂L/∂r4[l,n]|u5 = (∂L/∂xhat5[l,n] - 1/16 Σ_d ∂L/∂xhat5[l,n] - xhat5[l,n] ⊙
        #   (1/16 Σ_d xhat5[l,n] ⊙ ∂L/∂xhat5[l,n])) / s5[l,n]
        dr4_u5 = (
            dxhat5
            - dxhat5.mean(axis=-1, keepdims=True)
            - xhat5[l] * (xhat5[l] * dxhat5).mean(axis=-1, keepdims=True)
        ) / s5[l][:, :, None]
        dr4 = dh2 + dr4_u5  # ∂L/∂r4[l,n] = ∂L/∂h2[l+1,n] + ∂L/∂r4[l]|u5
        dy4 = dr4  # ∂L/∂y4[l,n] = ∂L/∂r4[l,n]
        do4 = dy4 @ Wo4[l].T  # ∂L/∂o4[l,n] = ∂L/∂y4[l,n] Wo4[l]ᵀ
        # ∂L/∂a4[l,n,h,t,u] = Σ_d ∂L/∂o4[l,n,t,(h,d)] v4[l,n,u,(h,d)]
        da4 = do4.reshape(-1, 32, 2, 8).transpose(0, 2, 1, 3) @ v4[l].reshape(
            -1, 32, 2, 8
        ).transpose(0, 2, 3, 1)
        # ∂L/∂s24[l,n,h] = 1/√8 (∂L/∂a4[l,n,h] - Σ_u ∂L/∂a4[l,n,h] ⊙ a4[l,n,h]) ⊙ a4[l,n,h]
        ds24 = (da4 - (da4 * a4[l]).sum(axis=-1, keepdims=True)) * a4[l] / math.sqrt(8)
        # ∂L/∂v4[l,n,u,(h,d)] = Σ_t a4[l,n,h,t,u] ∂L/∂o4[l,n,t,(h,d)]
        dv4 = (
            (a4[l].swapaxes(-1, -2) @ do4.reshape(-1, 32, 2, 8).transpose(0, 2, 1, 3))
            .transpose(0, 2, 1, 3)
            .reshape(-1, 32, 16)
        )
        # ∂L/∂k4[l,n,u,(h,d)] = Σ_t ∂L/∂s24[l,n,h,t,u] q4[l,n,t,(h,d)]
        dk4 = (
            (ds24.swapaxes(-1, -2) @ q4[l].reshape(-1, 32, 2, 8).transpose(0, 2, 1, 3))
            .transpose(0, 2, 1, 3)
            .reshape(-1, 32, 16)
        )
        # ∂L/∂q4[l,n,t,(h,d)] = Σ_u ∂L/∂s24[l,n,h,t,u] k4[l,n,u,(h,d)]
        dq4 = (
            (ds24 @ k4[l].reshape(-1, 32, 2, 8).transpose(0, 2, 1, 3))
            .transpose(0, 2, 1, 3)
            .reshape(-1, 32, 16)
        )
        # ∂L/∂Wk4[l] = Σ_n u3[l,n]ᵀ ∂L/∂k4[l,n]
        dWk4[l] = np.tensordot(u3[l], dk4, axes=([0, 1], [0, 1]))
        # ∂L/∂Wo4[l] = Σ_n o4[l,n]ᵀ ∂L/∂y4[l,n]
        dWo4[l] = np.tensordot(o4[l], dy4, axes=([0, 1], [0, 1]))
        # ∂L/∂Wq4[l] = Σ_n u3[l,n]ᵀ ∂L/∂q4[l,n]
        dWq4[l] = np.tensordot(u3[l], dq4, axes=([0, 1], [0, 1]))
        # ∂L/∂Wv4[l] = Σ_n u3[l,n]ᵀ ∂L/∂v4[l,n]
        dWv4[l] = np.tensordot(u3[l], dv4, axes=([0, 1], [0, 1]))
        dbk4[l] = dk4.sum(axis=(0, 1))  # ∂L/∂bk4[l,e] = Σ_nt ∂L/∂k4[l,e]
        dbo4[l] = dy4.sum(axis=(0, 1))  # ∂L/∂bo4[l,f] = Σ_nt ∂L/∂y4[l,f]
        dbq4[l] = dq4.sum(axis=(0, 1))  # ∂L/∂bq4[l,e] = Σ_nt ∂L/∂q4[l,e]
        dbv4[l] = dv4.sum(axis=(0, 1))  # ∂L/∂bv4[l,e] = Σ_nt ∂L/∂v4[l,e]
        # ∂L/∂u3[l,n] = ∂L/∂q4[l,n] Wq4[l]ᵀ + ∂L/∂k4[l,n] Wk4[l]ᵀ + ∂L/∂v4[l,n] Wv4[l]ᵀ
        du3 = dq4 @ Wq4[l].T + dk4 @ Wk4[l].T + dv4 @ Wv4[l].T
        dxhat3 = du3 * gamma3[l]  # ∂L/∂xhat3[l,n] = ∂L/∂u3[l,n] ⊙ gamma3[l]
        dbeta3[l] = du3.sum(axis=(0, 1))  # ∂L/∂beta3[l,d] = Σ_nt ∂L/∂u3[l,d]
        # ∂L/∂gamma3[l,d] = Σ_nt ∂L/∂u3[l,d] ⊙ xhat3[l,d]
        dgamma3[l] = (du3 * xhat3[l]).sum(axis=(0, 1))
        # ∂L/∂h2[l,n]|u3 = (∂L/∂xhat3[l,n] - 1/16 Σ_d ∂L/∂xhat3[l,n] - xhat3[l,n] ⊙
        #   (1/16 Σ_d xhat3[l,n] ⊙ ∂L/∂xhat3[l,n])) / s3[l,n]
        dh2_u3 = (
            dxhat3
            - dxhat3.mean(axis=-1, keepdims=True)
            - xhat3[l] * (xhat3[l] * dxhat3).mean(axis=-1, keepdims=True)
        ) / s3[l][:, :, None]
        dh2 = dr4 + dh2_u3  # ∂L/∂h2[l,n] = ∂L/∂r4[l,n] + ∂L/∂h2[l]|u3
    de2 = dh2  # ∂L/∂e2 = ∂L/∂h2[0]
    dP2 = de2.sum(axis=0)  # ∂L/∂P2[t] = Σ_n ∂L/∂e2[t]
    de1 = de2  # ∂L/∂e1[n] = ∂L/∂e2[n]
    dE1 = np.zeros_like(E1)  # ∂L/∂E1[x[n,t],d] = ∂L/∂e1[n,t,d]
    add_at(dE1, x, de1)
    return {
        "E1": dE1,
        "P2": dP2,
        "gamma3": dgamma3,
        "beta3": dbeta3,
        "Wq4": dWq4,
        "Wk4": dWk4,
        "Wv4": dWv4,
        "Wo4": dWo4,
        "bq4": dbq4,
        "bk4": dbk4,
        "bv4": dbv4,
        "bo4": dbo4,
        "gamma5": dgamma5,
        "beta5": dbeta5,
        "W6": dW6,
        "b6": db6,
        "W7": dW7,
        "b7": db7,
        "gamma8": dgamma8,
        "beta8": dbeta8,
        "W9": dW9,
        "b9": db9,
    }


def _targets(t):
    """Class labels as rows of probabilities."""
    return _one_hot(t, 36, 3)


def _one_hot(t, classes, ndim):
    """Integers become one-hot rows; rows that are given must sum to one."""
    t = np.asarray(t)
    if t.ndim < ndim:
        if t.dtype.kind not in "iu" or t.size and not 0 <= t.min() <= t.max() < classes:
            raise ValueError(f"t holds other values; expected integers from 0 to {classes - 1}")
        return np.eye(classes)[t]
    if t.shape[-1] != classes or not np.allclose(t.sum(axis=-1), 1, atol=1e-4):
        raise ValueError(f"t has shape {t.shape}; expected rows of {classes} that sum to one")
    return t


def add_at(total, rows, values):
    """total[rows] += values where rows may repeat: sorted, and summed run by run."""
    order = np.argsort(rows, axis=None, kind="stable")
    places = rows.reshape(-1)[order]
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    flat = values.reshape(rows.size, *total.shape[1:])[order]
    total[places[starts]] += np.add.reduceat(flat, starts, axis=0)


def forward(params, x, *, training=False, rng=None):
    """The output (n, 32, 36) for a batch x (n, 32)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 32) against targets t (n, 32)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], _targets(t)))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    cache, t = _forward(params, np.asarray(x), training, rng)[1], _targets(t)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked_integers("x", _checked("x", x, None, 32), 36))


def _checked(name, values, n, *shape, dtype=None):
    """The values as an array (n, *shape); a ValueError says what was expected instead."""
    values = np.asarray(values, dtype)
    if values.shape != (n or max((1, *values.shape[:1])), *shape) or not np.isfinite(values).all():
        expected = str((n or "n", *shape)).replace("'", "") + ", not empty, without NaN or infinity"
        raise ValueError(f"{name} has shape {values.shape}; expected {expected}")
    return values


def _checked_integers(name, values, below):
    """The values, which must be integers from 0 to below - 1."""
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= below:
        found = f"{values.dtype} from {values.min()} to {values.max()}"
        raise ValueError(f"{name} holds {found}; expected integers from 0 to {below - 1}")
    return values


def init_params(seed=0, dtype=np.float64):
    """New parameters; random ones are uniform after Glorot and Bengio."""
    rng = np.random.default_rng(seed)
    params = {
        "E1": rng.uniform(-1, 1, (36, 16)) * np.sqrt(6 / (36 + 16)),
        "P2": rng.uniform(-1, 1, (32, 16)) * np.sqrt(6 / (32 + 16)),
        "gamma3": np.ones((2, 16)),
        "beta3": np.zeros((2, 16)),
        "Wq4": rng.uniform(-1, 1, (2, 16, 16)) * np.sqrt(6 / (16 + 16)),
        "Wk4": rng.uniform(-1, 1, (2, 16, 16)) * np.sqrt(6 / (16 + 16)),
        "Wv4": rng.uniform(-1, 1, (2, 16, 16)) * np.sqrt(6 / (16 + 16)),
        "Wo4": rng.uniform(-1, 1, (2, 16, 16)) * np.sqrt(6 / (16 + 16)),
        "bq4": np.zeros((2, 16)),
        "bk4": np.zeros((2, 16)),
        "bv4": np.zeros((2, 16)),
        "bo4": np.zeros((2, 16)),
        "gamma5": np.ones((2, 16)),
        "beta5": np.zeros((2, 16)),
        "W6": rng.uniform(-1, 1, (2, 16, 32)) * np.sqrt(6 / (16 + 32)),
        "b6": np.zeros((2, 32)),
        "W7": rng.uniform(-1, 1, (2, 32, 16)) * np.sqrt(6 / (32 + 16)),
        "b7": np.zeros((2, 16)),
        "gamma8": np.ones(16),
        "beta8": np.zeros(16),
        "W9": rng.uniform(-1, 1, (16, 36)) * np.sqrt(6 / (16 + 36)),
        "b9": np.zeros(36),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=20, learning_rate=0.01, batch_size=8,
          betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, clip_norm=1.0,
          held_out=0.1, seed=0, callback=None, resume=None):  # fmt: skip
    """Trains by AdamW; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. history also lists held_out_loss and
    accuracy, of the held-out part. Under each parameter's name, history keeps its moments."""
    start = {"loss": [], "held_out_loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["E1"].dtype
    x = _checked_integers("x", _checked("x", x, None, 32), 36)
    t = _checked("t", _targets(t), len(x), 32, 36, dtype=dtype)
    kept, held = _split(np.zeros(len(x)), held_out, seed)
    x_held, t_held = x[held], t[held]
    x, t = x[kept], t[kept]
    batch_size = batch_size or len(x)
    trained = [name for name in params if name not in BUFFERS]
    moments = {name: history.get(name) or [np.zeros_like(params[name])] * 2 for name in trained}
    for epoch in range(len(history["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
        rate = _rate(epoch, learning_rate)
        params = dict(params)
        losses, norms = [], []
        batches = np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size))
        for step, rows in enumerate(batches, 1 + epoch * len(batches)):
            batch = t[rows]
            _, cache = _forward(params, x[rows], True, rng)
            value, grads = float(_loss(params, cache, batch)), _backward(params, cache, batch)
            losses.append(value * len(rows) / len(x))
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
            scale = min(1.0, clip_norm / (norms[-1] + 1e-6))
            grads = {name: scale * gradient for name, gradient in grads.items()}
            for name, gradient in grads.items():
                params[name], *moments[name] = _updated(
                    params[name], gradient, *moments[name], step, rate, betas, eps, weight_decay
                )
        history["loss"].append(sum(losses))
        y, cache = _forward(params, x_held, False, None)
        history["held_out_loss"].append(float(_loss(params, cache, t_held)))
        history["accuracy"].append(_accuracy(y, t_held))
        history["grad_norm"].append(sum(norms) / len(norms))
        history.update(moments)
        if callback and callback(epoch, params, history):
            break
    return params, history


def _updated(value, gradient, mean, square, step, rate, betas, eps, weight_decay):
    """One step of AdamW for one parameter: the new value, mean, square."""
    value = (1 - rate * weight_decay) * value
    mean = betas[0] * mean + (1 - betas[0]) * gradient
    square = betas[1] * square + (1 - betas[1]) * gradient * gradient
    root = np.sqrt(square / (1 - betas[1] ** step))
    return value - rate / (1 - betas[0] ** step) * mean / (root + eps), mean, square


def _rate(epoch, learning_rate):
    """The learning rate of an epoch, counted from 0: schedule warmup_cosine."""
    if epoch < 2:
        return learning_rate * (epoch + 1) / 2
    return learning_rate * (1 + math.cos(math.pi * min((epoch - 2) / 18, 1))) / 2


def _split(labels, held_out, seed):
    """The rows to train on and those to hold out, each label in both with its share."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    count = round(held_out * len(labels))
    if not 0 < count < len(labels):
        raise ValueError(f"held_out = {held_out} takes {count} of {len(labels)} samples")
    held = order[(2 * np.arange(count) + 1) * len(labels) // (2 * count)]
    return np.setdiff1d(order, held), held


def _accuracy(y, t):
    """The share of samples whose class is right."""
    return float(np.mean(y.argmax(-1) == t.argmax(-1)))


def check_gradients(params, x, t, *, training=False, seed=0):
    """The error of each gradient: max abs(a - b)/max(abs(a), abs(b), 1e-4 of the largest of all).

    b: central differences in float64; above 1e-6 the gradient is wrong. Where they do not settle as
    their step is halved, a kink is near, and the point is redrawn close by. What rounding explains
    is no error. Of more than 200 entries, 200 and three directions are checked.
    """
    x = _checked_integers("x", _checked("x", x, None, 32), 36)
    params = {name: np.asarray(value, np.float64) for name, value in params.items()}
    points = [_nearby(params, x, t, training, seed, k) for k in range(8)]
    largest = max(np.abs(a).max() for a in points[0][2].values())
    errors = {}
    for name in [name for name in params if name not in BUFFERS]:
        ratios = []
        for direction in _directions(params[name].shape, seed):
            for near, inputs, grads in points:
                b, noise, settled = _slope(near, inputs, t, training, seed, name, direction)
                if settled:
                    break
            a = np.vdot(grads[name], direction)
            ratios.append(abs(a - b) / max(abs(a), abs(b), 1e-4 * largest, 1e6 * noise))
        errors[name] = float(np.nan_to_num(ratios, nan=np.inf).max())
    return errors


def _nearby(params, x, t, training, seed, k):
    """Point number k of a check, as (params, x, gradients); number 0 is the given one."""
    rng = np.random.default_rng([seed, k])
    if k > 0:
        shifts = {name: 0.01 * rng.standard_normal(np.shape(params[name])) for name in params}
        params = {name: params[name] + (name not in BUFFERS) * shifts[name] for name in params}
    rng = np.random.default_rng(seed)
    return params, x, loss_and_grads(params, x, t, training=training, rng=rng)[1]


def _slope(params, x, t, training, seed, name, direction):
    """The slope of the loss along a direction of one parameter: (slope, rounding noise, settled).

    By central differences over five points, of 4th order: their step is halved until they and the
    curvature settle.
    """

    def shifted(step):
        moved = params | {name: params[name] + step * direction}
        return loss(moved, x, t, training=training, rng=np.random.default_rng(seed))

    scale = max(1.0, np.abs(params[name] * direction).max())
    middle, central, slope, curvature = shifted(0.0), np.nan, np.nan, np.nan
    for k in range(8, 24):
        step = scale / 2**k
        up, down = shifted(step), shifted(-step)
        wider, central = central, (up - down) / (2 * step)
        before, slope = slope, (4 * central - wider) / 3
        bent, curvature = curvature, (up - 2 * middle + down) / step**2
        noise = 1e-14 * (1 + abs(up) + abs(down)) / step
        if abs(slope - before) + step * abs(curvature - bent) <= 1e-8 * abs(slope) + noise:
            return slope, noise, True
    return slope, noise, False


def _directions(shape, seed):
    """The direction of each entry; of more than 200 entries, of 200, and three random ones."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    for entry in rng.permutation(size)[:200]:
        yield np.eye(1, size, entry).reshape(shape)
    for _ in range(3 * (size > 200)):
        direction = rng.standard_normal(shape)
        yield direction / np.linalg.norm(direction)


def save_params(path, params):
    """Writes a dict of arrays as .npz, without pickle."""
    with open(path, "wb") as file:
        np.savez(file, **params)


def load_params(path):
    """Reads what save_params wrote."""
    return dict(np.load(path, allow_pickle=False))


if __name__ == "__main__":
    # sonnets, W. Shakespeare (1609), Sonnets 1 to 32, public domain
    file = Path(__file__).with_name("shakespeare_transformer_data.npz")
    with np.load(file, allow_pickle=False) as data:
        x = data["x"].astype(int)
        t = data["t"].astype(int)
    few = x[::78], t[::78]
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(2, 21, 2):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"held out {run[1]['held_out_loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
