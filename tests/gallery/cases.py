"""Every block of the page, completed to a network: the shapes around it and suitable targets.

In front stand dense maps from a vector of ``FEATURES`` numbers to each tensor that the block reads:
their gradients hold those of what it reads, sample by sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np

import symbp
from symbp.proof.module import load
from tests.gallery.page import Table, examples, gallery

Shape = tuple[int, ...]
Array = np.ndarray
Draw = Callable[[np.random.Generator, Shape], Array]  # targets for a batch of outputs

SAMPLES, FEATURES = 9, 3


@dataclass(frozen=True)
class Case:
    """``shapes``: of one sample of each tensor that the block reads, by local name.

    A loss judges the last of them, behind ``activation``.
    """

    shapes: dict[str, Shape]
    draw: Draw
    activation: str = ""


def real(rng: np.random.Generator, shape: Shape) -> Array:
    return rng.normal(size=shape)


def binary(rng: np.random.Generator, shape: Shape) -> Array:
    return rng.integers(2, size=shape).astype(float)


def classes(rng: np.random.Generator, shape: Shape) -> Array:
    return rng.integers(shape[-1], size=shape[:-1])


def two_classes(rng: np.random.Generator, shape: Shape) -> Array:
    return np.arange(shape[0]) % 2


def vectors(rng: np.random.Generator, shape: Shape) -> Array:
    return rng.normal(size=shape[:-1])


def one_hot(rng: np.random.Generator, shape: Shape) -> Array:
    return np.eye(shape[-1])[classes(rng, shape)]


def layer(*shape: int, **others: Shape) -> Case:
    """A layer that reads ``x``, or the tensors of these names."""
    return Case({"x": shape} if shape else others, real)


def loss(*shape: int, draw: Draw = real, behind: str = "", **others: Shape) -> Case:
    """A loss of the output ``y``, which may read other layers, too."""
    return Case({**others, "y": shape}, draw, behind)


CASES: dict[str, Case] = {
    # by example
    "A layer": layer(4),
    "An activation": layer(4, 6),
    "Several equations": layer(4, 6),
    "A window": layer(2, 7),
    "A maximum over a window": layer(4, 6, 8),
    "A condition": layer(6, 8),
    "A letter as a number": layer(7, 8),
    "A look-up": layer(4),
    "A recurrence": layer(6, 4),
    "Sums into place": layer(a=(4,), b=(6,)),
    "A loss": loss(4, draw=one_hot),
    # the gallery
    "Depthwise-separable convolution": layer(2, 4, 6),
    "Transposed convolution": layer(2, 5, 6),
    "Dilated causal convolution": layer(2, 7),
    "Locally connected layer": layer(2, 8),
    "Pixel shuffle": layer(12, 2, 5),
    "Patch embedding": layer(4, 6, 8),
    "Graph convolution": layer(4, 2),
    "Group normalisation": layer(6, 4, 5),
    "Weight normalisation": layer(4),
    "Local response normalisation": layer(7, 2, 4),
    "PReLU per channel": layer(2, 4, 6),
    "Capsule squash": layer(4, 2),
    "Straight-through binary unit": layer(4, 6),
    "Squeeze and excite": layer(2, 5, 6),
    "Highway layer": layer(4),
    "Gated linear unit": layer(6, 4),
    "SwiGLU": layer(6, 4),
    "Maxout": layer(4),
    "Feature-wise modulation": layer(x=(2, 6), z=(4,)),
    "Soft mixture of experts": layer(6),
    "Linear attention": layer(q=(7, 4), k=(6, 4), v=(6, 2)),
    "Causal linear attention": layer(q=(6, 4), k=(6, 4), v=(6, 2)),
    "Grouped-query attention": layer(q=(6, 24), k=(7, 8), v=(7, 8)),
    "Rotary embedding": layer(7, 8),
    "ALiBi": layer(q=(6, 8), k=(6, 8), v=(6, 8)),
    "Graph attention": layer(4, 2),
    "Diagonal state space": layer(6, 2),
    "Selective state space": layer(6, 2),
    "Minimal gated unit": layer(6, 4),
    "LSTM with peepholes": layer(6, 2),
    "Bidirectional RNN": layer(6, 4),
    "Delta rule": layer(q=(6, 4), k=(6, 4), v=(6, 2), b=(6,)),
    "Radial basis functions": layer(4),
    "Random Fourier features": layer(4),
    "Kolmogorov-Arnold layer": layer(4),
    "Factorisation machine": layer(6),
    "Cosine classifier": layer(4),
    "Label smoothing": loss(4, draw=one_hot, behind="softmax"),
    "Focal loss": loss(4, draw=binary, behind="sigmoid"),
    "Class score by its number": loss(4, draw=classes),
    "Multi-class hinge": loss(4, draw=classes),
    "ArcFace": loss(4, draw=one_hot, behind="tanh"),
    "Distillation": loss(4),
    "Dice loss": loss(4, 6, draw=binary, behind="sigmoid"),
    "Tversky loss": loss(4, draw=binary, behind="sigmoid"),
    "Quantile loss": loss(4),
    "Mean and variance": loss(4, v=(4,)),
    "Mixture density": loss(4, 2, w=(2,), v=(2,), draw=vectors),
    "Variational autoencoder": loss(4, u=(2,), v=(2,)),
    "Proportional hazards": loss(1),
    "Triplet loss": loss(4, p=(4,), q=(4,)),
    "Batch-hard triplets": loss(4, draw=two_classes),
    "InfoNCE": loss(4, v=(4,)),
    "Barlow twins": loss(4, v=(4,)),
}


def network(title: str) -> Table:
    """The tables of the network around the block of this title."""
    block, case = (examples() | gallery())[title], CASES[title]
    layers, judged = block.get("layer", []), block.get("loss", {})
    reads = (layers[0] if layers else judged).get("inputs", {})
    front = [_map(shape, reads.get(local)) for local, shape in case.shapes.items()]
    behind = [_activation(case.activation)] if case.activation else []
    return {
        "name": "gallery",
        "input": {"shape": [FEATURES]},
        "layer": [*front, *behind, *layers],
        "loss": judged or {"type": "mse"},
    }


def _map(shape: Shape, name: str | None) -> Table:
    """A dense layer from the network's input to a tensor of any shape."""
    own = ",".join("abcd"[: len(shape)])
    return {
        "type": "formula",
        "formula": f"y[n,{own}] = sum(x[n,i]*A[i,{own}], i)",
        "parameters": {"A": ["i", *shape]},
        "init": {"A": "normal"},
        "inputs": ["x"],
    } | ({"name": name} if name else {})


def _activation(name: str) -> Table:
    return {"type": name} if name == "softmax" else {"type": "activation", "function": name}


@cache
def built(title: str) -> tuple[symbp.Network, ModuleType]:
    """The network around a block, and its generated module."""
    made = symbp.Network(**network(title))
    return made, load(made.generate(), "gallery")


@dataclass(frozen=True, eq=False)
class Sample:
    params: dict[str, Array]
    x: Array  # (n, FEATURES)
    t: Array


def sample(title: str, seed: int = 0) -> Sample:
    """Parameters off their start, a batch, and targets that suit its outputs."""
    module = built(title)[1]
    rng = np.random.default_rng(seed)
    start = module.init_params(seed)
    params = {k: np.asarray(v + 0.3 * rng.normal(size=np.shape(v))) for k, v in start.items()}
    x = rng.normal(size=(SAMPLES, FEATURES)) / math.sqrt(FEATURES)
    return Sample(params, x, CASES[title].draw(rng, module.forward(params, x).shape))
