"""Two networks whose forward, loss and backward were written by hand, to try the rest on."""

from __future__ import annotations

import types
from pathlib import Path

import jinja2

from symbp.language.spec import Train
from symbp.writers.interface import Interface, Output, Parameter
from symbp.writers.training import training_sections

TEMPLATES = Path(__file__).parents[2] / "templates"

ARTICLE = Interface(
    input_shape=(2,),
    outputs=(Output("t", (1,)),),
    parameters=(
        Parameter("W1", (2, 3)),
        Parameter("b1", (3,)),
        Parameter("W2", (3, 1)),
        Parameter("b2", (1,)),
    ),
    reduction="sum",
    smooth=True,
)
ARTICLE_CORE = """
def _forward(params, x, training, rng):
    h = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    y = 1 / (1 + np.exp(-(h @ params["W2"] + params["b2"])))
    return y, {"x": x, "W2": params["W2"], "h": h, "y": y}


def _loss(params, cache, t):
    return 0.5 * np.sum((cache["y"] - t) ** 2)


def _backward(params, cache, t):
    x, W2, h, y = (cache[name] for name in ("x", "W2", "h", "y"))
    dz2 = (y - t) * y * (1 - y)
    dz1 = (dz2 @ W2.T) * h * (1 - h)
    return {"W1": x.T @ dz1, "b1": dz1.sum(0), "W2": h.T @ dz2, "b2": dz2.sum(0)}
"""

# dense 3-4, batchnorm, relu, dropout 0.5, dense 4-3, softmax, cross-entropy (mean)
CLASSES = Interface(
    input_shape=(3,),
    outputs=(Output("t", (3,), classes="one_hot"),),
    parameters=(
        Parameter("W1", (3, 4)),
        Parameter("gamma2", (4,), init="ones"),
        Parameter("beta2", (4,)),
        Parameter("W3", (4, 3), init="he_normal"),
        Parameter("b3", (3,)),
    ),
    buffers=(Parameter("running_mean2", (4,)), Parameter("running_var2", (4,), init="ones")),
    dropout=True,
    prepares_targets=True,
)
CLASSES_CORE = """
def _targets(t):
    t = np.asarray(t)
    return np.eye(3)[t] if t.ndim == 1 else t


def _forward(params, x, training, rng):
    z = x @ params["W1"]
    mean, variance = params["running_mean2"], params["running_var2"]
    if training:
        mean, variance = z.mean(0), z.var(0)
    root = np.sqrt(variance + 1e-5)
    scaled = (z - mean) / root
    a = scaled * params["gamma2"] + params["beta2"]
    mask = (rng.random(a.shape) >= 0.5).astype(a.dtype) / 0.5 if training else np.ones_like(a)
    h = np.maximum(a, 0) * mask
    u = h @ params["W3"] + params["b3"]
    e = np.exp(u - u.max(1, keepdims=True))
    y = e / e.sum(1, keepdims=True)
    cache = {"x": x, "mean": mean, "variance": variance, "root": root, "scaled": scaled, "a": a}
    return y, cache | {"mask": mask, "h": h, "y": y, "training": training}


def _loss(params, cache, t):
    return -np.mean(np.sum(t * np.log(cache["y"]), axis=1))


def _backward(params, cache, t):
    x, h, root, scaled = (cache[name] for name in ("x", "h", "root", "scaled"))
    du = (cache["y"] - t) / len(t)
    da = du @ params["W3"].T * cache["mask"] * (cache["a"] > 0)
    ds = da * params["gamma2"]
    if cache["training"]:
        ds = ds - ds.mean(0) - scaled * np.mean(ds * scaled, axis=0)
    return {
        "W1": x.T @ (ds / root),
        "gamma2": np.sum(da * scaled, axis=0),
        "beta2": da.sum(0),
        "W3": h.T @ du,
        "b3": du.sum(0),
    }


def _updated_buffers(params, cache):
    n = len(cache["x"])
    unbiased = cache["variance"] * n / max(n - 1, 1)
    return {
        "running_mean2": 0.9 * params["running_mean2"] + 0.1 * cache["mean"],
        "running_var2": 0.9 * params["running_var2"] + 0.1 * unbiased,
    }
"""


# tokens below 5, three a sample; embedding 5-2 summed over time, relu, two outputs: a softmax-free
# regression a (2,) under mse, and b (1,) under hinge; losses are means over the batch
SEVERAL = Interface(
    input_shape=(3,),
    vocabulary=5,
    outputs=(Output("ta", (2,), source="a"), Output("tb", (1,), classes="sign", source="b")),
    parameters=(Parameter("E1", (5, 4)), Parameter("W2", (4, 2)), Parameter("W3", (4, 1))),
)
SEVERAL_CORE = """
def _forward(params, x, training, rng):
    z = params["E1"][x].sum(1)
    h = np.maximum(z, 0)
    y = {"a": h @ params["W2"], "b": h @ params["W3"]}
    return y, {"x": x, "z": z, "h": h, "params": params} | y


def _loss(params, cache, t):
    a = 0.5 * np.sum((cache["a"] - t["ta"]) ** 2, axis=1)
    return np.mean(a) + np.mean(np.maximum(0, 1 - t["tb"] * cache["b"]))


def _backward(params, cache, t):
    n, h = len(cache["x"]), cache["h"]
    da = (cache["a"] - t["ta"]) / n
    db = -t["tb"] * (t["tb"] * cache["b"] < 1) / n
    dz = (da @ params["W2"].T + db @ params["W3"].T) * (cache["z"] > 0)
    dE = np.zeros_like(params["E1"])
    np.add.at(dE, cache["x"], dz[:, None])
    return {"E1": dE, "W2": h.T @ da, "W3": h.T @ db}
"""

# dense 2-150, relu, sum: a first parameter of 300 entries, with a kink at x = 0 and b = 0
KINKS = Interface(
    input_shape=(2,),
    outputs=(Output("t", (1,)),),
    parameters=(Parameter("W1", (2, 150)), Parameter("b1", (150,)), Parameter("W2", (150, 1))),
)
KINKS_CORE = """
def _forward(params, x, training, rng):
    z = x @ params["W1"] + params["b1"]
    h = np.maximum(z, 0)
    y = h @ params["W2"]
    return y, {"x": x, "z": z, "h": h, "y": y}


def _loss(params, cache, t):
    return 0.5 * np.mean(np.sum((cache["y"] - t) ** 2, axis=1))


def _backward(params, cache, t):
    dy = (cache["y"] - t) / len(t)
    dz = (dy @ params["W2"].T) * (cache["z"] > 0)
    return {"W1": cache["x"].T @ dz, "b1": dz.sum(0), "W2": cache["h"].T @ dy}
"""

# a tanh, which has nothing to train
NOTHING = Interface(input_shape=(2,), outputs=(Output("t", (2,)),), parameters=(), smooth=True)
NOTHING_CORE = """
def _forward(params, x, training, rng):
    y = np.tanh(x)
    return y, {"y": y}


def _loss(params, cache, t):
    return 0.5 * np.sum((cache["y"] - t) ** 2)


def _backward(params, cache, t):
    return {}
"""


def module_text(net: Interface, core: str, train: Train, data=None, **options) -> str:
    """The generated module around a core, laid out by the templates."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    layout = (
        '"""A module."""\n\n'
        '{% include "numpy/imports.jinja" %}\n\n\n'
        '{{ core[1:] }}\n\n{% include "numpy/training.jinja" %}'
    )
    sections = training_sections(net, train, data, **options)
    return environment.from_string(layout).render(core=core, **sections)


def module(net: Interface, core: str, train: Train, data=None, **options) -> types.ModuleType:
    """The same, imported."""
    made = types.ModuleType("generated")
    text = module_text(net, core, train, data, **options)
    exec(compile(text, "generated.py", "exec"), vars(made))
    return made
