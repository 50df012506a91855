"""Layers as they are written, and the plain layers that they stand for."""

from __future__ import annotations

from dataclasses import replace

from symbp.language.parser import parse
from symbp.language.spec import Layer
from symbp.layers.activations import ACTIVATIONS


def expand(layer: Layer) -> tuple[Layer, ...]:
    """A layer with ``activation = ..`` is the layer and an activation layer right behind, which
    carries the name."""
    activation = dict(layer.options).get("activation")
    if not isinstance(activation, str) or layer.type == "rnn":
        return (layer,)
    options = tuple((k, v) for k, v in layer.options if k != "activation")
    first = replace(layer, name=None, options=options)
    if activation == "softmax":
        return first, Layer("softmax", layer.name, line=layer.line)
    if activation in ACTIVATIONS:
        second = Layer("activation", layer.name, (("function", activation),), line=layer.line)
    else:
        plain = (("function", None), ("latex", ()), ("parameters", ()))
        second = Layer("activation", layer.name, plain, formula=parse(activation), line=layer.line)
    return first, second


def user_names(layers: tuple[Layer, ...]) -> list[str]:
    """The names that the user gave to layers, those inside others too, in file order."""
    found = []
    for layer in layers:
        found += [layer.name] if layer.name else []
        found += user_names(layer.layers)
    return found
