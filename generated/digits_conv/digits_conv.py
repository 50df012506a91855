"""A convolutional network reads handwritten digits. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import math
from pathlib import Path

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    K1, b1, K2, b2, W3 = params["K1"], params["b1"], params["K2"], params["b2"], params["W3"]
    b3 = params["b3"]
    n = len(x)
    x_pad1 = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))  # x_pad1[n,c,i+1,j+1] = x[n,c,i,j], else 0
    # z1[n,f,p,q] = Σ_cuv K1[f,c,u,v] x_pad1[n,c,p+u,q+v] + b1[f]
    z1 = np.zeros((len(x), 12, 8, 8), dtype=b1.dtype)
    for u, v in np.ndindex(3, 3):
        z1 += (K1[:, :, u, v] @ x_pad1[:, :, u : u + 8, v : v + 8].reshape(-1, 1, 64)).reshape(
            -1, 12, 8, 8
        )
    z1 += b1[:, None, None]
    a1 = relu(z1)  # a1[n,c] = relu(z1[n,c])
    # mask1[n,c,p,q,u,v] = [(u, v) = argmax a1[n,c,2p+u,2q+v]]
    mask1 = first_max(
        np.lib.stride_tricks.sliding_window_view(a1, (2, 2), axis=(2, 3))[:, :, :7:2, :7:2],
        axis=(4, 5),
    )
    # p1[n,c,p,q] = max_uv a1[n,c,2p+u,2q+v]
    p1 = np.lib.stride_tricks.sliding_window_view(a1, (2, 2), axis=(2, 3))[:, :, :7:2, :7:2].max(
        axis=(4, 5)
    )
    # x_pad2[n,c,i+1,j+1] = p1[n,c,i,j], else 0
    x_pad2 = np.pad(p1, ((0, 0), (0, 0), (1, 1), (1, 1)))
    # z2[n,f,p,q] = Σ_cuv K2[f,c,u,v] x_pad2[n,c,p+u,q+v] + b2[f]
    z2 = np.zeros((len(x), 24, 4, 4), dtype=b2.dtype)
    for u, v in np.ndindex(3, 3):
        z2 += (K2[:, :, u, v] @ x_pad2[:, :, u : u + 4, v : v + 4].reshape(-1, 12, 16)).reshape(
            -1, 24, 4, 4
        )
    z2 += b2[:, None, None]
    a2 = relu(z2)  # a2[n,c] = relu(z2[n,c])
    # mask2[n,c,p,q,u,v] = [(u, v) = argmax a2[n,c,2p+u,2q+v]]
    mask2 = first_max(
        np.lib.stride_tricks.sliding_window_view(a2, (2, 2), axis=(2, 3))[:, :, :3:2, :3:2],
        axis=(4, 5),
    )
    # p2[n,c,p,q] = max_uv a2[n,c,2p+u,2q+v]
    p2 = np.lib.stride_tricks.sliding_window_view(a2, (2, 2), axis=(2, 3))[:, :, :3:2, :3:2].max(
        axis=(4, 5)
    )
    f2 = p2.reshape(-1, 96)  # f2[n,(a,b,c)] = p2[n,a,b,c]
    if training:
        # mask2_ = 0 with probability 0.25, else 1/0.75
        mask2_ = (rng.random(f2.shape) >= 0.25).astype(f2.dtype) / 0.75
        d2 = f2 * mask2_  # d2 = f2 ⊙ mask2_
    else:
        d2 = f2  # d2 = f2
        mask2_ = None
    z3 = d2 @ W3 + b3  # z3 = d2 W3 + b3
    u3 = np.exp(z3 - z3.max(axis=-1, keepdims=True))  # u3 = exp(z3)
    s3 = u3.sum(axis=-1)  # s3 = Σ_k u3
    p = u3 / s3[:, None]  # p = u3 / s3
    cache = {
        "z1": z1,
        "x_pad1": x_pad1,
        "a1": a1,
        "mask1": mask1,
        "z2": z2,
        "x_pad2": x_pad2,
        "a2": a2,
        "mask2": mask2,
        "mask2_": mask2_,
        "d2": d2,
        "z3": z3,
        "p": p,
        "n": n,
        "training": training,
    }
    return p, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z3 = cache["z3"]
    p_max = z3.max(axis=-1)  # p_max = max_k z3
    p_sum = np.exp(z3 - p_max[:, None]).sum(axis=-1)  # p_sum = Σ_k exp(z3 - p_max)
    log_p = z3 - p_max[:, None] - np.log(p_sum[:, None])  # log_p = z3 - p_max - log(p_sum)
    return -(t * log_p).sum(axis=-1).mean()  # L = -1/N Σ_n Σ_k t ⊙ log(p)


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    K1, K2, W3 = params["K1"], params["K2"], params["W3"]
    z1, x_pad1, a1, mask1 = cache["z1"], cache["x_pad1"], cache["a1"], cache["mask1"]
    z2, x_pad2, a2, mask2 = cache["z2"], cache["x_pad2"], cache["a2"], cache["mask2"]
    mask2_, d2, p, n = cache["mask2_"], cache["d2"], cache["p"], cache["n"]
    training = cache["training"]
    dz3 = (p - t) / n  # ∂L/∂z3 = 1/N (p - t)
    dW3 = d2.T @ dz3  # ∂L/∂W3 = d2ᵀ ∂L/∂z3
    db3 = dz3.sum(axis=0)  # ∂L/∂b3 = Σ_n ∂L/∂z3
    dd2 = dz3 @ W3.T  # ∂L/∂d2 = ∂L/∂z3 W3ᵀ
    if training:
        df2 = dd2 * mask2_  # ∂L/∂f2 = ∂L/∂d2 ⊙ mask2_
    else:
        df2 = dd2  # ∂L/∂f2 = ∂L/∂d2
    dp2 = df2.reshape(-1, 24, 2, 2)  # ∂L/∂p2[n,a,b,c] = ∂L/∂f2[n,(a,b,c)]
    da2 = np.zeros_like(a2)  # ∂L/∂a2[n,c,2p+u,2q+v] = ∂L/∂p2[n,c,p,q] mask2[n,c,p,q,u,v]
    for u, v in np.ndindex(2, 2):
        da2[:, :, u : u + 3 : 2, v : v + 3 : 2] += dp2 * mask2[:, :, :, :, u, v]
    dz2 = da2 * (z2 > 0)  # ∂L/∂z2[n,c] = ∂L/∂a2[n,c] ⊙ [z2[n,c] > 0]
    dx_pad2 = np.zeros_like(x_pad2)  # ∂L/∂x_pad2[n,c,p+u,q+v] = Σ_f ∂L/∂z2[n,f,p,q] K2[f,c,u,v]
    for u, v in np.ndindex(3, 3):
        dx_pad2[:, :, u : u + 4, v : v + 4] += (K2[:, :, u, v].T @ dz2.reshape(-1, 24, 16)).reshape(
            -1, 12, 4, 4
        )
    dK2 = np.zeros_like(K2)  # ∂L/∂K2[f,c,u,v] = Σ_npq ∂L/∂z2[n,f,p,q] x_pad2[n,c,p+u,q+v]
    for u, v in np.ndindex(3, 3):
        dK2[:, :, u, v] += np.tensordot(
            dz2, x_pad2[:, :, u : u + 4, v : v + 4], axes=([0, 2, 3], [0, 2, 3])
        )
    db2 = dz2.sum(axis=(0, 2, 3))  # ∂L/∂b2[f] = Σ_npq ∂L/∂z2[n,f]
    dp1 = dx_pad2[:, :, 1:5, 1:5]  # ∂L/∂p1[n,c,i,j] = ∂L/∂x_pad2[n,c,i+1,j+1]
    da1 = np.zeros_like(a1)  # ∂L/∂a1[n,c,2p+u,2q+v] = ∂L/∂p1[n,c,p,q] mask1[n,c,p,q,u,v]
    for u, v in np.ndindex(2, 2):
        da1[:, :, u : u + 7 : 2, v : v + 7 : 2] += dp1 * mask1[:, :, :, :, u, v]
    dz1 = da1 * (z1 > 0)  # ∂L/∂z1[n,c] = ∂L/∂a1[n,c] ⊙ [z1[n,c] > 0]
    dK1 = np.zeros_like(K1)  # ∂L/∂K1[f,c,u,v] = Σ_npq ∂L/∂z1[n,f,p,q] x_pad1[n,c,p+u,q+v]
    for u, v in np.ndindex(3, 3):
        dK1[:, :, u, v] += np.tensordot(
            dz1, x_pad1[:, :, u : u + 8, v : v + 8], axes=([0, 2, 3], [0, 2, 3])
        )
    db1 = dz1.sum(axis=(0, 2, 3))  # ∂L/∂b1[f] = Σ_npq ∂L/∂z1[n,f]
    return {"K1": dK1, "b1": db1, "K2": dK2, "b2": db2, "W3": dW3, "b3": db3}


def _targets(t):
    """Class labels as rows of probabilities."""
    return _one_hot(t, 10, 2)


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


def first_max(a, axis):
    """1 where a takes its maximum along the axes for the first time in row-major order, else 0."""
    kept = [k for k in range(a.ndim) if k not in axis]
    order = kept + sorted(axis)
    flat = a.transpose(order).reshape(*(a.shape[k] for k in kept), -1)
    first = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]
    mask = first.reshape([a.shape[k] for k in order])
    return mask.transpose(np.argsort(order)).astype(a.dtype)


def relu(u):
    """max(u, 0)."""
    return np.maximum(u, 0)


def forward(params, x, *, training=False, rng=None):
    """The output (n, 10) for a batch x (n, 1, 8, 8)."""
    return _run(params, x, training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 1, 8, 8) against targets t (n, 10)."""
    return float(_loss(params, _run(params, x, training, rng)[1], _targets(t)))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    cache, t = _run(params, x, training, rng)[1], _targets(t)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked("x", x, None, 1, 8, 8))


def _run(params, x, training, rng):
    """The forward pass, which draws dropout masks when training."""
    if training and rng is None:
        raise ValueError("training=True draws dropout masks; expected rng=np.random.default_rng(0)")
    return _forward(params, np.asarray(x), training, rng)


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
        "K1": rng.uniform(-1, 1, (12, 1, 3, 3)) * np.sqrt(6 / (9 + 108)),
        "b1": np.zeros(12),
        "K2": rng.uniform(-1, 1, (24, 12, 3, 3)) * np.sqrt(6 / (108 + 216)),
        "b2": np.zeros(24),
        "W3": rng.uniform(-1, 1, (96, 10)) * np.sqrt(6 / (96 + 10)),
        "b3": np.zeros(10),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=25, learning_rate=0.05, batch_size=32,
          momentum=0.9, held_out=0.25, seed=0, callback=None, resume=None):  # fmt: skip
    """Trains by gradient descent with momentum; returns (params, history), a pair that resume goes
    on from. callback(epoch, params, history) stops the run by returning True. history also lists
    held_out_loss and accuracy, of the held-out part. Under each parameter's name, history keeps
    its moments."""
    start = {"loss": [], "held_out_loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["K1"].dtype
    x = _checked("x", x, None, 1, 8, 8, dtype=dtype)
    t = _checked("t", _targets(t), len(x), 10, dtype=dtype)
    kept, held = _split(t.argmax(-1), held_out, seed)
    x_held, t_held = x[held], t[held]
    x, t = x[kept], t[kept]
    batch_size = batch_size or len(x)
    trained = [name for name in params if name not in BUFFERS]
    moments = {name: history.get(name) or [np.zeros_like(params[name])] * 1 for name in trained}
    for epoch in range(len(history["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
        rate = _rate(epoch, learning_rate)
        params = dict(params)
        losses, norms = [], []
        for rows in np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size)):
            batch = t[rows]
            _, cache = _forward(params, x[rows], True, rng)
            value, grads = float(_loss(params, cache, batch)), _backward(params, cache, batch)
            losses.append(value * len(rows) / len(x))
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
            for name, gradient in grads.items():
                params[name], *moments[name] = _updated(
                    params[name], gradient, *moments[name], rate, momentum
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


def _updated(value, gradient, velocity, rate, momentum):
    """One step of gradient descent with momentum for one parameter: the new value, velocity."""
    velocity = momentum * velocity + gradient
    return value - rate * velocity, velocity


def _rate(epoch, learning_rate):
    """The learning rate of an epoch, counted from 0: schedule cosine."""
    return learning_rate * (1 + math.cos(math.pi * min(epoch / 25, 1))) / 2


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
    # digits, E. Alpaydin and C. Kaynak (1998), UCI, doi:10.24432/C50P49, CC BY 4.0
    file = Path(__file__).with_name("digits_conv_data.npz")
    with np.load(file, allow_pickle=False) as data:
        x = data["x"].astype(float)
        t = data["t"].astype(float)
    few = x[::225], t[::225]
    for training in (False, True):
        for name, error in check_gradients(init_params(), *few, training=training).items():
            print(f"gradient of {name}, training={training}: error {error:.1e}")
            if not error <= 1e-6:
                raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in (2, 5, 7, 10, 12, 15, 17, 20, 22, 25):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"held out {run[1]['held_out_loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
