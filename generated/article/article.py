"""Two layers of sigmoid neurons learn XOR. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    z1 = x @ W1 + b1  # z1 = x W1 + b1
    h = sigmoid(z1)  # h = σ(z1)
    z2 = h @ W2 + b2  # z2 = h W2 + b2
    y = sigmoid(z2)  # y = σ(z2)
    return y, {"x": x, "h": h, "y": y}


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    y = cache["y"]
    return 0.5 * ((y - t) ** 2).sum()  # L = 1/2 Σ_nj (y - t)²


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    W2 = params["W2"]
    x, h, y = cache["x"], cache["h"], cache["y"]
    dy = y - t  # ∂L/∂y = y - t
    dz2 = dy * y * (1 - y)  # ∂L/∂z2 = ∂L/∂y ⊙ y ⊙ (1 - y)
    dW2 = h.T @ dz2  # ∂L/∂W2 = hᵀ ∂L/∂z2
    db2 = dz2.sum(axis=0)  # ∂L/∂b2 = Σ_n ∂L/∂z2
    dh = dz2 @ W2.T  # ∂L/∂h = ∂L/∂z2 W2ᵀ
    dz1 = dh * h * (1 - h)  # ∂L/∂z1 = ∂L/∂h ⊙ h ⊙ (1 - h)
    dW1 = x.T @ dz1  # ∂L/∂W1 = xᵀ ∂L/∂z1
    db1 = dz1.sum(axis=0)  # ∂L/∂b1 = Σ_n ∂L/∂z1
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def sigmoid(u):
    """1/(1 + exp(-u)), by the sign of u: nothing overflows."""
    e = np.exp(-np.abs(u))
    return np.where(u >= 0, 1, e) / (1 + e)


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
        "W1": rng.uniform(-1, 1, (2, 3)) * np.sqrt(6 / (2 + 3)),
        "b1": np.zeros(3),
        "W2": rng.uniform(-1, 1, (3, 1)) * np.sqrt(6 / (3 + 1)),
        "b2": np.zeros(1),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=5000, learning_rate=0.5, batch_size=4, seed=0,
          callback=None, resume=None):  # fmt: skip
    """Trains by gradient descent; returns (params, history), a pair that resume goes on from.
    callback(epoch, params, history) stops the run by returning True."""
    params, history = resume or (params or init_params(seed), {"loss": [], "grad_norm": []})
    history = {key: list(values) for key, values in history.items()}
    dtype = params["W1"].dtype
    x, t = _checked("x", x, None, 2, dtype=dtype), _checked("t", t, len(x), 1, dtype=dtype)
    batch_size = batch_size or len(x)
    for epoch in range(len(history["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
        losses, norms = [], []
        for rows in np.split(rng.permutation(len(x)), range(batch_size, len(x), batch_size)):
            value, grads = loss_and_grads(params, x[rows], t[rows], training=True, rng=rng)
            losses.append(value)
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
            params = params | {name: params[name] - learning_rate * grads[name] for name in grads}
        history["loss"].append(sum(losses))
        history["grad_norm"].append(sum(norms) / len(norms))
        if callback and callback(epoch, params, history):
            break
    return params, history


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
    x, t = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])  # xor
    for name, error in check_gradients(init_params(), x, t).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(500, 5001, 500):
        run = train(x, t, epochs=epochs, resume=run)
        print(f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}")
