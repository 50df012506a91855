"""The layers: forward formulas and nothing else. ``define`` finds the formula of a layer of a network."""

from __future__ import annotations

from symbp.errors import InputError
from symbp.language.spec import Layer
from symbp.layers.catalogue import LAYERS, activation_by_name
from symbp.layers.checks import Shape
from symbp.layers.definition import Definition


def define(layer: Layer, shapes: tuple[Shape, ...], file: str | None = None) -> Definition:
    """The definition of ``layer`` for inputs of these shapes (of one sample, without the batch).

    Raises InputError where the shapes do not suit the layer.
    """
    try:
        return LAYERS[layer.type](layer, dict(layer.options), shapes)
    except ValueError as error:
        raise InputError(str(error), file, layer.line or None) from None


__all__ = ["LAYERS", "activation_by_name", "define"]
