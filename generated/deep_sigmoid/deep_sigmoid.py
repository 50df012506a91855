"""Eight sigmoid layers: the gradient vanishes. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    W1, b1, W2, b2, W3 = params["W1"], params["b1"], params["W2"], params["b2"], params["W3"]
    b3, W4, b4, W5, b5 = params["b3"], params["W4"], params["b4"], params["W5"], params["b5"]
    W6, b6, W7, b7, W8 = params["W6"], params["b6"], params["W7"], params["b7"], params["W8"]
    b8, W9, b9 = params["b8"], params["W9"], params["b9"]
    n = len(x)
    z1 = x @ W1 + b1  # z1 = x W1 + b1
    h1 = sigmoid(z1)  # h1 = σ(z1)
    z2 = h1 @ W2 + b2  # z2 = h1 W2 + b2
    h2 = sigmoid(z2)  # h2 = σ(z2)
    z3 = h2 @ W3 + b3  # z3 = h2 W3 + b3
    h3 = sigmoid(z3)  # h3 = σ(z3)
    z4 = h3 @ W4 + b4  # z4 = h3 W4 + b4
    h4 = sigmoid(z4)  # h4 = σ(z4)
    z5 = h4 @ W5 + b5  # z5 = h4 W5 + b5
    h5 = sigmoid(z5)  # h5 = σ(z5)
    z6 = h5 @ W6 + b6  # z6 = h5 W6 + b6
    h6 = sigmoid(z6)  # h6 = σ(z6)
    z7 = h6 @ W7 + b7  # z7 = h6 W7 + b7
    h7 = sigmoid(z7)  # h7 = σ(z7)
    z8 = h7 @ W8 + b8  # z8 = h7 W8 + b8
    h8 = sigmoid(z8)  # h8 = σ(z8)
    y = h8 @ W9 + b9  # y = h8 W9 + b9
    cache = {
        "x": x,
        "h1": h1,
        "h2": h2,
        "h3": h3,
        "h4": h4,
        "h5": h5,
        "h6": h6,
        "h7": h7,
        "h8": h8,
        "y": y,
        "n": n,
    }
    return y, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    y = cache["y"]
    return 0.5 * ((y - t) ** 2).sum(axis=-1).mean()  # L = 1/(2 N) Σ_n Σ_j (y - t)²


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    W2, W3, W4, W5, W6 = params["W2"], params["W3"], params["W4"], params["W5"], params["W6"]
    W7, W8, W9 = params["W7"], params["W8"], params["W9"]
    x, h1, h2, h3, h4 = cache["x"], cache["h1"], cache["h2"], cache["h3"], cache["h4"]
    h5, h6, h7, h8, y = cache["h5"], cache["h6"], cache["h7"], cache["h8"], cache["y"]
    n = cache["n"]
    dy = (y - t) / n  # ∂L/∂y = 1/N (y - t)
    dW9 = h8.T @ dy  # ∂L/∂W9 = h8ᵀ ∂L/∂y
    db9 = dy.sum(axis=0)  # ∂L/∂b9 = Σ_n ∂L/∂y
    dh8 = dy @ W9.T  # ∂L/∂h8 = ∂L/∂y W9ᵀ
    dz8 = dh8 * h8 * (1 - h8)  # ∂L/∂z8 = ∂L/∂h8 ⊙ h8 ⊙ (1 - h8)
    dW8 = h7.T @ dz8  # ∂L/∂W8 = h7ᵀ ∂L/∂z8
    db8 = dz8.sum(axis=0)  # ∂L/∂b8 = Σ_n ∂L/∂z8
    dh7 = dz8 @ W8.T  # ∂L/∂h7 = ∂L/∂z8 W8ᵀ
    dz7 = dh7 * h7 * (1 - h7)  # ∂L/∂z7 = ∂L/∂h7 ⊙ h7 ⊙ (1 - h7)
    dW7 = h6.T @ dz7  # ∂L/∂W7 = h6ᵀ ∂L/∂z7
    db7 = dz7.sum(axis=0)  # ∂L/∂b7 = Σ_n ∂L/∂z7
    dh6 = dz7 @ W7.T  # ∂L/∂h6 = ∂L/∂z7 W7ᵀ
    dz6 = dh6 * h6 * (1 - h6)  # ∂L/∂z6 = ∂L/∂h6 ⊙ h6 ⊙ (1 - h6)
    dW6 = h5.T @ dz6  # ∂L/∂W6 = h5ᵀ ∂L/∂z6
    db6 = dz6.sum(axis=0)  # ∂L/∂b6 = Σ_n ∂L/∂z6
    dh5 = dz6 @ W6.T  # ∂L/∂h5 = ∂L/∂z6 W6ᵀ
    dz5 = dh5 * h5 * (1 - h5)  # ∂L/∂z5 = ∂L/∂h5 ⊙ h5 ⊙ (1 - h5)
    dW5 = h4.T @ dz5  # ∂L/∂W5 = h4ᵀ ∂L/∂z5
    db5 = dz5.sum(axis=0)  # ∂L/∂b5 = Σ_n ∂L/∂z5
    dh4 = dz5 @ W5.T  # ∂L/∂h4 = ∂L/∂z5 W5ᵀ
    dz4 = dh4 * h4 * (1 - h4)  # ∂L/∂z4 = ∂L/∂h4 ⊙ h4 ⊙ (1 - h4)
    dW4 = h3.T @ dz4  # ∂L/∂W4 = h3ᵀ ∂L/∂z4
    db4 = dz4.sum(axis=0)  # ∂L/∂b4 = Σ_n ∂L/∂z4
    dh3 = dz4 @ W4.T  # ∂L/∂h3 = ∂L/∂z4 W4ᵀ
    dz3 = dh3 * h3 * (1 - h3)  # ∂L/∂z3 = ∂L/∂h3 ⊙ h3 ⊙ (1 - h3)
    dW3 = h2.T @ dz3  # ∂L/∂W3 = h2ᵀ ∂L/∂z3
    db3 = dz3.sum(axis=0)  # ∂L/∂b3 = Σ_n ∂L/∂z3
    dh2 = dz3 @ W3.T  # ∂L/∂h2 = ∂L/∂z3 W3ᵀ
    dz2 = dh2 * h2 * (1 - h2)  # ∂L/∂z2 = ∂L/∂h2 ⊙ h2 ⊙ (1 - h2)
    dW2 = h1.T @ dz2  # ∂L/∂W2 = h1ᵀ ∂L/∂z2
    db2 = dz2.sum(axis=0)  # ∂L/∂b2 = Σ_n ∂L/∂z2
    dh1 = dz2 @ W2.T  # ∂L/∂h1 = ∂L/∂z2 W2ᵀ
    dz1 = dh1 * h1 * (1 - h1)  # ∂L/∂z1 = ∂L/∂h1 ⊙ h1 ⊙ (1 - h1)
    dW1 = x.T @ dz1  # ∂L/∂W1 = xᵀ ∂L/∂z1
    db1 = dz1.sum(axis=0)  # ∂L/∂b1 = Σ_n ∂L/∂z1
    return {
        "W1": dW1,
        "b1": db1,
        "W2": dW2,
        "b2": db2,
        "W3": dW3,
        "b3": db3,
        "W4": dW4,
        "b4": db4,
        "W5": dW5,
        "b5": db5,
        "W6": dW6,
        "b6": db6,
        "W7": dW7,
        "b7": db7,
        "W8": dW8,
        "b8": db8,
        "W9": dW9,
        "b9": db9,
    }


def sigmoid(u):
    """1/(1 + exp(-u)), by the sign of u: nothing overflows."""
    e = np.exp(-np.abs(u))
    return np.where(u >= 0, 1, e) / (1 + e)


def forward(params, x, *, training=False, rng=None):
    """The output (n, 1) for a batch x (n, 1)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 1) against targets t (n, 1)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], t))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    _, cache = _forward(params, np.asarray(x), training, rng)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked("x", x, None, 1))


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
        "W1": rng.uniform(-1, 1, (1, 4)) * np.sqrt(6 / (1 + 4)),
        "b1": np.zeros(4),
        "W2": rng.uniform(-1, 1, (4, 4)) * np.sqrt(6 / (4 + 4)),
        "b2": np.zeros(4),
        "W3": rng.uniform(-1, 1, (4, 4)) * np.sqrt(6 / (4 + 4)),
        "b3": np.zeros(4),
        "W4": rng.uniform(-1, 1, (4, 4)) * np.sqrt(6 / (4 + 4)),
        "b4": np.zeros(4),
        "W5": rng.uniform(-1, 1, (4, 4)) * np.sqrt(6 / (4 + 4)),
        "b5": np.zeros(4),
        "W6": rng.uniform(-1, 1, (4, 4)) * np.sqrt(6 / (4 + 4)),
        "b6": np.zeros(4),
        "W7": rng.uniform(-1, 1, (4, 3)) * np.sqrt(6 / (4 + 3)),
        "b7": np.zeros(3),
        "W8": rng.uniform(-1, 1, (3, 2)) * np.sqrt(6 / (3 + 2)),
        "b8": np.zeros(2),
        "W9": rng.uniform(-1, 1, (2, 1)) * np.sqrt(6 / (2 + 1)),
        "b9": np.zeros(1),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=1500, learning_rate=0.02, batch_size=None,
          betas=(0.9, 0.999), eps=1e-08, seed=0, callback=None, resume=None):  # fmt: skip
    """Trains by Adam; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. Under each parameter's name, history keeps
    its moments."""
    params, history = resume or (params or init_params(seed), {"loss": [], "grad_norm": []})
    history = {key: list(values) for key, values in history.items()}
    dtype = params["W1"].dtype
    x, t = _checked("x", x, None, 1, dtype=dtype), _checked("t", t, len(x), 1, dtype=dtype)
    batch_size = batch_size or len(x)
    trained = [name for name in params if name not in BUFFERS]
    moments = {name: history.get(name) or [np.zeros_like(params[name])] * 2 for name in trained}
    for epoch in range(len(history["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
        params = dict(params)
        losses, norms = [], []
        batches = np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size))
        for step, rows in enumerate(batches, 1 + epoch * len(batches)):
            value, grads = loss_and_grads(params, x[rows], t[rows], training=True, rng=rng)
            losses.append(value * len(rows) / len(x))
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
            for name, gradient in grads.items():
                params[name], *moments[name] = _updated(
                    params[name], gradient, *moments[name], step, learning_rate, betas, eps
                )
        history["loss"].append(sum(losses))
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


def check_gradients(params, x, t, *, training=False, seed=0):
    """The error of each gradient against central differences in float64; wrong is above 1e-6."""
    params = {name: np.asarray(value, np.float64) for name, value in params.items()}
    _, grads = loss_and_grads(params, x, t)  # training makes no difference here
    largest = max(np.abs(a).max() for a in grads.values())
    steps, ks, errors = 0.1 ** np.arange(2, 5), (-2, -1, 1, 2), dict.fromkeys(params, 0.0)
    for name, param in params.items():
        for a, unit in zip(grads[name].flat, np.eye(param.size).reshape(-1, *param.shape)):
            losses = [loss(params | {name: param + k * h * unit}, x, t) for h in steps for k in ks]
            b = np.reshape(losses, (3, 4)) @ [1, -8, 8, -1] / (12 * steps)  # of 4th order
            noise = 1e-14 * (1 + np.abs(losses).max()) / steps  # rounding alone is no error
            scale = np.max(np.broadcast_arrays(abs(a), abs(b), 1e-4 * largest, 1e6 * noise), 0)
            errors[name] = max(errors[name], np.nan_to_num(abs(a - b) / scale, nan=np.inf).min())
    return errors


def save_params(path, params):
    """Writes a dict of arrays as .npz, without pickle."""
    with open(path, "wb") as file:
        np.savez(file, **params)


def load_params(path):
    """Reads what save_params wrote."""
    return dict(np.load(path, allow_pickle=False))


if __name__ == "__main__":
    # sine
    numbers = """
    -3.1416 -3.0419 -2.9421 -2.8424 -2.7427 -2.6429 -2.5432 -2.4435 -2.3437 -2.244 -2.1443 -2.0445
    -1.9448 -1.8451 -1.7453 -1.6456 -1.5459 -1.4461 -1.3464 -1.2467 -1.1469 -1.0472 -0.9475 -0.8477
    -0.748 -0.6483 -0.5485 -0.4488 -0.3491 -0.2493 -0.1496 -0.0499 0.0499 0.1496 0.2493 0.3491
    0.4488 0.5485 0.6483 0.748 0.8477 0.9475 1.0472 1.1469 1.2467 1.3464 1.4461 1.5459 1.6456 1.7453
    1.8451 1.9448 2.0445 2.1443 2.244 2.3437 2.4435 2.5432 2.6429 2.7427 2.8424 2.9421 3.0419 3.1416
    """
    x = np.array(numbers.split(), float).reshape(64, 1)
    numbers = """
    0 -0.0995 -0.1982 -0.2947 -0.3884 -0.4783 -0.5633 -0.6428 -0.7159 -0.7818 -0.84 -0.8899 -0.9309
    -0.9626 -0.9848 -0.9972 -0.9997 -0.9922 -0.9749 -0.9479 -0.9115 -0.866 -0.812 -0.7498 -0.6802
    -0.6038 -0.5214 -0.4339 -0.3421 -0.2467 -0.149 -0.0499 0.0499 0.149 0.2467 0.3421 0.4339 0.5214
    0.6038 0.6802 0.7498 0.812 0.866 0.9115 0.9479 0.9749 0.9922 0.9997 0.9972 0.9848 0.9626 0.9309
    0.8899 0.84 0.7818 0.7159 0.6428 0.5633 0.4783 0.3884 0.2947 0.1982 0.0995 0
    """
    t = np.array(numbers.split(), float).reshape(64, 1)
    few = x[::8], t[::8]
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(150, 1501, 150):
        run = train(x, t, epochs=epochs, resume=run)
        print(f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}")
