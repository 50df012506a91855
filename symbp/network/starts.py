"""How parameters start: what layers say in ``init``, and the critical initialisation solved for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symbp.language.options import CRITICAL, has_weights
from symbp.language.spec import Layer
from symbp.layers.definition import Definition, Normal, Start

DIGITS = 10  # of solved variances, as every machine finds them


@dataclass(frozen=True)
class Solved:
    """In the place of ``init = "critical"``: sigma_w^2 of the weights and sigma_b^2 of the biases."""

    sigma_w2: float
    sigma_b2: float


def starts(layer: Layer, definition: Definition) -> Mapping[str, Start]:
    """How the parameters of a layer start, where that is not their default; its weights as its
    ``init`` says, biases at a variance where the critical initialisation has one."""
    init = dict(layer.options).get("init") if has_weights(layer.type) else None
    weights = definition.regularized
    made: dict[str, Start] = {}
    if isinstance(init, Solved):
        made |= {name: Normal(init.sigma_w2) for name in weights}
        others = [name for name in definition.parameters if name not in weights]
        made |= {name: Normal(init.sigma_b2, weights=False) for name in others if init.sigma_b2}
    elif isinstance(init, float):
        made |= {name: Normal(init) for name in weights}
    elif isinstance(init, str):
        made |= dict.fromkeys(weights, init)
    return {**definition.init, **made}


def solved(
    layers: tuple[Layer, ...], file: str | None, behind: tuple[Layer, ...] = ()
) -> tuple[Layer, ...]:
    """The layers with every ``init = "critical"`` solved for.

    ``behind`` are the layers that follow. Raises InputError, at the layer's line, where an activation
    has no critical initialisation.
    """
    made = []
    for k, layer in enumerate(layers):
        rest = layers[k + 1 :] + behind
        if layer.layers:
            around = layer.layers + rest if layer.type == "repeat" else rest
            layer = replace(layer, layers=solved(layer.layers, file, around))
        if has_weights(layer.type) and dict(layer.options)["init"] == CRITICAL:
            options = {**dict(layer.options), "init": _solution(layer, rest, file)}
            layer = replace(layer, options=tuple(sorted(options.items())))
        made.append(layer)
    return tuple(made)


def _solution(layer: Layer, rest: tuple[Layer, ...], file: str | None) -> Solved:
    from symbp.network.criticality import critical_point  # numerical, and seldom asked for

    point = critical_point(layer, rest, file)
    return Solved(*(float(f"{v or 0.0:.{DIGITS}g}") for v in (point.sigma_w2, point.sigma_b2)))
