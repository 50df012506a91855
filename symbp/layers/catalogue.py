"""Every layer type of the network file: from its options and the shapes of its inputs to its formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from symbp.language.spec import Layer
from symbp.layers import (
    attention,
    checks,
    convolution,
    dense,
    elementwise,
    embedding,
    norms,
    pooling,
    recurrent,
    shape,
)
from symbp.layers.activations import ACTIVATIONS
from symbp.layers.checks import Shape
from symbp.layers.definition import Definition
from symbp.layers.output import with_output

Options = dict[str, Any]
Builder = Callable[[Layer, Options, tuple[Shape, ...]], Definition]  # raises ValueError


def _dense(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_an_axis(layer.type, shapes[0])
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
    checks.needs_an_axis(layer.type, shapes[0])
    return elementwise.softmax()


def _dropout(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    return elementwise.dropout(options["rate"])


def _flatten(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_an_axis(layer.type, shapes[0])
    return shape.reshape(shapes[0], (math.prod(shapes[0]),))


def _reshape(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_an_axis(layer.type, shapes[0])
    target = tuple(options["shape"])
    checks.same_entries(shapes[0], target)
    return shape.reshape(shapes[0], target)


def _convolution(axes: str) -> Builder:
    def build(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
        checks.needs_axes(layer.type, shapes[0], f"c{axes}")
        channels, *sizes = shapes[0]
        windows = [options[key] for key in ("kernel", "dilation", "padding")]
        for window in zip(axes, sizes, *windows, strict=True):
            checks.window_fits(*window)
        checks.groups_divide(options["groups"], channels, options["filters"])
        keys = ("filters", "kernel", "stride", "padding", "dilation", "groups", "bias")
        return convolution.convolution(channels, **{key: options[key] for key in keys})

    return build


def _pool2d(op: str) -> Builder:
    def build(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
        checks.needs_axes(layer.type, shapes[0], "chw")
        for window in zip("hw", shapes[0][1:], options["kernel"], strict=True):
            checks.window_fits(*window)
        return pooling.pool2d(op, options["kernel"], options["stride"])

    return build


def _globalavgpool(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_axes(layer.type, shapes[0], "chw")
    return pooling.globalavgpool()


def _batchnorm(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_axes(layer.type, shapes[0], "c", "chw")
    return norms.batchnorm(len(shapes[0]), options["eps"], options["momentum"])


def _norm(formula: Callable[[float], Definition]) -> Builder:
    def build(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
        checks.needs_an_axis(layer.type, shapes[0])
        return formula(options["eps"])

    return build


def _embedding(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_axes(layer.type, shapes[0], "t")
    return embedding.embedding(options["vocabulary"], options["dim"])


def _positional(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_axes(layer.type, shapes[0], "td")
    if options["kind"] == "learned":
        return embedding.learned()
    return embedding.sinusoidal(shapes[0][1])


def _rnn(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_axes(layer.type, shapes[0], "ti")
    return recurrent.rnn(options["units"], options["activation"], options["return_sequences"])


def _gated(formula: Callable[[int, bool], Definition]) -> Builder:
    def build(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
        checks.needs_axes(layer.type, shapes[0], "ti")
        return formula(options["units"], options["return_sequences"])

    return build


def _attention(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    checks.needs_axes(layer.type, shapes[0], "td")
    checks.heads_divide(options["heads"], shapes[0][1])
    return attention.attention(shapes[0][1], options["heads"], options["causal"])


def _combine(op: str) -> Builder:
    def build(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
        checks.one_shape(layer.type, shapes)
        return shape.combine(op, len(shapes))

    return build


def _concat(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    axis = checks.joined_axis(options["axis"], shapes)
    return shape.concat(len(shapes[0]), axis, tuple(s[axis] for s in shapes))


def _formula(layer: Layer, options: Options, shapes: tuple[Shape, ...]) -> Definition:
    assert layer.formula is not None
    names = tuple(local for local, _ in layer.inputs) or ("x",)
    formula, output = with_output(layer.formula, {*names, *dict(options["parameters"])})
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


LAYERS: dict[str, Builder] = {
    "dense": _dense,
    "activation": _activation,
    "softmax": _softmax,
    "dropout": _dropout,
    "flatten": _flatten,
    "reshape": _reshape,
    "conv1d": _convolution("w"),
    "conv2d": _convolution("hw"),
    "maxpool2d": _pool2d("max"),
    "avgpool2d": _pool2d("mean"),
    "globalavgpool": _globalavgpool,
    "batchnorm": _batchnorm,
    "layernorm": _norm(norms.layernorm),
    "rmsnorm": _norm(norms.rmsnorm),
    "embedding": _embedding,
    "positional": _positional,
    "rnn": _rnn,
    "lstm": _gated(recurrent.lstm),
    "gru": _gated(recurrent.gru),
    "attention": _attention,
    "add": _combine("+"),
    "multiply": _combine("*"),
    "concat": _concat,
    "formula": _formula,
}
