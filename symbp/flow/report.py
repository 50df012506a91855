"""What ``symbp flow NETWORK`` finds: for each layer, from output to input, the factor, its bound, and the
gradient norm as theory predicts it and as it is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbp.flow.bound import Bound
from symbp.flow.measure import SAMPLES, SEEDS, Bench, Norms, Spread, bench, spread
from symbp.flow.product import Products, Step
from symbp.flow.sites import Site
from symbp.network.program import Program
from symbp.writers.document import Text

VANISHED, EXPLODED = 1e-2, 1e2  # of the gradient at the output: less, or more, is a verdict
EXACT_SIZE = 256  # the spectral norm of larger matrices is iterated for
ITERATIONS = 30
RULE = (
    f"vanishing: less than {VANISHED:g} of the gradient at the output arrives; "
    f"exploding: more than {EXPLODED:g} times as much"
)


@dataclass(frozen=True)
class Row:
    """One layer. ``share`` is its gradient norm over that at the output; ``limit`` the largest norm that
    the factors allow; ``predicted`` is what a random network of these widths has on average."""

    layer: str
    kind: str
    above: str
    factor: Text
    bound: Text | None
    limit: float | None
    predicted: float | None
    measured: Spread | None
    gradients: Mapping[str, Spread | None]
    share: float

    @property
    def verdict(self) -> str:
        if not np.isfinite(self.share):
            return "not finite"
        if self.share < VANISHED:
            return "vanishing"
        return "exploding" if self.share > EXPLODED else "healthy"


@dataclass(frozen=True)
class Report:
    """``rate`` is what the gradient is multiplied with from layer to layer, on average; ``whole`` the
    norm of the gradient by all parameters, ``loss`` the loss: medians over initialisations."""

    network: str
    rows: tuple[Row, ...]
    rate: float
    whole: Spread | None
    loss: Spread | None
    seeds: int
    product: Text
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Of the layer that is worst off."""
        found = [row.verdict for row in self.rows]
        return next((v for v in ("not finite", "exploding", "vanishing") if v in found), "healthy")

    def as_json(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "verdict": self.verdict,
            "rate": _finite(self.rate),
            "rule": RULE,
            "seeds": self.seeds,
            "product": {"latex": self.product.latex, "plain": self.product.plain},
            "layers": [_row_json(row) for row in self.rows],
            "gradient": _spread_json(self.whole),
            "loss": _spread_json(self.loss),
            "notes": list(self.notes),
        }


def report(program: Program, *, seeds: int = SEEDS, samples: int = SAMPLES) -> Report:
    """Derive the factors, predict, generate the module in memory and measure it at ``seeds``
    initialisations on ``samples`` of its data.

    Raises InputError where the network's data cannot be read or do not fit.
    """
    return reported(Products(program), bench(program, samples=samples), seeds)


def reported(products: Products, made: Bench, seeds: int) -> Report:
    """The report of a network whose module stands already."""
    norms = made.over_seeds(seeds)
    limits = _limits(products, made, norms)
    measured = {s.key: spread(_of(norms, s)) for s in products.sites}
    start = _start(products, norms)
    rows = tuple(
        _row(site, step, limits[site.key], measured[site.key], norms, start)
        for site, step in zip(products.sites, products.steps, strict=True)
    )
    return Report(
        products.program.graph.spec.name,
        rows,
        _rate(rows),
        spread([n.whole for n in norms]),
        spread([n.loss for n in norms]),
        seeds,
        products.product(len(rows) - 1) if rows else Text("", ""),
    )


def _of(norms: list[Norms], site: Site) -> list[float]:
    return [n.adjoints.get(site.key, float("nan")) for n in norms]


def _start(products: Products, norms: list[Norms]) -> float:
    """The gradient where it starts: the median norm of what the loss reads, all outputs together."""
    own = [
        site
        for site, step in zip(products.sites, products.steps, strict=True)
        if not step.above and step.blocks[0] and len(step.blocks[0][0]) == 1
    ]
    found = spread([float(np.hypot.reduce([n.adjoints[s.key] for s in own])) for n in norms])
    return found.median if own and found else float("nan")


def _row(
    site: Site,
    step: Step,
    limit: float | None,
    measured: Spread | None,
    norms: list[Norms],
    start: float,
) -> Row:
    bound = step.bound
    gradients = {
        name: spread([n.gradients[name] for n in norms if name in n.gradients])
        for name in site.parameters
    }
    share = measured.median / start if measured and start else float("nan")
    text = bound.text if bound else None
    return Row(
        site.label, site.kind, step.above, step.text, text, limit, None, measured, gradients, share
    )


def _rate(rows: tuple[Row, ...]) -> float:
    """The geometric mean over the steps from the first row to the last."""
    if len(rows) < 2 or rows[-1].share <= 0:
        return float("nan")
    return float(rows[-1].share ** (1 / (len(rows) - 1)))


# -- the bound with the weights of a real initialisation --------------------------------------------


def _limits(
    products: Products, made: Bench, norms: list[Norms]
) -> dict[tuple[str, tuple[int, ...]], float | None]:
    """The median over initialisations of the norm that the factors allow; None behind a factor without
    a bound."""
    found: dict[tuple[str, tuple[int, ...]], list[list[float]]] = {}
    bounds = [step.bound for step in products.steps]
    for seed, own in enumerate(norms):
        norm = _spectral(made.init_params(seed))
        here: dict[str, float] = {}
        for site, step, bound in zip(products.sites, products.steps, bounds, strict=True):
            limit = _limit(site, step, bound, here, own, norm)
            here[site.tensor] = limit  # the latest copy of a repeat
            found.setdefault(site.key, [[]])[0].append(limit)
    return {
        key: None if np.isnan(values).any() else float(np.median(values))
        for key, (values,) in found.items()
    }


def _limit(
    site: Site,
    step: Step,
    bound: Bound | None,
    here: Mapping[str, float],
    own: Norms,
    norm: Callable[[str, int], float],
) -> float:
    if not step.above:
        return own.adjoints.get(site.key, float("nan"))
    if bound is None:
        return float("nan")
    copy = site.copy or 0
    return here.get(step.above, float("nan")) * bound.value(lambda key: norm(key, copy))


def _spectral(params: Mapping[str, np.ndarray]) -> Callable[[str, int], float]:
    """The largest singular value of a matrix, or of its copy in a repeat."""
    known: dict[tuple[str, int], float] = {}

    def norm(key: str, copy: int) -> float:
        values = params[key]
        while values.ndim > 2:
            values = values[copy]
        if (key, copy) not in known:
            known[key, copy] = _largest_singular(values)
        return known[key, copy]

    return norm


def _largest_singular(matrix: np.ndarray) -> float:
    if min(matrix.shape) <= EXACT_SIZE:
        return float(np.linalg.norm(matrix, 2))
    vector = np.ones(matrix.shape[1])
    for _ in range(ITERATIONS):  # the power method on the smaller product
        vector = matrix.T @ (matrix @ vector)
        vector /= np.linalg.norm(vector)
    return float(np.linalg.norm(matrix @ vector))


# -- JSON ---------------------------------------------------------------------------------------------


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "layer": row.layer,
        "type": row.kind,
        "factor": {"latex": row.factor.latex, "plain": row.factor.plain},
        "bound": {"latex": row.bound.latex, "plain": row.bound.plain} if row.bound else None,
        "limit": _finite(row.limit),
        "predicted": _finite(row.predicted),
        "measured": _spread_json(row.measured),
        "gradients": {name: _spread_json(s) for name, s in row.gradients.items()},
        "share": _finite(row.share),
        "verdict": row.verdict,
    }


def _spread_json(found: Spread | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {"median": found.median, "low": found.low, "high": found.high}


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
