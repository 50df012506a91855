"""Two tanh layers untangle two spirals. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    W1, b1, W2, b2, W3 = params["W1"], params["b1"], params["W2"], params["b2"], params["W3"]
    b3 = params["b3"]
    n = len(x)
    z1 = x @ W1 + b1  # z1 = x W1 + b1
    h1 = np.tanh(z1)  # h1 = tanh(z1)
    z2 = h1 @ W2 + b2  # z2 = h1 W2 + b2
    h2 = np.tanh(z2)  # h2 = tanh(z2)
    z3 = h2 @ W3 + b3  # z3 = h2 W3 + b3
    p = sigmoid(z3)  # p = σ(z3)
    return p, {"x": x, "h1": h1, "h2": h2, "z3": z3, "p": p, "n": n}


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z3 = cache["z3"]
    # L = -1/N Σ_n Σ_j (t ⊙ log(p) + (1 - t) ⊙ log(1 - p))
    return ((1 - t) * softplus(z3) + t * softplus(-z3)).sum(axis=-1).mean()


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    W2, W3 = params["W2"], params["W3"]
    x, h1, h2, p, n = cache["x"], cache["h1"], cache["h2"], cache["p"], cache["n"]
    dz3 = (p - t) / n  # ∂L/∂z3 = 1/N (p - t)
    dW3 = h2.T @ dz3  # ∂L/∂W3 = h2ᵀ ∂L/∂z3
    db3 = dz3.sum(axis=0)  # ∂L/∂b3 = Σ_n ∂L/∂z3
    dh2 = dz3 @ W3.T  # ∂L/∂h2 = ∂L/∂z3 W3ᵀ
    dz2 = dh2 * (1 - h2**2)  # ∂L/∂z2 = ∂L/∂h2 ⊙ (1 - h2²)
    dW2 = h1.T @ dz2  # ∂L/∂W2 = h1ᵀ ∂L/∂z2
    db2 = dz2.sum(axis=0)  # ∂L/∂b2 = Σ_n ∂L/∂z2
    dh1 = dz2 @ W2.T  # ∂L/∂h1 = ∂L/∂z2 W2ᵀ
    dz1 = dh1 * (1 - h1**2)  # ∂L/∂z1 = ∂L/∂h1 ⊙ (1 - h1²)
    dW1 = x.T @ dz1  # ∂L/∂W1 = xᵀ ∂L/∂z1
    db1 = dz1.sum(axis=0)  # ∂L/∂b1 = Σ_n ∂L/∂z1
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}


def sigmoid(u):
    """1/(1 + exp(-u)), by the sign of u: nothing overflows."""
    e = np.exp(-np.abs(u))
    return np.where(u >= 0, 1, e) / (1 + e)


def softplus(u):
    """log(1 + exp(u)), without overflow."""
    return np.log1p(np.exp(-np.abs(u))) + np.maximum(u, 0)


def forward(params, x, *, training=False, rng=None):
    """The output (n, 1) for a batch x (n, 2)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 2) against targets t (n, 1)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], t))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    _, cache = _forward(params, np.asarray(x), training, rng)
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
        "W1": rng.uniform(-1, 1, (2, 24)) * np.sqrt(6 / (2 + 24)),
        "b1": np.zeros(24),
        "W2": rng.uniform(-1, 1, (24, 24)) * np.sqrt(6 / (24 + 24)),
        "b2": np.zeros(24),
        "W3": rng.uniform(-1, 1, (24, 1)) * np.sqrt(6 / (24 + 1)),
        "b3": np.zeros(1),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=600, learning_rate=0.05, batch_size=32,
          betas=(0.9, 0.999), eps=1e-08, seed=0, callback=None, resume=None):  # fmt: skip
    """Trains by Adam; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. history also lists accuracy, of the
    minibatches. Under each parameter's name, history keeps its moments."""
    start = {"loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["W1"].dtype
    x, t = _checked("x", x, None, 2, dtype=dtype), _checked("t", t, len(x), 1, dtype=dtype)
    batch_size = batch_size or len(x)
    trained = [name for name in params if name not in BUFFERS]
    moments = {name: history.get(name) or [np.zeros_like(params[name])] * 2 for name in trained}
    for epoch in range(len(history["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
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
            for name, gradient in grads.items():
                params[name], *moments[name] = _updated(
                    params[name], gradient, *moments[name], step, learning_rate, betas, eps
                )
        history["loss"].append(sum(losses))
        history["accuracy"].append(sum(shares))
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
    # spirals
    numbers = """
    0.1194 0 0.1476 0.0222 0.1711 0.0528 0.1883 0.0907 0.1973 0.1345 0.1969 0.1827 0.1861 0.2334
    0.1642 0.2844 0.1309 0.3334 0.0864 0.3783 0.0312 0.4167 -0.0335 0.4465 -0.1063 0.4656 -0.1854
    0.4724 -0.2687 0.4653 -0.3536 0.4434 -0.4376 0.4061 -0.5179 0.3531 -0.5917 0.2849 -0.6561 0.2024
    -0.7084 0.1068 -0.7463 0 -0.7675 -0.1157 -0.7702 -0.2376 -0.753 -0.3626 -0.7153 -0.4877 -0.6565
    -0.6091 -0.577 -0.7235 -0.4776 -0.8272 -0.3599 -0.917 -0.2258 -0.9895 -0.0781 -1.0419 0.0803
    -1.0716 0.2458 -1.0768 0.4144 -1.0559 0.5821 -1.0082 0.7445 -0.9335 0.8972 -0.8325 1.0359
    -0.7063 1.1565 -0.5569 1.2551 -0.3871 1.3283 -0.2002 1.3731 0 1.3873 0.2091 1.3692 0.4223 1.3178
    0.6346 1.2332 0.8408 1.116 1.0355 0.9678 1.2136 0.791 1.3701 0.5889 1.5005 0.3653 1.6006 0.1249
    1.667 -0.1272 1.6967 -0.3853 1.6879 -0.6434 1.6394 -0.8955 1.5511 -1.1353 1.4236 -1.3567 1.2588
    -1.5538 1.0594 -1.7213 0.8289 -1.8541 0.5719 -1.9481 0.2936 -2 0 -0.1194 0 -0.1476 -0.0222
    -0.1711 -0.0528 -0.1883 -0.0907 -0.1973 -0.1345 -0.1969 -0.1827 -0.1861 -0.2334 -0.1642 -0.2844
    -0.1309 -0.3334 -0.0864 -0.3783 -0.0312 -0.4167 0.0335 -0.4465 0.1063 -0.4656 0.1854 -0.4724
    0.2687 -0.4653 0.3536 -0.4434 0.4376 -0.4061 0.5179 -0.3531 0.5917 -0.2849 0.6561 -0.2024 0.7084
    -0.1068 0.7463 0 0.7675 0.1157 0.7702 0.2376 0.753 0.3626 0.7153 0.4877 0.6565 0.6091 0.577
    0.7235 0.4776 0.8272 0.3599 0.917 0.2258 0.9895 0.0781 1.0419 -0.0803 1.0716 -0.2458 1.0768
    -0.4144 1.0559 -0.5821 1.0082 -0.7445 0.9335 -0.8972 0.8325 -1.0359 0.7063 -1.1565 0.5569
    -1.2551 0.3871 -1.3283 0.2002 -1.3731 0 -1.3873 -0.2091 -1.3692 -0.4223 -1.3178 -0.6346 -1.2332
    -0.8408 -1.116 -1.0355 -0.9678 -1.2136 -0.791 -1.3701 -0.5889 -1.5005 -0.3653 -1.6006 -0.1249
    -1.667 0.1272 -1.6967 0.3853 -1.6879 0.6434 -1.6394 0.8955 -1.5511 1.1353 -1.4236 1.3567 -1.2588
    1.5538 -1.0594 1.7213 -0.8289 1.8541 -0.5719 1.9481 -0.2936 2 0
    """
    x = np.array(numbers.split(), float).reshape(128, 2)
    numbers = """
    0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
    0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
    1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
    """
    t = np.array(numbers.split(), float).reshape(128, 1)
    few = x[::16], t[::16]
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(60, 601, 60):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
