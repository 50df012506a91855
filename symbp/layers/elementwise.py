"""Layers that work entry by entry, and softmax."""

from __future__ import annotations

from collections.abc import Mapping

from symbp.language.tree import Formula
from symbp.layers.definition import Axes, Definition


def activation(
    formula: str | Formula,
    parameters: Mapping[str, float],
    latex: Mapping[str, str],
    line: int = 0,
) -> Definition:
    """An elementwise formula in x; ``parameters`` are learnable scalars with their start values."""
    axes: dict[str, Axes] = dict.fromkeys(parameters, ())
    return Definition(
        formula=formula, parameters=axes, init=dict(parameters), latex=latex, line=line
    )


def softmax() -> Definition:
    """exp(x_k) / sum_m exp(x_m) over the last axis."""
    return Definition(formula="y[n,...,k] = softmax(x[n,...,k], k)")


def dropout(rate: float) -> Definition:
    """Inverted dropout (Srivastava et al. 2014, sec. 10): the mask is 0 or 1/(1 - rate)."""
    return Definition(formula="x*mask", inference="x", noise={"mask": rate})
