"""How parameters start: what layers say in ``init``, and the critical initialisation solved for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from symbp.errors import InputError
from symbp.language.options import CRITICAL, INIT, LAYERS
from symbp.language.spec import Layer
from symbp.layers.activations import ACTIVATIONS
from symbp.layers.definition import Definition, Normal, Start
from symbp.meanfield.activation import Activation, read
from symbp.meanfield.critical import Critical, critical
from symbp.meanfield.mean_field import mean_field

DIGITS = 10  # of solved variances, as every machine finds them
IDENTITY = "identity"
GATED = ("lstm", "gru")


def starts(layer: Layer, definition: Definition) -> Mapping[str, Start]:
    """How the parameters of a layer start, where that is not their default; its weights as its
    ``init`` says, biases at a variance where the critical initialisation has one."""
    init = dict(layer.options).get("init") if _has_weights(layer) else None
    weights = definition.regularized
    if isinstance(init, Critical):
        made: dict[str, Start] = {name: Normal(_rounded(init.sigma_w2)) for name in weights}
        if init.sigma_b2:
            others = [name for name in definition.parameters if name not in weights]
            made |= {name: Normal(_rounded(init.sigma_b2), weights=False) for name in others}
        return {**definition.init, **made}
    if isinstance(init, float):
        return {**definition.init, **{name: Normal(init) for name in weights}}
    if isinstance(init, str):
        return {**definition.init, **dict.fromkeys(weights, init)}
    return definition.init


def _rounded(variance: float | None) -> float:
    return float(f"{variance or 0.0:.{DIGITS}g}")


def solved(
    layers: tuple[Layer, ...], file: str | None, behind: tuple[Layer, ...] = ()
) -> tuple[Layer, ...]:
    """The layers with every ``init = "critical"`` replaced by the Critical of its activation.

    ``behind`` are the layers that follow. Raises InputError, at the layer's line, where an activation
    has no critical initialisation.
    """
    made = []
    for k, layer in enumerate(layers):
        rest = layers[k + 1 :] + behind
        if layer.layers:
            around = layer.layers + rest if layer.type == "repeat" else rest
            layer = replace(layer, layers=solved(layer.layers, file, around))
        if _has_weights(layer) and dict(layer.options)["init"] == CRITICAL:
            point = _point(layer, rest, file)
            options = tuple((k, point if k == "init" else v) for k, v in layer.options)
            layer = replace(layer, options=options)
        made.append(layer)
    return tuple(made)


def _has_weights(layer: Layer) -> bool:
    return LAYERS[layer.type].get("init") is INIT


def _point(layer: Layer, rest: tuple[Layer, ...], file: str | None) -> Critical:
    """The critical initialisation of a layer; without biases where it has none."""
    if layer.type in GATED:
        raise InputError(
            f'init = "critical" solves for one activation, and the gates of {layer.type} have '
            'several; write another, such as "orthogonal"',
            file,
            layer.line or None,
        )
    biased = bool(dict(layer.options).get("bias", True))
    try:
        activation = _next_activation(layer, rest)
        point = critical(activation)
        if point.sigma_b2 and not biased:
            point = _without_biases(activation)
    except InputError as error:
        raise InputError(
            f'init = "critical" cannot be solved for: {error.message}', file, layer.line or None
        ) from None
    if point.sigma_w2 is None:
        without = " without biases" if not biased else ""
        raise InputError(
            f'init = "critical" has no solution for {activation.text}{without}: {point.reason}; '
            'write another, such as "he_normal", or a number for fan-in times the variance',
            file,
            layer.line or None,
        )
    return point


def _without_biases(activation: Activation) -> Critical:
    """The critical point at sigma_b^2 = 0, where the variance settles there."""
    point = critical(activation, sigma_b2=0.0)
    if point.sigma_w2 is None or mean_field(activation, point.sigma_w2, 0.0).q_star is not None:
        return point
    reason = f"at sigma_w2 = {point.sigma_w2:.7g} the variance grows without bound"
    return Critical(activation.text, None, None, None, reason)


def _next_activation(layer: Layer, rest: tuple[Layer, ...]) -> Activation:
    """The activation between a layer and the next one with weights.

    Without one, and before the output, which hands its values on to no weights, the layer counts as
    linear.
    """
    following = list(_flat(rest))
    own = dict(layer.options).get("activation")
    if layer.type == "rnn":
        return read(str(own))
    if not any(map(_has_weights, following)) or own == "softmax":
        return read(IDENTITY)
    if isinstance(own, str):
        return read(own)
    for other in following:
        if _has_weights(other):
            break
        found = _as_activation(other)
        if found is not None:
            return found
    return read(IDENTITY)


def _as_activation(layer: Layer) -> Activation | None:
    """An activation layer, or a formula layer that is elementwise in x with learnable scalars."""
    options = dict(layer.options)
    if layer.type == "activation" and options["function"] in ACTIVATIONS:
        return read(str(options["function"]))
    body = None if layer.formula is None else layer.formula.elementwise
    scalars = dict(options.get("parameters", ()))
    if (
        body is None
        or options.get("constants")
        or any(isinstance(v, tuple) for v in scalars.values())
    ):
        return None
    return Activation(
        f"the formula in line {layer.formula_line}", body, tuple(sorted(scalars.items()))
    )


def _flat(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    for layer in layers:
        if layer.layers:
            yield from _flat(layer.layers)
        else:
            yield layer
