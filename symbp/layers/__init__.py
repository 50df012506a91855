"""The layers: forward formulas and nothing else. ``define`` finds the formula of a layer of a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from symbp.errors import InputError
from symbp.language.spec import Layer
from symbp.layers import dense, elementwise, norms, shape
from symbp.layers.activations import ACTIVATIONS
from symbp.layers.definition import Definition

Shape = tuple[int, ...]  # of one sample
Options = dict[str, Any]


def define(layer: Layer, shapes: tuple[Shape, ...], file: str | None = None) -> Definition:
    """The definition of ``layer`` for inputs of these shapes (of one sample, without the batch).

    Raises InputError where the shapes do not suit the layer.
    """
    if layer.type not in LAYERS:
        raise InputError(
            f"layer type '{layer.type}' is known but not derived by this version; "
            f"here are: {', '.join(sorted([*LAYERS, 'repeat', 'residual']))}",
            file,
            layer.line or None,
        )
    try:
        return LAYERS[layer.type](layer, dict(layer.options), shapes)
    except ValueError as error:
        raise InputError(str(error), file, layer.line or None) from None


def _needs_an_axis(layer: Layer, shapes: tuple[Shape, ...]) -> None:
    if not shapes[0]:
        raise ValueError(
            f"{layer.type} needs an input with at least one axis, not one number a sample"
        )


def _dense(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    _needs_an_axis(layer, shapes)
    return dense.dense(options["units"], options["bias"])


def _activation(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    if layer.formula is None:
        return activation_by_name(options["function"])
    return elementwise.activation(
        layer.formula, dict(options["parameters"]), dict(options["latex"]), layer.formula_line
    )


def activation_by_name(name: str) -> Definition:
    """A named activation is the call of its own name."""
    if name == "softmax":
        return elementwise.softmax()
    known = ACTIVATIONS[name]
    formula = f"{name}(x)" if known.named else known.formula
    return elementwise.activation(formula, {}, {})


def _softmax(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    _needs_an_axis(layer, shapes)
    return elementwise.softmax()


def _dropout(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    return elementwise.dropout(options["rate"])


def _flatten(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    _needs_an_axis(layer, shapes)
    return shape.reshape(shapes[0], (math.prod(shapes[0]),))


def _reshape(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    _needs_an_axis(layer, shapes)
    target = tuple(options["shape"])
    if math.prod(target) != math.prod(shapes[0]):
        raise ValueError(
            f"cannot reshape {list(shapes[0])} ({math.prod(shapes[0])} entries) to {list(target)} "
            f"({math.prod(target)} entries)"
        )
    return shape.reshape(shapes[0], target)


def _batchnorm(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    if len(shapes[0]) not in (1, 3):
        raise ValueError(
            f"batchnorm takes an input of shape [c] or [c, h, w], not {list(shapes[0])}"
        )
    return norms.batchnorm(len(shapes[0]), options["eps"], options["momentum"])


def _layernorm(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    _needs_an_axis(layer, shapes)
    return norms.layernorm(options["eps"])


def _rmsnorm(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    _needs_an_axis(layer, shapes)
    return norms.rmsnorm(options["eps"])


def _combine(op: str) -> Callable[[Layer, Options, tuple[Shape, ...]], Definition]:
    def build(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
        if len(set(shapes)) > 1:
            listed = ", ".join(str(list(s)) for s in shapes)
            raise ValueError(f"{layer.type} needs inputs of one shape, not {listed}")
        return shape.combine(op, len(shapes))

    return build


def _concat(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    ranks = len(shapes[0])
    axis = options["axis"]
    if not -ranks <= axis < ranks:
        raise ValueError(f"axis = {axis} does not exist in a sample of shape {list(shapes[0])}")
    axis %= ranks
    rest = {(*s[:axis], *s[axis + 1 :]) for s in shapes}
    if len(rest) > 1 or len({len(s) for s in shapes}) > 1:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise ValueError(f"concat needs inputs that differ along axis {axis} alone, not {listed}")
    return shape.concat(ranks, axis, tuple(s[axis] for s in shapes))


def _formula(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    formula = layer.formula
    assert formula is not None
    names = tuple(local for local, _ in layer.inputs) or ("x",)
    output = formula.equations[-1].name if formula.equations else "y"
    scalars = {k: v for k, v in options["parameters"] if not isinstance(v, tuple)}
    return Definition(
        formula=formula,
        inputs=names,
        output=output,
        parameters={k: v if isinstance(v, tuple) else () for k, v in options["parameters"]},
        init={**scalars, **dict(options["init"])},
        sizes=dict(options["sizes"]),
        constants=dict(options["constants"]),
        regularized=tuple(options["regularized"]),
        latex=dict(options["latex"]),
        line=layer.formula_line,
    )


LAYERS: dict[str, Callable[[Layer, Options, tuple[Shape, ...]], Definition]] = {
    "dense": _dense,
    "activation": _activation,
    "softmax": _softmax,
    "dropout": _dropout,
    "flatten": _flatten,
    "reshape": _reshape,
    "batchnorm": _batchnorm,
    "layernorm": _layernorm,
    "rmsnorm": _rmsnorm,
    "add": _combine("+"),
    "multiply": _combine("*"),
    "concat": _concat,
    "formula": _formula,
}
