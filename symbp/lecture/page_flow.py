"""The gradient on its way back before training, as the page shows it: a row a layer."""

from __future__ import annotations

import re
from typing import Any

from symbp.calculus.equation import ADJOINT
from symbp.flow import HasProgram, lecture_data
from symbp.lecture.page_keys import Keys

SEEDS = 3  # initialisations that are measured
COPY = re.compile(r"\[(\d+(?:,\d+)*)\]$")


def flow(network: HasProgram, keys: Keys) -> list[dict[str, Any]]:
    """From the output back to the input: the derivative's key and LaTeX, the factor it is multiplied
    with, its norm (median, quartiles), the bound where there is one, and a verdict."""
    found = lecture_data(network, seeds=SEEDS)
    columns = ("layers", "tensors", "factors", "measured", "low", "high", "bound", "verdicts")
    return [
        {
            "key": keys.key(ADJOINT + tensor),
            "latex": _latex(keys, tensor, layer),
            "factor": factor,
            "norm": norm,
            "low": low,
            "high": high,
            "bound": bound,
            "verdict": verdict,
        }
        for layer, tensor, factor, norm, low, high, bound, verdict in zip(
            *(found[name] for name in columns), strict=True
        )
    ]


def _latex(keys: Keys, tensor: str, layer: str) -> str:
    """The derivative by a tensor; of a copy under `repeat` with its number in place of the letter."""
    latex = keys.name(ADJOINT + tensor).latex()
    copy = COPY.search(layer)
    return re.sub(r"\^\{\([^)]*\)\}", f"^{{({copy[1]})}}", latex) if copy else latex
