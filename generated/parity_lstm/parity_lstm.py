"""An LSTM keeps count of odd and even. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import math
from pathlib import Path

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    Wx1, Wh1, b1, W2, b2 = params["Wx1"], params["Wh1"], params["b1"], params["W2"], params["b2"]
    n = len(x)
    z_x1 = x @ Wx1  # z_x1[t] = x[t] Wx1
    h1_all = np.zeros((len(x), 9, 8), dtype=Wh1.dtype)  # h1 with zeros before its first step
    h_prev1, h1 = h1_all[:, :-1], h1_all[:, 1:]
    c1_all = np.zeros((len(x), 9, 8), dtype=Wh1.dtype)  # c1 with zeros before its first step
    c_prev1, c1 = c1_all[:, :-1], c1_all[:, 1:]
    i1 = np.zeros((len(x), 8, 8), dtype=Wh1.dtype)  # i1, filled step by step
    f1 = np.zeros((len(x), 8, 8), dtype=Wh1.dtype)  # f1, filled step by step
    g1 = np.zeros((len(x), 8, 8), dtype=Wh1.dtype)  # g1, filled step by step
    o1 = np.zeros((len(x), 8, 8), dtype=Wh1.dtype)  # o1, filled step by step
    a1 = np.zeros((len(x), 8, 8), dtype=Wh1.dtype)  # a1, filled step by step
    for step in range(8):
        z1 = z_x1[:, step] + h_prev1[:, step] @ Wh1 + b1  # z1[t] = z_x1[t] + h1[t-1] Wh1 + b1
        i1[:, step] = sigmoid(z1[:, :8])  # i1[n,t,j] = σ(z1[n,t,(0,j)])
        f1[:, step] = sigmoid(z1[:, 8:16])  # f1[n,t,j] = σ(z1[n,t,(1,j)])
        g1[:, step] = np.tanh(z1[:, 16:24])  # g1[n,t,j] = tanh(z1[n,t,(2,j)])
        o1[:, step] = sigmoid(z1[:, 24:32])  # o1[n,t,j] = σ(z1[n,t,(3,j)])
        # c1[t] = i1[t] ⊙ g1[t] + f1[t] ⊙ c1[t-1]
        c1[:, step] = i1[:, step] * g1[:, step] + f1[:, step] * c_prev1[:, step]
        a1[:, step] = np.tanh(c1[:, step])  # a1[t] = tanh(c1[t])
        h1[:, step] = o1[:, step] * a1[:, step]  # h1[t] = o1[t] ⊙ a1[t]
    h = h1  # h[t] = h1[t]
    z2 = h @ W2 + b2  # z2[n] = h[n] W2 + b2
    p = sigmoid(z2)  # p[n] = σ(z2[n])
    cache = {
        "x": x,
        "h": h,
        "i1": i1,
        "f1": f1,
        "g1": g1,
        "o1": o1,
        "a1": a1,
        "h_prev1": h_prev1,
        "c_prev1": c_prev1,
        "z2": z2,
        "p": p,
        "n": n,
    }
    return p, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z2 = cache["z2"]
    # L = -1/N Σ_n Σ_sj (t[n,s,j] log(p[n,s,j]) + (1 - t[n,s,j]) log(1 - p[n,s,j]))
    return ((1 - t) * softplus(z2) + t * softplus(-z2)).sum(axis=(1, 2)).mean()


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    Wh1, W2 = params["Wh1"], params["W2"]
    x, h, i1, f1, g1 = cache["x"], cache["h"], cache["i1"], cache["f1"], cache["g1"]
    o1, a1, h_prev1, c_prev1 = cache["o1"], cache["a1"], cache["h_prev1"], cache["c_prev1"]
    p, n = cache["p"], cache["n"]
    dz2 = (p - t) / n  # ∂L/∂z2[n] = 1/N (p[n] - t[n])
    dW2 = np.tensordot(h, dz2, axes=([0, 1], [0, 1]))  # ∂L/∂W2 = Σ_n h[n]ᵀ ∂L/∂z2[n]
    db2 = dz2.sum(axis=(0, 1))  # ∂L/∂b2[j] = Σ_nt ∂L/∂z2[j]
    dh = dz2 @ W2.T  # ∂L/∂h[n] = ∂L/∂z2[n] W2ᵀ
    dz1 = np.zeros((n, 8, 32), dtype=dh.dtype)  # ∂L/∂z1, filled step by step
    dh_next1 = np.zeros((n, 8), dtype=dh.dtype)  # ∂L/∂h1|t+1 = 0 before the first step back
    dc_next1 = np.zeros((n, 8), dtype=dh.dtype)  # ∂L/∂c1|t+1 = 0 before the first step back
    for step in reversed(range(8)):
        dh1 = dh_next1 + dh[:, step]  # ∂L/∂h1[t] = ∂L/∂h[t] + ∂L/∂h1[t]|t+1
        # ∂L/∂c1[t] = ∂L/∂h1[t] ⊙ o1[t] ⊙ (1 - a1[t]²) + ∂L/∂c1[t]|t+1
        dc1 = dc_next1 + dh1 * o1[:, step] * (1 - a1[:, step] ** 2)
        # ∂L/∂z1[n,t,(3,j)] = ∂L/∂h1[n,t,j] o1[n,t,j] a1[n,t,j] (1 - o1[n,t,j])
        dz1[:, step, 24:32] += dh1 * o1[:, step] * (1 - o1[:, step]) * a1[:, step]
        # ∂L/∂z1[n,t,(2,j)] = ∂L/∂c1[n,t,j] i1[n,t,j] (1 - g1[n,t,j]²)
        dz1[:, step, 16:24] += dc1 * i1[:, step] * (1 - g1[:, step] ** 2)
        # ∂L/∂z1[n,t,(1,j)] = ∂L/∂c1[n,t,j] f1[n,t,j] c1[n,t-1,j] (1 - f1[n,t,j])
        dz1[:, step, 8:16] += dc1 * f1[:, step] * (1 - f1[:, step]) * c_prev1[:, step]
        # ∂L/∂z1[n,t,(0,j)] = ∂L/∂c1[n,t,j] i1[n,t,j] g1[n,t,j] (1 - i1[n,t,j])
        dz1[:, step, :8] += dc1 * i1[:, step] * (1 - i1[:, step]) * g1[:, step]
        dc_next1 = dc1 * f1[:, step]  # ∂L/∂c1[t-1]|t = ∂L/∂c1[t] ⊙ f1[t]
        dh_next1 = dz1[:, step] @ Wh1.T  # ∂L/∂h1[t-1]|t = ∂L/∂z1[t] Wh1ᵀ
    dWh1 = np.tensordot(h_prev1, dz1, axes=([0, 1], [0, 1]))  # ∂L/∂Wh1 = Σ_t h1[t-1]ᵀ ∂L/∂z1[t]
    dWx1 = np.tensordot(x, dz1, axes=([0, 1], [0, 1]))  # ∂L/∂Wx1 = Σ_t x[t]ᵀ ∂L/∂z1[t]
    db1 = dz1.sum(axis=(0, 1))  # ∂L/∂b1 = Σ_nt ∂L/∂z1[t]
    return {"Wx1": dWx1, "Wh1": dWh1, "b1": db1, "W2": dW2, "b2": db2}


def sigmoid(u):
    """1/(1 + exp(-u)), by the sign of u: nothing overflows."""
    e = np.exp(-np.abs(u))
    return np.where(u >= 0, 1, e) / (1 + e)


def softplus(u):
    """log(1 + exp(u)), without overflow."""
    return np.log1p(np.exp(-np.abs(u))) + np.maximum(u, 0)


def forward(params, x, *, training=False, rng=None):
    """The output (n, 8, 1) for a batch x (n, 8, 1)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 8, 1) against targets t (n, 8, 1)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], t))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    _, cache = _forward(params, np.asarray(x), training, rng)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked("x", x, None, 8, 1))


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
        "Wx1": rng.uniform(-1, 1, (1, 32)) * np.sqrt(6 / (1 + 32)),
        "Wh1": rng.uniform(-1, 1, (8, 32)) * np.sqrt(6 / (8 + 32)),
        "b1": np.zeros(32),
        "W2": rng.uniform(-1, 1, (8, 1)) * np.sqrt(6 / (8 + 1)),
        "b2": np.zeros(1),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=60, learning_rate=0.03, batch_size=32,
          betas=(0.9, 0.999), eps=1e-08, clip_norm=1.0, held_out=0.25, seed=0,
          callback=None, resume=None):  # fmt: skip
    """Trains by Adam; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. history also lists held_out_loss and
    accuracy, of the held-out part. Under each parameter's name, history keeps its moments."""
    start = {"loss": [], "held_out_loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["Wx1"].dtype
    x, t = _checked("x", x, None, 8, 1, dtype=dtype), _checked("t", t, len(x), 8, 1, dtype=dtype)
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
            value, grads = loss_and_grads(params, x[rows], t[rows], training=True, rng=rng)
            losses.append(value * len(rows) / len(x))
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
            scale = min(1.0, clip_norm / (norms[-1] + 1e-6))
            grads = {name: scale * gradient for name, gradient in grads.items()}
            for name, gradient in grads.items():
                params[name], *moments[name] = _updated(
                    params[name], gradient, *moments[name], step, rate, betas, eps
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


def _rate(epoch, learning_rate):
    """The learning rate of an epoch, counted from 0: schedule cosine."""
    return learning_rate * (1 + math.cos(math.pi * min(epoch / 60, 1))) / 2


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
    return float(np.mean((y > 0.5) == (t > 0.5)))


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
    # parity
    file = Path(__file__).with_name("parity_lstm_data.npz")
    with np.load(file, allow_pickle=False) as data:
        x = data["x"].astype(float)
        t = data["t"].astype(float)
    few = x[::32], t[::32]
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(6, 61, 6):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"held out {run[1]['held_out_loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
