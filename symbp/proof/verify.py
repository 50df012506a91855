"""Every gradient of a generated module against finite differences and the complex step.

    print(verify(network.program))

The differences are those of the module's own ``check_gradients``; the complex step runs the
module's own forward pass and loss on complex parameters, and is exact to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from symbp.network.program import Program
from symbp.proof import complex_step, module
from symbp.proof.points import Array, Point, points
from symbp.proof.report import Report, Row
from symbp.writers.outline import interface
from symbp.writers.package import Package, package

SAMPLES = 6
ENTRIES = 200  # of a larger parameter, so many entries and three random directions are checked


def verify(program: Program, *, seed: int = 0, samples: int = SAMPLES) -> Report:
    """Generate the module in memory and check every gradient, in training mode and out of it.

    The data are the network's own, ``samples`` of them, else made up to suit it; the parameters are
    random and unequal. Raises InputError where the data cannot be read or do not fit.
    """
    made = package(program)
    return _verified(made.module.source, program, made, seed, samples)


def verify_source(
    source: str,
    program: Program,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
    made: Package | None = None,
) -> Report:
    """The same for a source that ``generate`` wrote for this network, changed or not.

    The source is executed: only what symbp wrote may come here. ``made`` saves making it again.
    """
    return _verified(source, program, made or package(program), seed, samples)


def _verified(source: str, program: Program, made: Package, seed: int, samples: int) -> Report:
    net = interface(program, "float64")
    names = tuple(parameter.name for parameter in net.parameters)
    modes = ("training", "inference") if net.dropout or net.buffers else ("both",)
    rows: list[Row] = []
    for mode in modes if names else ():
        try:
            both = module.load(source), complex_step.load(source)
            check = _Check(*both, names, net.smooth, mode, seed)
            fixed = program.graph.spec.data is not None
            drawn = points(check.module, net, made.arrays, fixed=fixed, samples=samples, seed=seed)
            with np.errstate(all="ignore"):
                rows += check.rows(drawn)
        except Exception as error:  # a module that does not run is a finding, too
            note = f"does not run: {type(error).__name__}"
            rows += [Row(name, mode, np.inf, None, note) for name in names]
    return Report(program.graph.spec.name, tuple(rows))


@dataclass(frozen=True)
class _Check:
    """One module in one mode; ``analytic`` is the same for complex parameters."""

    module: ModuleType
    analytic: ModuleType
    names: tuple[str, ...]
    smooth: bool
    mode: str
    seed: int

    @property
    def training(self) -> bool:
        return self.mode != "inference"

    def rows(self, candidates: Iterator[Point]) -> list[Row]:
        """At the first candidate with a finite loss and a gradient that is not zero."""
        note = "the loss is not a number"
        rows = [Row(name, self.mode, np.inf, None, note) for name in self.names]
        for point in candidates:
            value, grads = self.module.loss_and_grads(
                point.params, point.x, point.t, training=self.training, rng=self.rng()
            )
            if not np.isfinite(value):
                continue
            slopes = {name: self.slopes(point, name) for name in self.names}
            largest = max(np.nanmax(np.abs([*exact, 0.0])) for _, exact in slopes.values())
            rows = self.judged(point, grads, slopes, largest)
            if largest > 0:
                break
        return rows

    def judged(
        self,
        point: Point,
        grads: dict[str, Array],
        slopes: dict[str, tuple[list[Array], list[float]]],
        largest: float,
    ) -> list[Row]:
        differences = self.module.check_gradients(
            point.params, point.x, point.t, training=self.training, seed=self.seed
        )
        rows = []
        for name in self.names:
            if name not in grads or np.shape(grads[name]) != np.shape(point.params[name]):
                rows.append(Row(name, self.mode, np.inf, None, "has the wrong shape"))
                continue
            directions, exact = slopes[name]
            found = [float(np.vdot(grads[name], direction)) for direction in directions]
            error = _largest_difference(found, exact, largest)
            rows.append(Row(name, self.mode, float(differences[name]), error))
        return rows

    def slopes(self, point: Point, name: str) -> tuple[list[Array], list[float]]:
        """Directions, and the derivative along each by the complex step; NaN at kinks."""
        directions = list(_directions(np.shape(point.params[name]), self.seed))
        exact = [
            complex_step.slope(
                self.analytic, point.params, point.x, point.t, name, direction,
                training=self.training, seed=self.seed, smooth=self.smooth,
            )
            for direction in directions
        ]  # fmt: skip
        return directions, exact

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)


def _largest_difference(found: list[float], exact: list[float], largest: float) -> float | None:
    """Over the largest gradient of all; None where the complex step applies nowhere."""
    pairs = [(a, b) for a, b in zip(found, exact, strict=True) if np.isfinite(b)]
    if not pairs:
        return None
    worst = max(abs(a - b) if np.isfinite(a) else np.inf for a, b in pairs)
    return float(worst / largest) if largest else float(worst)


def _directions(shape: tuple[int, ...], seed: int) -> Iterator[Array]:
    """Every entry; of many entries, a random choice and three random directions."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    for entry in np.sort(rng.permutation(size)[:ENTRIES]):
        yield np.eye(1, size, entry).reshape(shape)
    for _ in range(3 * (size > ENTRIES)):
        direction = rng.standard_normal(shape)
        yield direction / np.linalg.norm(direction)
