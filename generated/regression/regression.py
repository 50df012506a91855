"""A curve fitted under a loss written as a formula. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    n = len(x)
    z1 = x @ W1 + b1  # z1 = x W1 + b1
    h = np.tanh(z1)  # h = tanh(z1)
    y = h @ W2 + b2  # y = h W2 + b2
    return y, {"x": x, "h": h, "y": y, "n": n}


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    y = cache["y"]
    u = np.exp(t - y)  # u = exp(t - y)
    u2 = np.exp(y - t)  # u2 = exp(y - t)
    return np.log(0.5 * u2 + 0.5 * u).sum(axis=-1).mean()  # L = 1/N Σ_n Σ_j log(1/2 u2 + 1/2 u)


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    W2 = params["W2"]
    x, h, y, n = cache["x"], cache["h"], cache["y"], cache["n"]
    u = np.exp(t - y)  # u = exp(t - y)
    u2 = np.exp(y - t)  # u2 = exp(y - t)
    dy = (u2 - u) / (u2 + u) / n  # ∂L/∂y = 1/N (u2 - u) / (u2 + u)
    dW2 = h.T @ dy  # ∂L/∂W2 = hᵀ ∂L/∂y
    db2 = dy.sum(axis=0)  # ∂L/∂b2 = Σ_n ∂L/∂y
    dh = dy @ W2.T  # ∂L/∂h = ∂L/∂y W2ᵀ
    dz1 = dh * (1 - h**2)  # ∂L/∂z1 = ∂L/∂h ⊙ (1 - h²)
    dW1 = x.T @ dz1  # ∂L/∂W1 = xᵀ ∂L/∂z1
    db1 = dz1.sum(axis=0)  # ∂L/∂b1 = Σ_n ∂L/∂z1
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


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
        "W1": rng.uniform(-1, 1, (1, 16)) * np.sqrt(6 / (1 + 16)),
        "b1": np.zeros(16),
        "W2": rng.uniform(-1, 1, (16, 1)) * np.sqrt(6 / (16 + 1)),
        "b2": np.zeros(1),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=500, learning_rate=0.02, batch_size=32,
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
    for epochs in range(50, 501, 50):
        run = train(x, t, epochs=epochs, resume=run)
        print(f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}")
