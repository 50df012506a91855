"""Networks for these tests, made once."""

from __future__ import annotations

from functools import cache
from typing import Any

import symbp
from symbp.api import Network


@cache
def example(name: str) -> Network:
    return symbp.load(name)


def stack(
    *units: int, activation: str = "tanh", inputs: int = 8, init: object = None, **tables: Any
) -> Network:
    """Dense layers of these widths; the last one has no activation."""
    layers: list[dict[str, Any]] = [
        {"type": "dense", "units": n, "name": f"h{k}", "activation": activation}
        for k, n in enumerate(units[:-1], 1)
    ]
    layers.append({"type": "dense", "units": units[-1], "name": "y"})
    for layer in layers if init is not None else ():
        layer["init"] = init
    known = {
        "name": "stack",
        "input": {"shape": [inputs]},
        "layer": layers,
        "loss": {"type": "mse"},
    }
    return Network(**{**known, **tables})


def with_activation(formula: str) -> Network:
    """One activation by name or formula, between two dense layers."""
    return Network(
        name="one",
        input={"shape": [3]},
        layer=[
            {"type": "dense", "units": 4},
            {"type": "activation", "function": formula},
            {"type": "dense", "units": 1},
        ],
        loss={"type": "mse"},
    )
