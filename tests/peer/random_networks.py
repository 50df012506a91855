"""Hypothesis strategies that draw small random networks, and data that suits them."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from tests.peer import random_formulas
from tests.peer.torch_functions import ACTIVATIONS, KINKS
from tests.peer.torch_network import (
    evaluate,
    kink_distance,
    parameter_shapes,
    value_shapes,
)

Table = dict[str, Any]
Shape = tuple[int, ...]
Sample = tuple[dict[str, np.ndarray], np.ndarray, Any]

FORMULA_ACTIVATIONS = ("x*sigmoid(1.7*x)", "tanh(x)**3 + x/2", "exp(-x**2)", "sin(x)/(2 + cos(x))")
MAX_ENTRIES = 60  # of one sample, anywhere


class _Network:
    """Grows a network layer by layer; every method appends to ``layers``."""

    def __init__(self, random: Random, smooth: bool) -> None:
        self.random, self.smooth = random, smooth
        rank = self.pick(1, 1, 2, 3)
        self.input = {"shape": [self.size() for _ in range(rank)]}
        self.layers: list[Table] = []
        self.names = 0

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def size(self) -> int:
        return self.pick(3, 2, 4, 5)

    @property
    def shape(self) -> Shape:
        return value_shapes({"input": self.input, "layer": self.layers})[None]

    def name(self) -> str:
        """A name for the value so far: that of its layer, or of the input."""
        if not self.layers:
            return "x"
        if "name" not in self.layers[-1]:
            self.names += 1
            self.layers[-1]["name"] = f"v{self.names}"
        return self.layers[-1]["name"]

    def activation(self) -> str:
        names = [
            n for n in (*ACTIVATIONS, *FORMULA_ACTIVATIONS) if not self.smooth or n not in KINKS
        ]
        return self.pick(*names)

    # -- layers that keep the shape ------------------------------------------------------------

    def keeping(self, shape: Shape, nesting: int) -> Table:
        """One layer that keeps the shape, maybe with such layers inside."""
        kinds = ["dense", "activation", "formula", "dropout"]
        kinds += ["layernorm", "rmsnorm"] * (shape[-1] >= 3)
        kinds += ["batchnorm"] * (len(shape) in (1, 3))
        kinds += ["residual", "repeat", "repeat"] * (nesting > 0)
        match self.pick(*kinds):
            case "dense":
                return self.dense(shape[-1])
            case "activation":
                return {"type": "activation", "function": self.activation()}
            case "formula":
                fitting = [f for f in random_formulas.LAYERS if f.keeps_shape]
                return self.pick(*(f for f in fitting if f.takes(shape, self.smooth))).table()
            case "dropout":
                return {"type": "dropout", "rate": self.pick(0.25, 0.0)}
            case "residual":
                return {"type": "residual", "layers": self.body(shape, nesting)}
            case "repeat":
                times = self.pick(2, 3, 1)
                return {"type": "repeat", "times": times, "layers": self.body(shape, nesting)}
            case norm:
                eps = {"eps": 1e-3} if self.pick(True, False) else {}
                return {"type": norm, **eps}

    def body(self, shape: Shape, nesting: int) -> list[Table]:
        """Layers of a residual or a repeat; sometimes one shares the weights of another."""
        layers = [self.keeping(shape, nesting - 1) for _ in range(self.pick(1, 2, 3))]
        if self.pick(False, False, True):
            self.names += 1
            owner = {**self.dense(shape[-1]), "name": f"s{self.names}"}
            layers = [owner, *layers, self.sharing(owner)]
        return layers

    def dense(self, units: int) -> Table:
        table: Table = {"type": "dense", "units": units}
        if self.pick(False, False, True):
            table["bias"] = False
        if self.pick(True, False):
            table["activation"] = self.activation()
        return table

    def sharing(self, owner: Table) -> Table:
        shapes: Table = {key: owner[key] for key in ("units", "bias") if key in owner}
        return {"type": "dense", **shapes, "share": owner["name"], "activation": self.activation()}

    # -- steps ---------------------------------------------------------------------------------

    def step(self) -> None:
        self.pick(
            self.one_layer, self.one_layer, self.any_dense, self.formula, self.fold, self.branch,
            self.squash, self.shared,
        )()  # fmt: skip

    def one_layer(self) -> None:
        self.layers.append(self.keeping(self.shape, nesting=2))

    def any_dense(self) -> None:
        self.layers.append(self.dense(self.size()))

    def formula(self) -> None:
        fitting = [f for f in random_formulas.LAYERS if f.takes(self.shape, self.smooth)]
        self.layers.append(self.pick(*fitting).table())

    def fold(self) -> None:
        """A reshape to another rank, a flatten."""
        shape = self.shape
        foldings: list[Table] = [{"type": "flatten"}]
        if len(shape) > 1:
            foldings.append({"type": "reshape", "shape": [math.prod(shape[:-1]), shape[-1]]})
            foldings.append({"type": "reshape", "shape": list(reversed(shape))})
        elif shape[0] % 2 == 0:
            foldings.append({"type": "reshape", "shape": [2, shape[0] // 2]})
        self.layers.append(self.pick(*foldings))

    def branch(self) -> None:
        """A second path from here, or from the input, merged with this one."""
        shape, here = self.shape, self.name()
        merge = self.pick("add", "multiply", "concat", "gate")
        units = self.size() if merge == "concat" else shape[-1]
        other = {**self.dense(units), "inputs": [here]}
        if len(shape) == len(self.input["shape"]) and shape[:-1] == tuple(self.input["shape"][:-1]):
            other["inputs"] = [self.pick(here, "x")]
        self.layers.append(other)
        there = self.name()
        if merge == "gate":
            local = {"q": here, "k": there}
            text = "q*sigmoid(k)" if len(shape) > 1 else "y[n,j] = q[n,j]*sigmoid(k[n,j])"
            self.layers.append({"type": "formula", "formula": text, "inputs": local})
            return
        table = {"type": merge, "inputs": [there, here]}
        if merge == "concat" and units == shape[-1] and len(shape) > 1 and self.pick(False, True):
            table["axis"] = 0
        self.layers.append(table)

    def squash(self) -> None:
        self.layers.append({"type": "softmax"})

    def shared(self) -> None:
        """Two dense layers with one set of weights."""
        if self.shape[-1] > 6:
            return
        self.layers.append(self.dense(self.shape[-1]))
        self.name()
        owner = self.layers[-1]
        self.layers.append({"type": "activation", "function": self.activation()})
        self.layers.append(self.sharing(owner))

    # -- losses --------------------------------------------------------------------------------

    def head(self, source: str | None = None) -> Table:
        """The last layers, and a loss that suits them."""
        inputs = {"inputs": [source]} if source else {}
        kinds = ["mse", "binary_cross_entropy", "cross_entropy", "formula"]
        kind = self.pick(*kinds, *(() if self.smooth else ("mae", "huber", "hinge")))
        reduction = {"reduction": "sum"} if self.pick(False, True) else {}
        if kind == "formula":
            rank = len(self.shape)
            formula = self.pick(*(
                f for f in random_formulas.LOSSES
                if f.rank in (None, rank) and (f.smooth or not self.smooth)
            ))  # fmt: skip
            self.layers.append({"type": "dense", "units": self.size(), **inputs})
            table = {"type": "formula", "formula": formula.text}
            return table if formula.whole_batch else {**table, **reduction}
        if kind == "cross_entropy" and len(self.shape) == 3:
            self.layers.append({"type": "flatten", **inputs})
            inputs = {}
        last: Table = {"type": "dense", "units": self.size(), **inputs}
        apart: list[Table] = []
        if kind in ("cross_entropy", "binary_cross_entropy"):
            squash = (
                "softmax" if kind == "cross_entropy" else self.pick("sigmoid", "sigmoid", "softmax")
            )
            if self.pick(True, False):
                last["activation"] = squash
            elif squash == "softmax":
                apart = [{"type": "softmax"}]
            else:
                apart = [{"type": "activation", "function": "sigmoid"}]
        elif self.pick(False, True):
            last["activation"] = self.activation()
        self.layers += [last, *apart]
        delta = {"delta": 0.6} if kind == "huber" and self.pick(False, True) else {}
        return {"type": kind, **delta, **reduction}

    def tables(self, steps: int) -> Table:
        for _ in range(steps):
            before = list(self.layers)
            self.step()
            if math.prod(self.shape) > MAX_ENTRIES:
                self.layers = before
        tables: Table = {"name": "net", "input": self.input}
        if self.pick(False, False, False, False, True):
            trunk, outputs = self.name(), []
            for target in ("t1", "t2"):
                weight = {"weight": self.pick(0.5, 2.0)} if self.pick(True, False) else {}
                loss = self.head(trunk)
                outputs.append({"from": self.name(), "target": target, "loss": loss, **weight})
            tables["output"] = outputs
        else:
            tables["loss"] = self.head()
        if self.pick(False, False, True):
            l1 = {} if self.smooth else {"l1": 0.05}
            tables["regularization"] = {"l2": 0.1, **self.pick({}, l1)}
        return {**tables, "layer": self.layers}


def random_network(seed: int, steps: int | None = None, smooth: bool = False) -> Table:
    """The tables of network number ``seed``, of up to 6 steps and a head; choices are uniform."""
    random = Random(seed)
    drawn = random.randrange(6)
    return _Network(random, smooth).tables(drawn if steps is None else steps)


def networks(max_depth: int = 6, smooth: bool = False) -> st.SearchStrategy[Table]:
    """Networks of 1 to ``max_depth`` steps; ``smooth``: without kinks. Only the depth shrinks."""
    return st.builds(
        lambda steps, seed: random_network(seed, steps, smooth),
        st.integers(0, max_depth - 1),
        st.integers(0, 2**32),
    )


# -- data ------------------------------------------------------------------------------------


def _parameter(key: str, shape: Shape, rng: np.random.Generator) -> np.ndarray:
    letter = key.rstrip("0123456789")
    noise = rng.normal(size=shape)
    match letter:
        case "gamma" | "g":
            return 1 + 0.2 * noise
        case "running_var":
            return rng.uniform(0.5, 2.0, size=shape)
        case "W" | "Wx" | "Wh" | "K" | "A":
            return noise / math.sqrt(max(1, shape[-2]))
        case "a" | "c" | "s" | "r":
            return rng.uniform(0.4, 0.9, size=shape)
    return 0.3 * noise


def _target(loss: Table, y: np.ndarray, seed: int, rng: np.random.Generator) -> np.ndarray:
    """A random target that is valid for the loss of outputs ``y``."""
    shape, classes = y.shape, y.shape[-1]
    text = loss.get("formula", "")
    if any(f.text == text and f.target == "classes" for f in random_formulas.LOSSES):
        return rng.integers(classes, size=shape[:-1])
    match loss["type"]:
        case "binary_cross_entropy":
            t = rng.uniform(0.05, 0.95, size=shape)
            return t if seed % 2 else np.round(t)
        case "cross_entropy":
            if seed % 3 == 0:
                return rng.integers(classes, size=shape[:-1])
            if seed % 3 == 1:
                return np.eye(classes)[rng.integers(classes, size=shape[:-1])]
            return rng.dirichlet(np.ones(classes), size=shape[:-1])
        case "hinge":
            return rng.choice([-1.0, 1.0], size=shape)
    return rng.normal(size=shape)


def sample(tables: Table, seed: int) -> Sample:
    """Parameters, a batch of 3 to 6 samples, and targets (a dict where there are several)."""
    rng = np.random.default_rng(seed)
    shapes = parameter_shapes(tables)
    params = {key: np.asarray(_parameter(key, shape, rng)) for key, shape in shapes.items()}
    x = rng.normal(size=(3 + seed % 4, *tables["input"]["shape"]))
    sizes = {name: np.empty((len(x), *shape)) for name, shape in value_shapes(tables).items()}
    if "output" in tables:
        return params, x, {
            o["target"]: _target(o["loss"], sizes[o["from"]], seed, rng) for o in tables["output"]
        }  # fmt: skip
    return params, x, _target(tables["loss"], sizes[None], seed, rng)


def error(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> float:
    """The largest difference of two dicts of gradients, against the largest gradient of all."""
    scale = max((np.abs(gradient).max() for gradient in wanted.values()), default=0.0)
    worst = max((np.abs(found[k] - g).max() for k, g in wanted.items()), default=0.0)
    return float(worst / max(scale, 1e-300))


def is_well_posed(tables: Table, params: dict[str, np.ndarray], x: np.ndarray, t: Any) -> bool:
    """Away from kinks, finite, with gradients that are not all zero and survive float32."""
    for training in (False, True):
        if kink_distance(tables, params, x, t, training=training) < 1e-3:
            return False
        exact = evaluate(tables, params, x, t, training=training)
        rough = evaluate(tables, params, x, t, training=training, dtype=torch.float32)
        largest = max((np.abs(g).max() for g in exact.grads.values()), default=0.0)
        if not (1e-6 < largest < 1e6 and abs(exact.loss) < 1e6):
            return False
        if not error(rough.grads, exact.grads) < 2e-4:
            return False
    return True


def good_sample(tables: Table, seed: int) -> Sample | None:
    """The first well-posed sample of 30; None where there is none."""
    for attempt in range(30):
        drawn = sample(tables, seed + 1000 * attempt)
        if is_well_posed(tables, *drawn):
            return drawn
    return None
