"""The largest gradient norm that the factors allow, with the weights of real initialisations put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from symbp.flow.bound import Bound
from symbp.flow.measure import Bench, Norms
from symbp.flow.probe import Key
from symbp.flow.product import Products, Step
from symbp.flow.sites import Site

EXACT_SIZE = 256  # the spectral norm of larger matrices is iterated for
ITERATIONS = 30


def limits(products: Products, made: Bench, norms: list[Norms]) -> dict[Key, float | None]:
    """The median over initialisations of the norm that the factors allow; None behind a factor without
    a bound."""
    found: dict[Key, list[float]] = {}
    bounds = [step.bound for step in products.steps]
    for seed, own in enumerate(norms):
        norm = _spectral(made.init_params(seed))
        here: dict[str, float] = {}
        for site, step, bound in zip(products.sites, products.steps, bounds, strict=True):
            limit = _limit(site, step, bound, here, own, norm)
            here[site.tensor] = limit  # the latest copy of a repeat
            found.setdefault(site.key, []).append(limit)
    return {
        key: None if np.isnan(values).any() else float(np.median(values))
        for key, values in found.items()
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
