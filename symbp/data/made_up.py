"""A small set made up to fit a network that comes without data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SAMPLES = 16
Shape = tuple[int, ...]


def made_up(
    input_shape: Shape,
    targets: Sequence[tuple[str, Shape, str | None, int]],
    vocabulary: int | None = None,
) -> tuple[np.ndarray, np.ndarray | dict[str, np.ndarray]]:
    """(x, t) of 16 samples; t is a dict by name where there are several targets.

    A target is (name, its shape, kind of class, number of classes), shapes without the batch axis;
    the kinds are those of ``symbp.writers.interface.Output``. Generated modules without data draw
    the same numbers in the same order.
    """
    rng = np.random.default_rng(0)
    size = (SAMPLES, *input_shape)
    x = rng.integers(vocabulary, size=size) if vocabulary else rng.standard_normal(size)
    made = {name: _target(rng, shape, kind, count) for name, shape, kind, count in targets}
    return x, made if len(made) > 1 else next(iter(made.values()))


def _target(rng: np.random.Generator, shape: Shape, kind: str | None, count: int) -> np.ndarray:
    size = (SAMPLES, *shape)
    match kind:
        case "one_hot":
            return np.eye(count)[rng.integers(count, size=size[:-1])]
        case "integer":
            return rng.integers(count, size=size)
        case "binary":
            return 1.0 * rng.integers(2, size=size)
        case "sign":
            return 2.0 * rng.integers(2, size=size) - 1
    return rng.standard_normal(size)
