"""Parameters, batches and targets for random networks, away from kinks and degenerate points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from tests.peer import random_formulas
from tests.peer.torch_network import evaluate, kink_distance, parameter_shapes, value_shapes

Table = dict[str, Any]
Shape = tuple[int, ...]
Arrays = dict[str, np.ndarray]
Sample = tuple[Arrays, np.ndarray, Any]


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


def error(found: Arrays, wanted: Arrays) -> float:
    """The largest difference of two dicts of gradients, against the largest gradient of all."""
    scale = max((np.abs(gradient).max() for gradient in wanted.values()), default=0.0)
    worst = max((np.abs(found[k] - g).max() for k, g in wanted.items()), default=0.0)
    return float(worst / max(scale, 1e-300))


def is_well_posed(tables: Table, params: Arrays, x: np.ndarray, t: Any) -> bool:
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
