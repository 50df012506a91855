"""A detector names and finds squares, discs and crosses. Written by symbp.

Behind each line stands its formula; rows are samples, ⊙ multiplies entry by entry."""

import math
from pathlib import Path

import numpy as np

BUFFERS = ()


def _forward(params, x, training, rng):
    """The output, and what the backward pass reads."""
    K1, b1, K2, b2, W3 = params["K1"], params["b1"], params["K2"], params["b2"], params["W3"]
    b3, W4, b4, W5, b5 = params["b3"], params["W4"], params["b4"], params["W5"], params["b5"]
    n = len(x)
    x_pad1 = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))  # x_pad1[n,c,i+1,j+1] = x[n,c,i,j], else 0
    # z1[n,f,p,q] = Σ_cuv K1[f,c,u,v] x_pad1[n,c,p+u,q+v] + b1[f]
    z1 = np.zeros((len(x), 8, 12, 12), dtype=b1.dtype)
    for u, v in np.ndindex(3, 3):
        z1 += (K1[:, :, u, v] @ x_pad1[:, :, u : u + 12, v : v + 12].reshape(-1, 1, 144)).reshape(
            -1, 8, 12, 12
        )
    z1 += b1[:, None, None]
    a1 = relu(z1)  # a1[n,c] = relu(z1[n,c])
    # mask1[n,c,p,q,u,v] = [(u, v) = argmax a1[n,c,2p+u,2q+v]]
    mask1 = first_max(
        np.lib.stride_tricks.sliding_window_view(a1, (2, 2), axis=(2, 3))[:, :, :11:2, :11:2],
        axis=(4, 5),
    )
    # p1[n,c,p,q] = max_uv a1[n,c,2p+u,2q+v]
    p1 = np.lib.stride_tricks.sliding_window_view(a1, (2, 2), axis=(2, 3))[:, :, :11:2, :11:2].max(
        axis=(4, 5)
    )
    # x_pad2[n,c,i+1,j+1] = p1[n,c,i,j], else 0
    x_pad2 = np.pad(p1, ((0, 0), (0, 0), (1, 1), (1, 1)))
    # z2[n,f,p,q] = Σ_cuv K2[f,c,u,v] x_pad2[n,c,p+u,q+v] + b2[f]
    z2 = np.zeros((len(x), 16, 6, 6), dtype=b2.dtype)
    for u, v in np.ndindex(3, 3):
        z2 += (K2[:, :, u, v] @ x_pad2[:, :, u : u + 6, v : v + 6].reshape(-1, 8, 36)).reshape(
            -1, 16, 6, 6
        )
    z2 += b2[:, None, None]
    a2 = relu(z2)  # a2[n,c] = relu(z2[n,c])
    # mask2[n,c,p,q,u,v] = [(u, v) = argmax a2[n,c,2p+u,2q+v]]
    mask2 = first_max(
        np.lib.stride_tricks.sliding_window_view(a2, (2, 2), axis=(2, 3))[:, :, :5:2, :5:2],
        axis=(4, 5),
    )
    # p2[n,c,p,q] = max_uv a2[n,c,2p+u,2q+v]
    p2 = np.lib.stride_tricks.sliding_window_view(a2, (2, 2), axis=(2, 3))[:, :, :5:2, :5:2].max(
        axis=(4, 5)
    )
    f2 = p2.reshape(-1, 144)  # f2[n,(a,b,c)] = p2[n,a,b,c]
    z3 = f2 @ W3 + b3  # z3 = f2 W3 + b3
    h = relu(z3)  # h = relu(z3)
    z4 = h @ W4 + b4  # z4 = h W4 + b4
    u4 = np.exp(z4 - z4.max(axis=-1, keepdims=True))  # u4 = exp(z4)
    s4 = u4.sum(axis=-1)  # s4 = Σ_k u4
    p = u4 / s4[:, None]  # p = u4 / s4
    corners = h @ W5 + b5  # corners = h W5 + b5
    cache = {
        "z1": z1,
        "x_pad1": x_pad1,
        "a1": a1,
        "mask1": mask1,
        "z2": z2,
        "x_pad2": x_pad2,
        "a2": a2,
        "mask2": mask2,
        "f2": f2,
        "z3": z3,
        "h": h,
        "z4": z4,
        "p": p,
        "corners": corners,
        "n": n,
    }
    return {"p": p, "corners": corners}, cache


def _loss(params, cache, t):
    """The loss of the outputs in the cache."""
    z4, corners = cache["z4"], cache["corners"]
    kind, box = t["kind"], t["box"]
    p_max = z4.max(axis=-1)  # p_max = max_k z4
    p_sum = np.exp(z4 - p_max[:, None]).sum(axis=-1)  # p_sum = Σ_k exp(z4 - p_max)
    log_p = z4 - p_max[:, None] - np.log(p_sum[:, None])  # log_p = z4 - p_max - log(p_sum)
    loss_kind = -(kind * log_p).sum(axis=-1).mean()  # loss_kind = -1/N Σ_n Σ_k kind ⊙ log(p)
    # loss_box = 10 1/N Σ_n Σ_j (corners - box)²
    loss_box = 10 * ((corners - box) ** 2).sum(axis=-1).mean()
    return loss_kind + loss_box  # L = loss_kind + loss_box


def _backward(params, cache, t):
    """The gradient of the loss by every parameter, from the output back to the input."""
    K1, K2, W3, W4, W5 = params["K1"], params["K2"], params["W3"], params["W4"], params["W5"]
    z1, x_pad1, a1, mask1 = cache["z1"], cache["x_pad1"], cache["a1"], cache["mask1"]
    z2, x_pad2, a2, mask2 = cache["z2"], cache["x_pad2"], cache["a2"], cache["mask2"]
    f2, z3, h, p, corners = cache["f2"], cache["z3"], cache["h"], cache["p"], cache["corners"]
    n = cache["n"]
    kind, box = t["kind"], t["box"]
    dcorners = 20 * (corners - box) / n  # ∂L/∂corners = 20/N (corners - box)
    dW5 = h.T @ dcorners  # ∂L/∂W5 = hᵀ ∂L/∂corners
    db5 = dcorners.sum(axis=0)  # ∂L/∂b5 = Σ_n ∂L/∂corners
    dz4 = (p - kind) / n  # ∂L/∂z4 = 1/N (p - kind)
    dW4 = h.T @ dz4  # ∂L/∂W4 = hᵀ ∂L/∂z4
    db4 = dz4.sum(axis=0)  # ∂L/∂b4 = Σ_n ∂L/∂z4
    dh = dcorners @ W5.T + dz4 @ W4.T  # ∂L/∂h = ∂L/∂corners W5ᵀ + ∂L/∂z4 W4ᵀ
    dz3 = dh * (z3 > 0)  # ∂L/∂z3 = ∂L/∂h ⊙ [z3 > 0]
    dW3 = f2.T @ dz3  # ∂L/∂W3 = f2ᵀ ∂L/∂z3
    db3 = dz3.sum(axis=0)  # ∂L/∂b3 = Σ_n ∂L/∂z3
    df2 = dz3 @ W3.T  # ∂L/∂f2 = ∂L/∂z3 W3ᵀ
    dp2 = df2.reshape(-1, 16, 3, 3)  # ∂L/∂p2[n,a,b,c] = ∂L/∂f2[n,(a,b,c)]
    da2 = np.zeros_like(a2)  # ∂L/∂a2[n,c,2p+u,2q+v] = ∂L/∂p2[n,c,p,q] mask2[n,c,p,q,u,v]
    for u, v in np.ndindex(2, 2):
        da2[:, :, u : u + 5 : 2, v : v + 5 : 2] += dp2 * mask2[:, :, :, :, u, v]
    dz2 = da2 * (z2 > 0)  # ∂L/∂z2[n,c] = ∂L/∂a2[n,c] ⊙ [z2[n,c] > 0]
    dx_pad2 = np.zeros_like(x_pad2)  # ∂L/∂x_pad2[n,c,p+u,q+v] = Σ_f ∂L/∂z2[n,f,p,q] K2[f,c,u,v]
    for u, v in np.ndindex(3, 3):
        dx_pad2[:, :, u : u + 6, v : v + 6] += (K2[:, :, u, v].T @ dz2.reshape(-1, 16, 36)).reshape(
            -1, 8, 6, 6
        )
    dK2 = np.zeros_like(K2)  # ∂L/∂K2[f,c,u,v] = Σ_npq ∂L/∂z2[n,f,p,q] x_pad2[n,c,p+u,q+v]
    for u, v in np.ndindex(3, 3):
        dK2[:, :, u, v] += np.tensordot(
            dz2, x_pad2[:, :, u : u + 6, v : v + 6], axes=([0, 2, 3], [0, 2, 3])
        )
    db2 = dz2.sum(axis=(0, 2, 3))  # ∂L/∂b2[f] = Σ_npq ∂L/∂z2[n,f]
    dp1 = dx_pad2[:, :, 1:7, 1:7]  # ∂L/∂p1[n,c,i,j] = ∂L/∂x_pad2[n,c,i+1,j+1]
    da1 = np.zeros_like(a1)  # ∂L/∂a1[n,c,2p+u,2q+v] = ∂L/∂p1[n,c,p,q] mask1[n,c,p,q,u,v]
    for u, v in np.ndindex(2, 2):
        da1[:, :, u : u + 11 : 2, v : v + 11 : 2] += dp1 * mask1[:, :, :, :, u, v]
    dz1 = da1 * (z1 > 0)  # ∂L/∂z1[n,c] = ∂L/∂a1[n,c] ⊙ [z1[n,c] > 0]
    dK1 = np.zeros_like(K1)  # ∂L/∂K1[f,c,u,v] = Σ_npq ∂L/∂z1[n,f,p,q] x_pad1[n,c,p+u,q+v]
    for u, v in np.ndindex(3, 3):
        dK1[:, :, u, v] += np.tensordot(
            dz1, x_pad1[:, :, u : u + 12, v : v + 12], axes=([0, 2, 3], [0, 2, 3])
        )
    db1 = dz1.sum(axis=(0, 2, 3))  # ∂L/∂b1[f] = Σ_npq ∂L/∂z1[n,f]
    return {
        "K1": dK1,
        "b1": db1,
        "K2": dK2,
        "b2": db2,
        "W3": dW3,
        "b3": db3,
        "W4": dW4,
        "b4": db4,
        "W5": dW5,
        "b5": db5,
    }


def _targets(t):
    """Class labels as rows of probabilities."""
    return {**t, "kind": _one_hot(t["kind"], 3, 2)}


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
    """The outputs for a batch x (n, 1, 12, 12), a dict: p (n, 3), corners (n, 4)."""
    return _forward(params, np.asarray(x), training, rng)[0]


def loss(params, x, t, *, training=False, rng=None):
    """The loss of a batch x (n, 1, 12, 12) against the targets, a dict: kind (n, 3), box (n, 4)."""
    return float(_loss(params, _forward(params, np.asarray(x), training, rng)[1], _targets(t)))


def loss_and_grads(params, x, t, *, training=False, rng=None):
    """The loss, and the dict of its gradients, one for each trained parameter."""
    cache, t = _forward(params, np.asarray(x), training, rng)[1], _targets(t)
    return float(_loss(params, cache, t)), _backward(params, cache, t)


def predict(params, x):
    """The output for an x that is checked first."""
    return forward(params, _checked("x", x, None, 1, 12, 12))


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
        "K1": rng.uniform(-1, 1, (8, 1, 3, 3)) * np.sqrt(6 / (9 + 72)),
        "b1": np.zeros(8),
        "K2": rng.uniform(-1, 1, (16, 8, 3, 3)) * np.sqrt(6 / (72 + 144)),
        "b2": np.zeros(16),
        "W3": rng.uniform(-1, 1, (144, 32)) * np.sqrt(6 / (144 + 32)),
        "b3": np.zeros(32),
        "W4": rng.uniform(-1, 1, (32, 3)) * np.sqrt(6 / (32 + 3)),
        "b4": np.zeros(3),
        "W5": rng.uniform(-1, 1, (32, 4)) * np.sqrt(6 / (32 + 4)),
        "b5": np.zeros(4),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def train(x, t, *, params=None, epochs=40, learning_rate=0.005, batch_size=8,
          betas=(0.9, 0.999), eps=1e-08, held_out=0.25, seed=0, callback=None,
          resume=None):  # fmt: skip
    """Trains by Adam; returns (params, history), a pair that resume goes on from. callback(epoch,
    params, history) stops the run by returning True. history also lists held_out_loss and
    accuracy, of the held-out part. Under each parameter's name, history keeps its moments."""
    start = {"loss": [], "held_out_loss": [], "accuracy": [], "grad_norm": []}
    params, history = resume or (params or init_params(seed), start)
    history = {key: list(values) for key, values in history.items()}
    dtype = params["K1"].dtype
    x = _checked("x", x, None, 1, 12, 12, dtype=dtype)
    t = _targets(_named(t, "kind", "box"))
    t = {
        "kind": _checked("kind", t["kind"], len(x), 3, dtype=dtype),
        "box": _checked("box", t["box"], len(x), 4, dtype=dtype),
    }
    kept, held = _split(t["kind"].argmax(-1), held_out, seed)
    x_held, t_held = x[held], _rows(t, held)
    x, t = x[kept], _rows(t, kept)
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
            batch = _rows(t, rows)
            _, cache = _forward(params, x[rows], True, rng)
            value, grads = float(_loss(params, cache, batch)), _backward(params, cache, batch)
            losses.append(value * len(rows) / len(x))
            norms.append(float(np.sqrt(sum(np.vdot(g, g) for g in grads.values()))))
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
    return learning_rate * (1 + math.cos(math.pi * min(epoch / 40, 1))) / 2


def _split(labels, held_out, seed):
    """The rows to train on and those to hold out, each label in both with its share."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    count = round(held_out * len(labels))
    if not 0 < count < len(labels):
        raise ValueError(f"held_out = {held_out} takes {count} of {len(labels)} samples")
    held = order[(2 * np.arange(count) + 1) * len(labels) // (2 * count)]
    return np.setdiff1d(order, held), held


def _named(t, *names):
    """The targets, which must be a dict with these names."""
    if not isinstance(t, dict) or not set(names) <= set(t):
        found = ", ".join(t) if isinstance(t, dict) else type(t).__name__
        raise ValueError(f"t holds {found or 'nothing'}; expected a dict of {', '.join(names)}")
    return t


def _rows(t, rows):
    """Some rows of every target."""
    return {name: values[rows] for name, values in t.items()}


def _accuracy(y, t):
    """The share of samples whose class is right."""
    return float(np.mean(y["p"].argmax(-1) == t["kind"].argmax(-1)))


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
    # shapes
    file = Path(__file__).with_name("detector_data.npz")
    with np.load(file, allow_pickle=False) as data:
        x = data["x"].astype(float)
        t = {
            "kind": data["t.kind"].astype(float),
            "box": data["t.box"].astype(float),
        }
    few = x[::75], {name: values[::75] for name, values in t.items()}
    for name, error in check_gradients(init_params(), *few).items():
        print(f"gradient of {name}: error {error:.1e}")
        if not error <= 1e-6:
            raise SystemExit(f"the gradient of {name} is wrong")
    run = None
    for epochs in range(4, 41, 4):
        run = train(x, t, epochs=epochs, resume=run)
        print(
            f"epoch {epochs}: loss {run[1]['loss'][-1]:.6f}",
            f"held out {run[1]['held_out_loss'][-1]:.6f}",
            f"accuracy {run[1]['accuracy'][-1]:.1%}",
            sep=", ",
        )
