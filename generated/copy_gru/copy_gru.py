"""A GRU remembers four tokens and says them again. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import math
from pathlib import Path

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    Wx1, Wh1, bx1, bh1 = params["Wx1"], params["Wh1"], params["bx1"], params["bh1"]
    W2, b2 = params["W2"], params["b2"]
    n = len(x)
    u1 = x @ Wx1 + bx1  # u1[t] = x[t] Wx1 + bx1
    h1_all = np.zeros((len(x), 9, 24), dtype=Wh1.dtype)  # h1 with zeros before its first step
    h_prev1, h1 = h1_all[:, :-1], h1_all[:, 1:]
    v1 = np.zeros((len(x), 8, 72), dtype=Wh1.dtype)  # v1, filled step by step
    r1 = np.zeros((len(x), 8, 24), dtype=Wh1.dtype)  # r1, filled step by step
    z1 = np.zeros((len(x), 8, 24), dtype=Wh1.dtype)  # z1, filled step by step
    g1 = np.zeros((len(x), 8, 24), dtype=Wh1.dtype)  # g1, filled step by step
    for step in range(8):
        v1[:, step] = h_prev1[:, step] @ Wh1 + bh1  # v1[t] = h1[t-1] Wh1 + bh1
        # r1[n,t,j] = σ(u1[n,t,(0,j)] + v1[n,t,(0,j)])
        r1[:, step] = sigmoid(u1[:, step, :24] + v1[:, step, :24])
        # z1[n,t,j] = σ(u1[n,t,(1,j)] + v1[n,t,(1,j)])
        z1[:, step] = sigmoid(u1[:, step, 24:48] + v1[:, step, 24:48])
        # g1[n,t,j] = tanh(u1[n,t,(2,j)] + v1[n,t,(2,j)] r1[n,t,j])
        g1[:, step] = np.tanh(u1[:, step, 48:72] + v1[:, step, 48:72] * r1[:, step])
        # h1[t] = h1[t-1] ⊙ z1[t] + (1 - z1[t]) ⊙ g1[t]
        h1[:, step] = h_prev1[:, step] * z1[:, step] + (1 - z1[:, step]) * g1[:, step]
    h = h1  # h[t] = h1[t]
    z2 = h @ W2 + b2  # z2[n] = h[n] W2 + b2
    u2 = np.exp(z2 - z2.max(axis=-1, keepdims=True))  # u2[n] = exp(z2[n])
    s2 = u2.sum(axis=-1)  # s2[n] = Σ_k u2[n]
    p = u2 / s2[:, :, None]  # p[n] = u2[n] / s2[n]
    cache = {
        "x": x,
        "h": h,
        "u1": u1,
        "v1": v1,
        "r1": r1,
        "z1": z1,
        "g1": g1,
        "h_prev1": h_prev1,
        "z2": z2,
        "p": p,
        "n": n,
    }
    return p, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z2 = cache["z2"]
    p_max = z2.max(axis=-1)  # p_max[n] = max_k z2[n]
    p_sum = np.exp(z2 - p_max[:, :, None]).sum(axis=-1)  # p_sum[n] = Σ_k exp(z2[n] - p_max[n])
    # log_p[n] = z2[n] - p_max[n] - log(p_sum[n])
    log_p = z2 - p_max[:, :, None] - np.log(p_sum[:, :, None])
    # L = -1/N Σ_n 1/8 Σ_s Σ_k t[n,s,k] log(p[n,s,k])
    return -(t * log_p).sum(axis=-1).mean(axis=-1).mean()


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    Wh1, W2 = params["Wh1"], params["W2"]
    x, h, u1, v1, r1 = cache["x"], cache["h"], cache["u1"], cache["v1"], cache["r1"]
    z1, g1, h_prev1, p, n = cache["z1"], cache["g1"], cache["h_prev1"], cache["p"], cache["n"]
    dz2 = (p - t) / 8 / n  # ∂L/∂z2[n] = 1/(8 N) (p[n] - t[n])
    dW2 = np.tensordot(h, dz2, axes=([0, 1], [0, 1]))  # ∂L/∂W2 = Σ_n h[n]ᵀ ∂L/∂z2[n]
    db2 = dz2.sum(axis=(0, 1))  # ∂L/∂b2[j] = Σ_nt ∂L/∂z2[j]
    dh = dz2 @ W2.T  # ∂L/∂h[n] = ∂L/∂z2[n] W2ᵀ
    dh1 = np.zeros((n, 8, 24), dtype=dh.dtype)  # ∂L/∂h1, filled step by step
    dv1 = np.zeros((n, 8, 72), dtype=dh.dtype)  # ∂L/∂v1, filled step by step
    dh_next1 = np.zeros((n, 24), dtype=dh.dtype)  # ∂L/∂h1|t+1 = 0 before the first step back
    for step in reversed(range(8)):
        dh1[:, step] = dh_next1 + dh[:, step]  # ∂L/∂h1[t] = ∂L/∂h[t] + ∂L/∂h1[t]|t+1
        # ∂L/∂v1[n,t,(2,j)] = ∂L/∂h1[n,t,j] r1[n,t,j] (1 - z1[n,t,j]) (1 - g1[n,t,j]²)
        dv1[:, step, 48:72] += (
            dh1[:, step] * r1[:, step] * (1 - z1[:, step]) * (1 - g1[:, step] ** 2)
        )
        # ∂L/∂v1[n,t,(1,j)] = ∂L/∂h1[n,t,j] z1[n,t,j] (h1[n,t-1,j] - g1[n,t,j]) (1 - z1[n,t,j])
        dv1[:, step, 24:48] += (
            dh1[:, step] * (h_prev1[:, step] - g1[:, step]) * z1[:, step] * (1 - z1[:, step])
        )
        # ∂L/∂v1[n,t,(0,j)] = ∂L/∂h1[n,t,j] v1[n,t,(2,j)] r1[n,t,j] (1 - r1[n,t,j]) (1 - z1[n,t,j])
        #   (1 - g1[n,t,j]²)
        dv1[:, step, :24] += (
            dh1[:, step]
            * v1[:, step, 48:72]
            * r1[:, step]
            * (1 - r1[:, step])
            * (1 - z1[:, step])
            * (1 - g1[:, step] ** 2)
        )
        # ∂L/∂h1[t-1]|t = ∂L/∂h1[t] ⊙ z1[t] + ∂L/∂v1[t] Wh1ᵀ
        dh_next1 = dh1[:, step] * z1[:, step] + dv1[:, step] @ Wh1.T
    du1 = np.zeros_like(u1)
    # ∂L/∂u1[n,t,(2,j)] = ∂L/∂h1[n,t,j] (1 - z1[n,t,j]) (1 - g1[n,t,j]²)
    du1[:, :, 48:72] += dh1 * (1 - z1) * (1 - g1**2)
    # ∂L/∂u1[n,t,(1,j)] = ∂L/∂h1[n,t,j] z1[n,t,j] (h1[n,t-1,j] - g1[n,t,j]) (1 - z1[n,t,j])
    du1[:, :, 24:48] += dh1 * (h_prev1 - g1) * z1 * (1 - z1)
    # ∂L/∂u1[n,t,(0,j)] = ∂L/∂h1[n,t,j] v1[n,t,(2,j)] r1[n,t,j] (1 - r1[n,t,j]) (1 - z1[n,t,j])
    #   (1 - g1[n,t,j]²)
    du1[:, :, :24] += dh1 * v1[:, :, 48:72] * r1 * (1 - r1) * (1 - z1) * (1 - g1**2)
    dWh1 = np.tensordot(h_prev1, dv1, axes=([0, 1], [0, 1]))  # ∂L/∂Wh1 = Σ_t h1[t-1]ᵀ ∂L/∂v1[t]
    dWx1 = np.tensordot(x, du1, axes=([0, 1], [0, 1]))  # ∂L/∂Wx1 = Σ_t x[t]ᵀ ∂L/∂u1[t]
    dbh1 = dv1.sum(axis=(0, 1))  # ∂L/∂bh1 = Σ_nt ∂L/∂v1[t]
    dbx1 = du1.sum(axis=(0, 1))  # ∂L/∂bx1 = Σ_nt ∂L/∂u1[t]
    return {"Wx1": dWx1, "Wh1": dWh1, "bx1": dbx1, "bh1": dbh1, "W2": dW2, "b2": db2}


def _targets(t):
    """Class labels as rows of probabilities."""
    return _one_hot(t, 5, 3)


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


def sigmoid(u):
    """1/(1 + exp(-u)), by the sign of u: nothing overflows."""
    e = np.exp(-np.abs(u))
    return np.where(u >= 0, 1, e) / (1 + e)


def forward(params, x, *, training=False, rng=None):
    """The output (n, 8, 5) for a batch x (n, 8, 5)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 8, 5) against targets t (n, 8)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], _targets(t)))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    cache, t = _forward(params, np.asarray(x), training, rng)[1], _targets(t)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked("x", x, None, 8, 5))


def _checked(name, values, n, *shape, dtype=None):
    """The values as an array (n, *shape); a ValueError says what was expected instead."""
    values = np.asarray(values, dtype)
    if values.shape != (n or max((1, *values.shape[:1])), *shape) or not np.isfinite(values).all():
        expected = str((n or "n", *shape)).replace("'", "") + ", not empty, without NaN or infinity"
        raise ValueError(f"{name} has shape {values.shape}; expected {expected}")
    return values


def init_params(seed=0, dtype=np.float64):
    """New parameters; random ones are uniform after Glorot and Bengio."""
    rng = np.random.default_rng(seed)
    params = {
        "Wx1": rng.uniform(-1, 1, (5, 72)) * np.sqrt(6 / (5 + 72)),
        "Wh1": rng.uniform(-1, 1, (24, 72)) * np.sqrt(6 / (24 + 72)),
        "bx1": np.zeros(72),
        "bh1": np.zeros(72),
        "W2": rng.uniform(-1, 1, (24, 5)) * np.sqrt(6 / (24 + 5)),
        "b2": np.zeros(5),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=120, learning_rate=0.02, batch_size=16,
          betas=(0.9, 0.999), eps=1e-08, weight_decay=0.3, clip_norm=1.0,
          held_out=0.25, seed=0, callback=None, resume=None):  # fmt: skip
    """Trains by AdamW; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. history also lists held_out_loss and
    accuracy, of the held-out part. Under each parameter's name, history keeps its moments."""
    start = {"loss": [], "held_out_loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["Wx1"].dtype
    x = _checked("x", x, None, 8, 5, dtype=dtype)
    t = _checked("t", _targets(t), len(x), 8, 5, dtype=dtype)
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
    """The learning rate of an epoch, counted from 0: schedule cosine."""
    return learning_rate * (1 + math.cos(math.pi * min(epoch / 120, 1))) / 2


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
    if k > 3:
        x = x + 0.01 * rng.standard_normal(np.shape(x))
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
    # copy
    file = Path(__file__).with_name("copy_gru_data.npz")
    with np.load(file, allow_pickle=False) as data:
        x = data["x"].astype(float)
        t = data["t"].astype(int)
    few = x[::32], t[::32]
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(12, 121, 12):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"held out {run[1]['held_out_loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
