"""A residual block of ReLU layers tells irises apart. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

from pathlib import Path

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    W1, b1, W2, b2, W3 = params["W1"], params["b1"], params["W2"], params["b2"], params["W3"]
    b3, W4, b4 = params["b3"], params["W4"], params["b4"]
    n = len(x)
    z1 = x @ W1 + b1  # z1 = x W1 + b1
    a1 = relu(z1)  # a1 = relu(z1)
    z2 = a1 @ W2 + b2  # z2 = a1 W2 + b2
    a2 = relu(z2)  # a2 = relu(z2)
    z3 = a2 @ W3 + b3  # z3 = a2 W3 + b3
    a3 = relu(z3)  # a3 = relu(z3)
    r = a1 + a3  # r = a1 + a3
    z4 = r @ W4 + b4  # z4 = r W4 + b4
    u4 = np.exp(z4 - z4.max(axis=-1, keepdims=True))  # u4 = exp(z4)
    s4 = u4.sum(axis=-1)  # s4 = Σ_k u4
    p = u4 / s4[:, None]  # p = u4 / s4
    cache = {
        "x": x,
        "z1": z1,
        "a1": a1,
        "z2": z2,
        "a2": a2,
        "z3": z3,
        "r": r,
        "z4": z4,
        "p": p,
        "n": n,
    }
    return p, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z4 = cache["z4"]
    p_max = z4.max(axis=-1)  # p_max = max_k z4
    p_sum = np.exp(z4 - p_max[:, None]).sum(axis=-1)  # p_sum = Σ_k exp(z4 - p_max)
    log_p = z4 - p_max[:, None] - np.log(p_sum[:, None])  # log_p = z4 - p_max - log(p_sum)
    return -(t * log_p).sum(axis=-1).mean()  # L = -1/N Σ_n Σ_k t ⊙ log(p)


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    W2, W3, W4 = params["W2"], params["W3"], params["W4"]
    x, z1, a1, z2, a2 = cache["x"], cache["z1"], cache["a1"], cache["z2"], cache["a2"]
    z3, r, p, n = cache["z3"], cache["r"], cache["p"], cache["n"]
    dz4 = (p - t) / n  # ∂L/∂z4 = 1/N (p - t)
    dW4 = r.T @ dz4  # ∂L/∂W4 = rᵀ ∂L/∂z4
    db4 = dz4.sum(axis=0)  # ∂L/∂b4 = Σ_n ∂L/∂z4
    dr = dz4 @ W4.T  # ∂L/∂r = ∂L/∂z4 W4ᵀ
    da3 = dr  # ∂L/∂a3 = ∂L/∂r
    dz3 = da3 * (z3 > 0)  # ∂L/∂z3 = ∂L/∂a3 ⊙ [z3 > 0]
    dW3 = a2.T @ dz3  # ∂L/∂W3 = a2ᵀ ∂L/∂z3
    db3 = dz3.sum(axis=0)  # ∂L/∂b3 = Σ_n ∂L/∂z3
    da2 = dz3 @ W3.T  # ∂L/∂a2 = ∂L/∂z3 W3ᵀ
    dz2 = da2 * (z2 > 0)  # ∂L/∂z2 = ∂L/∂a2 ⊙ [z2 > 0]
    dW2 = a1.T @ dz2  # ∂L/∂W2 = a1ᵀ ∂L/∂z2
    db2 = dz2.sum(axis=0)  # ∂L/∂b2 = Σ_n ∂L/∂z2
    da1 = dr + dz2 @ W2.T  # ∂L/∂a1 = ∂L/∂r + ∂L/∂z2 W2ᵀ
    dz1 = da1 * (z1 > 0)  # ∂L/∂z1 = ∂L/∂a1 ⊙ [z1 > 0]
    dW1 = x.T @ dz1  # ∂L/∂W1 = xᵀ ∂L/∂z1
    db1 = dz1.sum(axis=0)  # ∂L/∂b1 = Σ_n ∂L/∂z1
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3, "W4": dW4, "b4": db4}


def _targets(t):
    """Class labels as rows of probabilities."""
    return _one_hot(t, 3, 2)


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


def relu(u):
    """max(u, 0)."""
    return np.maximum(u, 0)


def forward(params, x, *, training=False, rng=None):
    """The output (n, 3) for a batch x (n, 4)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 4) against targets t (n, 3)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], _targets(t)))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    cache, t = _forward(params, np.asarray(x), training, rng)[1], _targets(t)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked("x", x, None, 4))


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
        "W1": rng.uniform(-1, 1, (4, 16)) * np.sqrt(6 / (4 + 16)),
        "b1": np.zeros(16),
        "W2": rng.uniform(-1, 1, (16, 16)) * np.sqrt(6 / (16 + 16)),
        "b2": np.zeros(16),
        "W3": rng.uniform(-1, 1, (16, 16)) * np.sqrt(6 / (16 + 16)),
        "b3": np.zeros(16),
        "W4": rng.uniform(-1, 1, (16, 3)) * np.sqrt(6 / (16 + 3)),
        "b4": np.zeros(3),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=150, learning_rate=0.01, batch_size=16,
          betas=(0.9, 0.999), eps=1e-08, held_out=0.2, seed=0, callback=None,
          resume=None):  # fmt: skip
    """Trains by Adam; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. history also lists held_out_loss and
    accuracy, of the held-out part. Under each parameter's name, history keeps its moments."""
    start = {"loss": [], "held_out_loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["W1"].dtype
    x = _checked("x", x, None, 4, dtype=dtype)
    t = _checked("t", _targets(t), len(x), 3, dtype=dtype)
    kept, held = _split(t.argmax(-1), held_out, seed)
    x_held, t_held = x[held], t[held]
    x, t = x[kept], t[kept]
    batch_size = batch_size or len(x)
    trained = [name for name in params if name not in BUFFERS]
    moments = {name: history.get(name) or [np.zeros_like(params[name])] * 2 for name in trained}
    for epoch in range(len(history["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
        params = dict(params)
        losses, norms = [], []
        batches = np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size))
        for step, rows in enumerate(batches, 1 + epoch * len(batches)):
            batch = t[rows]
            _, cache = _forward(params, x[rows], True, rng)
            value, grads = float(_loss(params, cache, batch)), _backward(params, cache, batch)
            losses.append(value * len(rows) / len(x))
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
            for name, gradient in grads.items():
                params[name], *moments[name] = _updated(
                    params[name], gradient, *moments[name], step, learning_rate, betas, eps
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


def _updated(value, gradient, mean, square, step, rate, betas, eps):
    """One step of Adam for one parameter: the new value, mean, square."""
    mean = betas[0] * mean + (1 - betas[0]) * gradient
    square = betas[1] * square + (1 - betas[1]) * gradient * gradient
    root = np.sqrt(square / (1 - betas[1] ** step))
    return value - rate / (1 - betas[0] ** step) * mean / (root + eps), mean, square


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
    # iris, R. A. Fisher (1936), UCI, doi:10.24432/C56C76, CC BY 4.0
    file = Path(__file__).with_name("iris_residual_data.npz")
    with np.load(file, allow_pickle=False) as data:
        x = data["x"].astype(float)
        t = data["t"].astype(float)
    few = x[::19], t[::19]
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(15, 151, 15):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"held out {run[1]['held_out_loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
