"""The critical initialisation of a layer, solved from the activation behind it."""

from __future__ import annotations

from collections.abc import Iterator

from symbp.errors import InputError
from symbp.language.options import has_weights
from symbp.language.spec import Layer
from symbp.layers.activations import ACTIVATIONS
from symbp.meanfield.activation import Activation, read
from symbp.meanfield.critical import Critical, critical
from symbp.meanfield.mean_field import mean_field

IDENTITY = "identity"
GATED = ("lstm", "gru")


def critical_point(layer: Layer, rest: tuple[Layer, ...], file: str | None) -> Critical:
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
    if not any(has_weights(other.type) for other in following) or own == "softmax":
        return read(IDENTITY)
    if isinstance(own, str):
        return read(own)
    for other in following:
        if has_weights(other.type):
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
