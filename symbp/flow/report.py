"""What ``symbp flow NETWORK`` finds: for each layer, from output to input, the factor, its bound, and the
gradient norm as theory predicts it and as it is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbp.flow.chain import judged, predict
from symbp.flow.limits import limits as limits_of
from symbp.flow.measure import SAMPLES, SEEDS, Bench, Norms, Spread, bench, spread
from symbp.flow.notes import notes
from symbp.flow.probe import Key
from symbp.flow.product import Products
from symbp.flow.recurrence import Recurrence, recurrences
from symbp.flow.sites import Site
from symbp.flow.transfer import RULES
from symbp.network.program import Program
from symbp.writers.document import NOTHING, Text

VANISHED, EXPLODED = 1e-2, 1e2  # of the gradient at the output: less, or more, is a verdict
WRITTEN = 60  # layers; of a deeper network the product is written out to the last one alone
RULE = (
    f"vanishing: less than {VANISHED:g} of the gradient at the output arrives; "
    f"exploding: more than {EXPLODED:g} times as much"
)


@dataclass(frozen=True)
class Row:
    """One layer. ``share`` is its gradient norm over that at the output; ``limit`` the largest norm that
    the factors allow; ``predicted`` is what a random network of these widths has on average; ``product``
    is all factors from the loss on, None in very deep networks for all layers but the last."""

    layer: str
    kind: str
    key: Key  # of its measurements
    above: str
    factor: Text
    bound: Text | None
    limit: float | None
    predicted: float | None
    measured: Spread | None
    gradients: Mapping[str, Spread | None]
    share: float
    symbol: Text = NOTHING  # the gradient by its tensor
    product: Text | None = None

    @property
    def verdict(self) -> str:
        if not np.isfinite(self.share):
            return "not measured" if np.isnan(self.share) else "not finite"
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
    recurrences: tuple[Recurrence, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def product(self) -> Text:
        """All factors from the loss to the last layer."""
        return self.rows[-1].product or NOTHING if self.rows else NOTHING

    @property
    def verdict(self) -> str:
        """Of the layer that is worst off."""
        found = [row.verdict for row in self.rows]
        return next((v for v in ("not finite", "exploding", "vanishing") if v in found), "healthy")


def report(program: Program, *, seeds: int = SEEDS, samples: int = SAMPLES) -> Report:
    """Derive the factors, predict, generate the module in memory and measure it at ``seeds``
    initialisations on ``samples`` of its data.

    Raises InputError where the network's data cannot be read or do not fit.
    """
    return reported(Products(program), bench(program, samples=samples), seeds)


def reported(products: Products, made: Bench, seeds: int) -> Report:
    """The report of a network whose module stands already."""
    norms = made.over_seeds(seeds)
    limits = limits_of(products, made, norms)
    measured = {s.key: spread(_of(norms, s)) for s in products.sites}
    start = _start(products, norms)
    predicted = _predicted(products.program, made, norms)
    recurrent = recurrences(products.program, norms)
    rows = tuple(
        _row(
            products, k, limits[site.key], predicted.get(site.key), measured[site.key], norms, start
        )
        for k, site in enumerate(products.sites)
    )
    return Report(
        products.program.graph.spec.name,
        rows,
        _rate(rows),
        spread([n.whole for n in norms]),
        spread([n.loss for n in norms]),
        seeds,
        recurrent,
        (*notes(products, recurrent), *_uncovered(products.program, rows)),
    )


def _uncovered(program: Program, rows: tuple[Row, ...]) -> list[str]:
    """Where predictions end on the way back, and the kinds of layers that theory does not cover."""
    first = next((r for r in rows if r.predicted is None and r.measured is not None), None)
    if first is None:
        return []
    known = {*RULES, "activation", "softmax", "dropout"}
    kinds = sorted({node.kind for node in program.graph.nodes} - known)
    what = " and ".join([", ".join(kinds[:-1]), *kinds[-1:]] if len(kinds) > 1 else kinds)
    why = f": theory does not cover {what}" if kinds else ""
    return [f"No prediction from {first.layer} on{why}."]


def _of(norms: list[Norms], site: Site) -> list[float]:
    return [n.adjoints.get(site.key, float("nan")) for n in norms]


def _start(products: Products, norms: list[Norms]) -> float:
    """The gradient where it starts: the median norm of what the loss reads, all outputs together."""
    own = [
        site
        for site, step in zip(products.sites, products.steps, strict=True)
        if not step.above and step.blocks[0] and len(step.blocks[0][0]) == 1
    ]
    found = spread(
        [float(np.hypot.reduce([n.adjoints.get(s.key, 0.0) for s in own])) for n in norms]
    )
    return found.median if own and found else float("nan")


def _predicted(program: Program, made: Bench, norms: list[Norms]) -> dict[Key, float]:
    """What theory makes of the median norms at which the loss hands its gradient over."""
    found = {
        key: spread([n.adjoints.get(key, float("nan")) for n in norms]) for key in judged(program)
    }
    starts = {key: known.median**2 for key, known in found.items() if known is not None}
    norms_of = predict(program, made.x, starts).norms
    return {key: norm for key, norm in norms_of.items() if np.isfinite(norm)}


def _row(
    products: Products,
    place: int,
    limit: float | None,
    predicted: float | None,
    measured: Spread | None,
    norms: list[Norms],
    start: float,
) -> Row:
    site, step = products.sites[place], products.steps[place]
    bound = step.bound
    last = place == len(products.sites) - 1
    product = products.product(place) if last or len(products.sites) <= WRITTEN else None
    gradients = {
        name: spread([n.gradients[name] for n in norms if name in n.gradients])
        for name in site.parameters
    }
    share = measured.median / start if measured and start else float("nan")
    if measured is None and any(site.key in n.adjoints for n in norms):
        share = float("inf")
    text = bound.text if bound else None
    return Row(
        site.label,
        site.kind,
        site.key,
        step.above,
        step.text,
        text,
        limit,
        predicted,
        measured,
        gradients,
        share,
        products.symbol(site.tensor),
        product,
    )


def _rate(rows: tuple[Row, ...]) -> float:
    """The geometric mean over the steps from the first row to the last."""
    if len(rows) < 2 or rows[-1].share <= 0:
        return float("nan")
    return float(rows[-1].share ** (1 / (len(rows) - 1)))
