"""Twelve residual blocks from one set of formulas. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import math
from pathlib import Path

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    W1, b1, gamma2, beta2 = params["W1"], params["b1"], params["gamma2"], params["beta2"]
    W3, b3, W4, b4, W5 = params["W3"], params["b3"], params["W4"], params["b4"], params["W5"]
    b5 = params["b5"]
    n = len(x)
    z1 = x @ W1 + b1  # z1 = x W1 + b1
    h1 = z1
    u2 = [None] * 12
    s2 = [None] * 12
    xhat2 = [None] * 12
    a3 = [None] * 12
    for l in range(12):
        m2 = h1.mean(axis=-1)  # m2[l] = 1/12 Σ_d h1[l]
        v2 = ((h1 - m2[:, None]) ** 2).mean(axis=-1)  # v2[l] = 1/12 Σ_d (h1[l] - m2[l])²
        s2[l] = np.sqrt(v2 + 1e-05)  # s2[l] = √(v2[l] + 10⁻⁵)
        xhat2[l] = (h1 - m2[:, None]) / s2[l][:, None]  # xhat2[l] = (h1[l] - m2[l]) / s2[l]
        u2[l] = gamma2[l] * xhat2[l] + beta2[l]  # u2[l] = gamma2[l] ⊙ xhat2[l] + beta2[l]
        z3 = u2[l] @ W3[l] + b3[l]  # z3[l] = u2[l] W3[l] + b3[l]
        a3[l] = np.tanh(z3)  # a3[l] = tanh(z3[l])
        z4 = a3[l] @ W4[l] + b4[l]  # z4[l] = a3[l] W4[l] + b4[l]
        h1 = h1 + z4  # h1[l+1] = h1[l] + z4[l]
    z5 = h1 @ W5 + b5  # z5 = h1[12] W5 + b5
    u5 = np.exp(z5 - z5.max(axis=-1, keepdims=True))  # u5 = exp(z5)
    s5 = u5.sum(axis=-1)  # s5 = Σ_k u5
    p = u5 / s5[:, None]  # p = u5 / s5
    cache = {
        "x": x,
        "u2": u2,
        "s2": s2,
        "xhat2": xhat2,
        "a3": a3,
        "z5": z5,
        "p": p,
        "h1": h1,
        "n": n,
    }
    return p, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z5 = cache["z5"]
    p_max = z5.max(axis=-1)  # p_max = max_k z5
    p_sum = np.exp(z5 - p_max[:, None]).sum(axis=-1)  # p_sum = Σ_k exp(z5 - p_max)
    log_p = z5 - p_max[:, None] - np.log(p_sum[:, None])  # log_p = z5 - p_max - log(p_sum)
    return -(t * log_p).sum(axis=-1).mean()  # L = -1/N Σ_n Σ_k t ⊙ log(p)


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    gamma2, beta2, W3, b3 = params["gamma2"], params["beta2"], params["W3"], params["b3"]
    W4, b4, W5 = params["W4"], params["b4"], params["W5"]
    x, u2, s2, xhat2, a3 = cache["x"], cache["u2"], cache["s2"], cache["xhat2"], cache["a3"]
    p, h1, n = cache["p"], cache["h1"], cache["n"]
    dz5 = (p - t) / n  # ∂L/∂z5 = 1/N (p - t)
    dW5 = h1.T @ dz5  # ∂L/∂W5 = h1[12]ᵀ ∂L/∂z5
    db5 = dz5.sum(axis=0)  # ∂L/∂b5 = Σ_n ∂L/∂z5
    dh1 = dz5 @ W5.T  # ∂L/∂h1[12] = ∂L/∂z5 W5ᵀ
    dW4 = np.empty_like(W4)
    db4 = np.empty_like(b4)
    dW3 = np.empty_like(W3)
    db3 = np.empty_like(b3)
    dbeta2 = np.empty_like(beta2)
    dgamma2 = np.empty_like(gamma2)
    for l in reversed(range(12)):
        dz4 = dh1  # ∂L/∂z4[l] = ∂L/∂h1[l+1]
        dW4[l] = a3[l].T @ dz4  # ∂L/∂W4[l] = a3[l]ᵀ ∂L/∂z4[l]
        db4[l] = dz4.sum(axis=0)  # ∂L/∂b4[l] = Σ_n ∂L/∂z4[l]
        da3 = dz4 @ W4[l].T  # ∂L/∂a3[l] = ∂L/∂z4[l] W4[l]ᵀ
        dz3 = da3 * (1 - a3[l] ** 2)  # ∂L/∂z3[l] = ∂L/∂a3[l] ⊙ (1 - a3[l]²)
        dW3[l] = u2[l].T @ dz3  # ∂L/∂W3[l] = u2[l]ᵀ ∂L/∂z3[l]
        db3[l] = dz3.sum(axis=0)  # ∂L/∂b3[l] = Σ_n ∂L/∂z3[l]
        du2 = dz3 @ W3[l].T  # ∂L/∂u2[l] = ∂L/∂z3[l] W3[l]ᵀ
        dxhat2 = du2 * gamma2[l]  # ∂L/∂xhat2[l] = ∂L/∂u2[l] ⊙ gamma2[l]
        dbeta2[l] = du2.sum(axis=0)  # ∂L/∂beta2[l] = Σ_n ∂L/∂u2[l]
        dgamma2[l] = (du2 * xhat2[l]).sum(axis=0)  # ∂L/∂gamma2[l] = Σ_n ∂L/∂u2[l] ⊙ xhat2[l]
        # ∂L/∂h1[l]|u2 = (∂L/∂xhat2[l] - 1/12 Σ_d ∂L/∂xhat2[l] - xhat2[l] ⊙
        #   (1/12 Σ_d xhat2[l] ⊙ ∂L/∂xhat2[l])) / s2[l]
        dh1_u2 = (
            dxhat2
            - dxhat2.mean(axis=-1, keepdims=True)
            - xhat2[l] * (xhat2[l] * dxhat2).mean(axis=-1, keepdims=True)
        ) / s2[l][:, None]
        dh1 = dh1 + dh1_u2  # ∂L/∂h1[l] = ∂L/∂h1[l+1] + ∂L/∂h1[l]|u2
    dz1 = dh1  # ∂L/∂z1 = ∂L/∂h1[0]
    dW1 = x.T @ dz1  # ∂L/∂W1 = xᵀ ∂L/∂z1
    db1 = dz1.sum(axis=0)  # ∂L/∂b1 = Σ_n ∂L/∂z1
    return {
        "W1": dW1,
        "b1": db1,
        "gamma2": dgamma2,
        "beta2": dbeta2,
        "W3": dW3,
        "b3": db3,
        "W4": dW4,
        "b4": db4,
        "W5": dW5,
        "b5": db5,
    }


def _targets(t):
    """Class labels as rows of probabilities."""
    return _one_hot(t, 2, 2)


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


def forward(params, x, *, training=False, rng=None):
    """The output (n, 2) for a batch x (n, 2)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 2) against targets t (n, 2)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], _targets(t)))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    cache, t = _forward(params, np.asarray(x), training, rng)[1], _targets(t)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked("x", x, None, 2))


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
        "W1": rng.uniform(-1, 1, (2, 12)) * np.sqrt(6 / (2 + 12)),
        "b1": np.zeros(12),
        "gamma2": np.ones((12, 12)),
        "beta2": np.zeros((12, 12)),
        "W3": rng.uniform(-1, 1, (12, 12, 12)) * np.sqrt(6 / (12 + 12)),
        "b3": np.zeros((12, 12)),
        "W4": rng.uniform(-1, 1, (12, 12, 12)) * np.sqrt(6 / (12 + 12)),
        "b4": np.zeros((12, 12)),
        "W5": rng.uniform(-1, 1, (12, 2)) * np.sqrt(6 / (12 + 2)),
        "b5": np.zeros(2),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=150, learning_rate=0.005, batch_size=32,
          betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, clip_norm=1.0, seed=0,
          callback=None, resume=None):  # fmt: skip
    """Trains by AdamW; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. history also lists accuracy, of the
    minibatches. Under each parameter's name, history keeps its moments."""
    start = {"loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["W1"].dtype
    x = _checked("x", x, None, 2, dtype=dtype)
    t = _checked("t", _targets(t), len(x), 2, dtype=dtype)
    batch_size = batch_size or len(x)
    trained = [name for name in params if name not in BUFFERS]
    moments = {name: history.get(name) or [np.zeros_like(params[name])] * 2 for name in trained}
    for epoch in range(len(history["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
        rate = _rate(epoch, learning_rate)
        params = dict(params)
        losses, norms, shares = [], [], []
        batches = np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size))
        for step, rows in enumerate(batches, 1 + epoch * len(batches)):
            batch = t[rows]
            y, cache = _forward(params, x[rows], True, rng)
            value, grads = float(_loss(params, cache, batch)), _backward(params, cache, batch)
            losses.append(value * len(rows) / len(x))
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
            shares.append(_accuracy(y, batch) * len(rows) / len(x))
            scale = min(1.0, clip_norm / (norms[-1] + 1e-6))
            grads = {name: scale * gradient for name, gradient in grads.items()}
            for name, gradient in grads.items():
                params[name], *moments[name] = _updated(
                    params[name], gradient, *moments[name], step, rate, betas, eps, weight_decay
                )
        history["loss"].append(sum(losses))
        history["accuracy"].append(sum(shares))
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
    if epoch < 10:
        return learning_rate * (epoch + 1) / 10
    return learning_rate * (1 + math.cos(math.pi * min((epoch - 10) / 140, 1))) / 2


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
    # spirals
    file = Path(__file__).with_name("deep_repeat_data.npz")
    with np.load(file, allow_pickle=False) as data:
        x = data["x"].astype(float)
        t = data["t"].astype(float)
    few = x[::16], t[::16]
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(15, 151, 15):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
