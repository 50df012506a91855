"""A network's generated module, run on a sample of its own: what every test of a layer asks of it."""

from __future__ import annotations

import copy
import json
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

import symbp
from symbp.proof.module import load

Table = dict[str, Any]
TOLERANCE = 1e-6  # of central differences


def network(*layers: Table, shape: tuple[int, ...] = (4,), **more: Any) -> Table:
    """The tables of a network; half a squared error unless ``loss`` or ``output`` says otherwise."""
    if "output" not in more:
        more.setdefault("loss", {"formula": "(y - t)**2/2 + 0.3*y*t"})
    return {"name": "net", "input": {"shape": list(shape)}, "layer": list(layers), **more}


def dense(units: int, activation: str | None = None, **more: Any) -> Table:
    table: Table = {"type": "dense", "units": units, **more}
    return table | ({"activation": activation} if activation else {})


def formula(text: str, **more: Any) -> Table:
    return {"type": "formula", "formula": text, **more}


@cache
def _module(text: str, dtype: str) -> ModuleType:
    return load(symbp.generate(symbp.Network(**json.loads(text)), dtype=dtype), "net")


def module_of(tables: Table, dtype: str = "float64") -> ModuleType:
    return _module(json.dumps(tables), dtype)


def functions(tables: Table) -> str:
    """The lines of ``_forward``, ``_loss`` and ``_backward``."""
    source = symbp.generate(symbp.Network(**tables))
    return source[source.index("def _forward") : source.index("\ndef forward")]


def lines(tables: Table) -> list[str]:
    """Their statements, without formulas and indentation."""
    return [line.partition("  #")[0].strip() for line in functions(tables).splitlines()]


def sample(module: ModuleType, tables: Table, seed: int = 0) -> tuple[Any, np.ndarray, Any]:
    """Parameters off their initial values, a batch of three, and targets."""
    rng = np.random.default_rng(seed)
    start = module.init_params(seed)
    params = {k: np.asarray(v + 0.3 * rng.normal(size=np.shape(v))) for k, v in start.items()}
    for name in params:
        if name.startswith("running_var"):
            params[name] = rng.uniform(0.5, 2, params[name].shape)
    x = rng.normal(size=(3, *tables["input"]["shape"]))
    y = module.forward(params, x)
    if isinstance(y, dict):
        targets = {o["target"]: (o["loss"], y[o["from"]]) for o in tables["output"]}
        return params, x, {name: target(*pair, rng) for name, pair in targets.items()}
    return params, x, target(tables["loss"], y, rng)


def target(loss: Table, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    kind = loss.get("type")
    if kind == "cross_entropy" or "log(y[" in loss.get("formula", ""):
        return rng.dirichlet(np.ones(y.shape[-1]), size=y.shape[:-1])
    if kind == "binary_cross_entropy":
        return rng.uniform(0.1, 0.9, size=y.shape)
    if kind == "hinge":
        return rng.choice([-1.0, 1.0], size=y.shape)
    return rng.normal(size=y.shape)


def gradients_hold(tables: Table) -> None:
    """Central differences agree in training and out of it, in float64; float32 stays float32."""
    module = module_of(tables)
    params, x, t = sample(module, tables)
    for training in (False, True):
        errors = module.check_gradients(params, x, t, training=training)
        assert max(errors.values()) < TOLERANCE, (training, errors)
    single = module_of(tables, "float32")
    few = {name: value.astype(np.float32) for name, value in params.items()}
    _, grads = single.loss_and_grads(few, x.astype(np.float32), _single(t))
    assert {name: g.dtype for name, g in grads.items()} == dict.fromkeys(grads, np.float32)


def nothing_is_changed(tables: Table) -> None:
    """Arguments and cache survive a backward pass, and gradients own their memory."""
    module = module_of(tables)
    params, x, t = sample(module, tables)
    kept = copy.deepcopy((params, x, t))
    for training in (False, True):
        rng = np.random.default_rng(0)
        _, grads = module.loss_and_grads(params, x, t, training=training, rng=rng)
        cache = module._forward(params, x, training, np.random.default_rng(0))[1]
        before = copy.deepcopy(cache)
        targets = module._targets(t) if hasattr(module, "_targets") else t
        for again in (module._backward(params, cache, targets) for _ in range(2)):
            np.testing.assert_equal(again, grads)
        np.testing.assert_equal(cache, before)
        for name, gradient in grads.items():
            gradient = np.asarray(gradient)
            assert gradient.ndim == 0 or gradient.flags.writeable, name
            assert gradient.shape == params[name].shape, name
            assert not any(np.shares_memory(gradient, p) for p in params.values()), name
    np.testing.assert_equal((params, x, t), kept)


def agrees_with_the_peer(tables: Table) -> None:
    """Output, loss and every gradient, against PyTorch's in float64."""
    from tests.peer.torch_network import evaluate

    module = module_of(tables)
    params, x, t = sample(module, tables)
    for training in (False, True):
        expected = evaluate(tables, params, x, t, training=training)
        rng = np.random.default_rng(0)
        value, grads = module.loss_and_grads(params, x, t, training=training, rng=rng)
        y = module.forward(params, x, training=training, rng=np.random.default_rng(0))
        np.testing.assert_allclose(value, expected.loss, rtol=1e-10, atol=1e-12)
        for mine, theirs in zip(_list(y), _list(expected.outputs), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-11)
        assert grads.keys() == expected.grads.keys()
        largest = max(np.abs(g).max() for g in expected.grads.values())
        for name, gradient in expected.grads.items():
            np.testing.assert_allclose(grads[name], gradient, rtol=0, atol=1e-10 * largest)


def _list(outputs: Any) -> list[np.ndarray]:
    return list(outputs.values()) if isinstance(outputs, dict) else [outputs]


def _single(t: Any) -> Any:
    if isinstance(t, dict):
        return {name: _single(value) for name, value in t.items()}
    return t.astype(np.float32)
