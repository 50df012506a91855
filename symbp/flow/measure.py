"""Gradient norms, measured: the generated module itself runs, over many initialisations, and along
training. Every norm is that of a whole batch: the root of the sum of squares over samples and entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from symbp.flow.probe import Key, load_probed, seen
from symbp.network.program import Program
from symbp.writers.main_part import Arrays, Targets
from symbp.writers.package import Package, package

SEEDS = 12
SAMPLES = 64  # of a larger data set, so many are measured on


@dataclass(frozen=True, eq=False)
class Norms:
    """At one point: of the adjoint of each tensor, and of the gradient of each parameter."""

    adjoints: Mapping[Key, float]
    gradients: Mapping[str, float]
    loss: float

    @property
    def whole(self) -> float:
        """The norm of the gradient by all parameters at once."""
        return float(np.sqrt(sum(norm**2 for norm in self.gradients.values())))


@dataclass(frozen=True)
class Spread:
    """The median over initialisations, and the quarter of them below ``low`` and above ``high``."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread | None:
    """Median and quartiles of the finite values; None where there are none."""
    finite = [v for v in values if np.isfinite(v)]
    if not finite:
        return None
    low, median, high = np.quantile(finite, [0.25, 0.5, 0.75])
    return Spread(float(median), float(low), float(high))


@dataclass(frozen=True, eq=False)
class Bench:
    """The probed module of a network, and the samples that it is measured on."""

    module: ModuleType
    made: Package
    x: np.ndarray
    t: Targets

    def init_params(self, seed: int) -> dict[str, np.ndarray]:
        return dict(self.module.init_params(seed))

    def norms(self, params: Mapping[str, np.ndarray], seed: int = 0) -> Norms:
        """One forward and backward pass in training mode; dropout draws its masks from ``seed``."""
        rng = np.random.default_rng(seed)
        with np.errstate(all="ignore"):
            loss, grads = self.module.loss_and_grads(params, self.x, self.t, training=True, rng=rng)
            adjoints = {key: _norm(value) for key, value in seen(self.module).items()}
            return Norms(adjoints, {name: _norm(g) for name, g in grads.items()}, float(loss))

    def over_seeds(self, seeds: int = SEEDS) -> list[Norms]:
        """At as many initialisations, with the seeds 0, 1, ..."""
        return [self.norms(self.init_params(seed), seed) for seed in range(seeds)]


def bench(program: Program, *, samples: int = SAMPLES) -> Bench:
    """Generate the module of a network, with probes.

    The data are the network's own, ``samples`` of them spread over the set, else made up to suit it.
    Raises InputError where they cannot be read or do not fit.
    """
    made = package(program)
    return Bench(load_probed(program, made.module), made, *few(made.arrays, samples))


def few(arrays: Arrays, samples: int) -> Arrays:
    """Samples spread over the whole set, which may be sorted by class."""
    x, t = arrays
    rows = np.unique(np.linspace(0, len(x) - 1, min(samples, len(x))).round().astype(int))
    if isinstance(t, dict):
        return x[rows], {name: values[rows] for name, values in t.items()}
    return x[rows], t[rows]


def _norm(values: np.ndarray) -> float:
    return float(np.linalg.norm(np.ravel(values)))
