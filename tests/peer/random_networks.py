"""Draws small random networks, by number or as a hypothesis strategy."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.peer import random_formulas
from tests.peer.torch_functions import ACTIVATIONS, KINKS
from tests.peer.torch_network import value_shapes

Table = dict[str, Any]
Shape = tuple[int, ...]

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
        return self.shape_of(None)

    def shape_of(self, name: str | None) -> Shape:
        return value_shapes({"input": self.input, "layer": self.layers})[name]

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
        rank, inputs = len(self.shape_of(source)), {"inputs": [source]} if source else {}
        kinds = ["mse", "binary_cross_entropy", "cross_entropy", "formula"]
        kind = self.pick(*kinds, *(() if self.smooth else ("mae", "huber", "hinge")))
        reduction = {"reduction": "sum"} if self.pick(False, True) else {}
        if kind == "formula":
            formula = self.pick(*(
                f for f in random_formulas.LOSSES
                if not f.later and f.rank in (None, rank) and (f.smooth or not self.smooth)
            ))  # fmt: skip
            self.layers.append({"type": "dense", "units": self.size(), **inputs})
            table = {"type": "formula", "formula": formula.text}
            return table if formula.whole_batch else {**table, **reduction}
        if kind == "cross_entropy" and rank == 3:
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
