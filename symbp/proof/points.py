"""Where gradients are checked: unequal parameters, and data that suit the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import numpy as np

from symbp.writers.interface import Interface
from symbp.writers.main_part import Arrays, Targets

Array = np.ndarray
TRIES = 12


@dataclass(frozen=True, eq=False)
class Point:
    """Parameters by name, inputs x (n, ...), and targets t (n, ...) or a dict of them."""

    params: Mapping[str, Array]
    x: Array
    t: Targets


def points(
    module: ModuleType, net: Interface, arrays: Arrays, *, fixed: bool, samples: int, seed: int
) -> Iterator[Point]:
    """Candidates, the most natural first; with ``fixed`` data only the parameters change.

    Formulas with logarithms and roots need other numbers than most networks: every second
    candidate has positive data, every fourth positive parameters, too.
    """
    x, t = _few(arrays, samples)
    for number in range(TRIES):
        rng = np.random.default_rng([seed, number])
        params = _unequal(module.init_params(seed + number), net, rng)
        if number % 4 == 3:
            params = {name: np.abs(value) for name, value in params.items()}
        if fixed:
            yield Point(params, x, t)
        elif number % 2:
            yield Point(params, _positive(x, rng), _mapped(t, partial(_positive, rng=rng)))
        else:
            yield Point(params, x, t)


def _few(arrays: Arrays, samples: int) -> Arrays:
    """Samples spread over the whole set, which may be sorted by class."""
    x, t = arrays
    rows = np.unique(np.linspace(0, len(x) - 1, samples).round().astype(int))
    return x[rows], _mapped(t, lambda values: values[rows])


def _mapped(t: Targets, change: Callable[[Array], Array]) -> Targets:
    if isinstance(t, dict):
        return {name: change(values) for name, values in t.items()}
    return change(t)


def _unequal(
    params: Mapping[str, Array], net: Interface, rng: np.random.Generator
) -> dict[str, Array]:
    """No two entries equal, none zero; buffers keep their sign, as variances must."""
    buffers = {buffer.name for buffer in net.buffers}
    moved = {}
    for name in sorted(params):
        value = params[name]
        noise = 0.2 * rng.standard_normal(value.shape)
        keeps = name in buffers and (value > 0).all()
        moved[name] = value * np.exp(noise) if keeps else value + noise
    return {name: moved[name] for name in params}


def _positive(values: Array, rng: np.random.Generator) -> Array:
    """Real numbers between 0 and 1 instead; classes, signs and integers stay."""
    whole = np.array_equal(values, np.round(values))
    return values if whole else rng.uniform(0.1, 0.9, values.shape)
