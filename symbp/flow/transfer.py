"""What each kind of layer does to the spread of its input, and to the squared norm of the gradient.

Over random weights of mean 0 and variance v, a layer with n inputs a unit multiplies mean squares and
the squared norm of the gradient by n*v, an activation multiplies the latter by E[phi'^2], and branches
that meet add up (Schoenholz et al. 2017, section 3; Yang and Schoenholz 2017, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from symbp.errors import InputError
from symbp.flow.signal import Array, Signal, activated, unknown
from symbp.language.formula_names import nodes
from symbp.language.parser import parse
from symbp.language.tree import Affine, Binary, Call, Expr, Formula, Name, Number, Read
from symbp.language.walk import rebuild
from symbp.layers.definition import Definition
from symbp.meanfield.activation import Activation
from symbp.meanfield.moments import moments
from symbp.network.graph import Node
from symbp.writers.initialisers import moments_of
from symbp.writers.interface import Parameter


@dataclass(frozen=True)
class Transfer:
    """The output's signal, and for each input the factor (n,) on the squared norm of the gradient."""

    output: Signal
    factors: tuple[Array, ...]


@dataclass(frozen=True)
class Layer:
    """A node, its parameters by local name, and the shape of its first input, of one sample."""

    node: Node
    parameters: Mapping[str, Parameter]
    shape: tuple[int, ...]

    @property
    def definition(self) -> Definition:
        return self.node.template.definition

    @property
    def formula(self) -> Formula:
        known = self.definition.formula
        return parse(known) if isinstance(known, str) else known

    def start(self, local: str) -> tuple[float, float]:
        """Mean and variance of a new parameter's entries; a constant 0 where there is none."""
        return moments_of(self.parameters[local]) if local in self.parameters else (0.0, 0.0)


def transfer(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    """What a layer does in training; NaN where no rule covers it."""
    rule = RULES.get(layer.node.kind)
    if layer.definition.noise:
        rule = _dropout
    elif rule is None and layer.formula.elementwise is not None and len(signals) == 1:
        rule = _activation
    if rule is None:
        nothing = unknown(len(signals[0].second))
        return Transfer(nothing, (nothing.second,) * len(signals))
    return rule(layer, signals)


def _every(signal: Signal, factor: float) -> Array:
    return np.full(len(signal.second), factor)


def _dense(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    return _weighted(layer, signals[0], "W", 1.0, signals[0].exact)


def _convolution(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    """As if every window saw the same mean square, its part outside the image 0."""
    return _weighted(layer, signals[0], "K", _inside(layer), exact=False)


def _weighted(layer: Layer, signal: Signal, name: str, inside: float, exact: bool) -> Transfer:
    (mean, variance), (offset, spread) = layer.start(name), layer.start("b")
    if mean:
        nothing = unknown(len(signal.second))
        return Transfer(nothing, (nothing.second,))
    factor = layer.parameters[name].fans[0] * variance * inside
    biases = offset**2 + spread
    output = Signal(
        second=factor * signal.second + biases,
        mean=_every(signal, offset),
        shared=factor * signal.shared + biases,
        normal=True,
        exact=exact,
    )
    return Transfer(output, (_every(signal, factor),))


def _inside(layer: Layer) -> float:
    """The share of a kernel's reads that meet the image, not its padding."""
    (read,) = [n for n in nodes(layer.formula) if isinstance(n, Read) and n.name == "x"]
    sizes = layer.parameters["K"].own_shape[2:]
    shape = [int(size or 0) for size in layer.node.template.output_shape[2:]]
    share = 1.0
    for axis, (window, places) in enumerate(zip(sizes, shape, strict=True)):
        position = read.positions[2 + axis]
        assert isinstance(position, Affine)
        stride, dilation = (coefficient for coefficient, _ in position.terms)
        at = stride * np.arange(places)[:, None] + dilation * np.arange(window) + position.constant
        share *= float(np.mean((at >= 0) & (at < layer.shape[1 + axis])))
    return share


def _activation(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    body = layer.formula.elementwise
    assert body is not None
    scalars = {name: layer.start(name)[0] for name in layer.definition.parameters}
    (name,) = layer.definition.inputs
    activation = Activation(layer.node.layer, _in_x(body, name), tuple(sorted(scalars.items())))
    try:
        output, slope = activated(signals[0], moments(activation))
    except InputError:
        output = unknown(len(signals[0].second))
        slope = output.second
    return Transfer(output, (slope,))


def _in_x(body: Expr, name: str) -> Expr:
    """Formulas call their input x unless they name it."""
    if name == "x":
        return body
    renamed: Expr = rebuild(body, lambda node: Name("x") if node == Name(name) else node)
    return renamed


def _dropout(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    """Kept entries are divided by the share kept: their squares grow by it."""
    (rate,) = layer.definition.noise.values()
    signal = replace(signals[0], second=signals[0].second / (1 - rate), normal=False)
    return Transfer(signal, (_every(signal, 1 / (1 - rate)),))


def _moved(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    return Transfer(signals[0], (_every(signals[0], 1.0),))


def _sum(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    """Of branches whose entries are independent given their means."""
    pairs = [a.mean * b.mean for a, b in combinations(signals, 2)]
    names = [layer.node.names[local] for local in layer.definition.inputs]
    output = Signal(
        second=sum((s.second for s in signals), 2 * sum(pairs, np.zeros_like(signals[0].mean))),
        mean=sum((s.mean for s in signals), np.zeros_like(signals[0].mean)),
        shared=sum(s.shared for s in signals) + 2 * float(np.mean(sum(pairs, np.zeros(1)))),
        normal=all(s.normal for s in signals),
        exact=all(s.exact for s in signals) and len(set(names)) == len(names),
    )
    return Transfer(output, tuple(_every(s, 1.0) for s in signals))


def _layernorm(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    """The gradient loses two of its directions: along 1 and along the normalised input."""
    signal, width = signals[0], layer.shape[-1]
    spread = signal.second - signal.mean**2
    scale = 1 / (spread + _eps(layer))
    shared = float(np.mean(scale)) * (signal.shared - float(np.mean(signal.mean)) ** 2)
    output = _scaled(layer, signal, spread * scale, np.zeros_like(spread), shared)
    return Transfer(output, (_gain(layer) * scale * max(1 - 2 / width, 0.0),))


def _rmsnorm(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    signal, width = signals[0], layer.shape[-1]
    scale = 1 / (signal.second + _eps(layer))
    mean, shared = signal.mean * np.sqrt(scale), float(np.mean(scale)) * signal.shared
    output = _scaled(layer, signal, signal.second * scale, mean, shared)
    return Transfer(output, (_gain(layer) * scale * max(1 - 1 / width, 0.0),))


def _batchnorm(layer: Layer, signals: tuple[Signal, ...]) -> Transfer:
    """Over the batch a feature varies by what two samples do not share (Yang et al. 2019, section 3).

    The mean of 1/variance is that of n - 1 independent normal numbers; samples that depend on each
    other otherwise make it larger, so that the factor is a guess for small batches.
    """
    signal, count = signals[0], len(signals[0].second)
    if len(layer.shape) > 1 or count <= 3:
        nothing = unknown(count)
        return Transfer(nothing, (nothing.second,))
    spread = (1 - 1 / count) * max(float(signal.second.mean()) - signal.shared, 0.0)
    scale = 1 / (spread + _eps(layer))
    kept = spread * scale
    made = _scaled(layer, signal, _every(signal, kept), _every(signal, 0.0), -kept / (count - 1))
    factor = _gain(layer) * scale * (count - 1) / (count - 3) * (1 - 2 / count)
    return Transfer(replace(made, exact=False), (_every(signal, factor),))


def _scaled(layer: Layer, signal: Signal, second: Array, mean: Array, shared: float) -> Signal:
    """A normalised signal behind gamma and beta, which start as constants."""
    (gamma, _), (beta, _) = layer.start("gamma"), layer.start("beta")
    return Signal(
        second=gamma**2 * second + 2 * gamma * beta * mean + beta**2,
        mean=gamma * mean + beta,
        shared=gamma**2 * shared + beta**2,
        normal=signal.normal,
        exact=signal.exact,
    )


def _gain(layer: Layer) -> float:
    return layer.start("gamma")[0] ** 2


def _eps(layer: Layer) -> float:
    """What stands beside the variance under the root."""
    roots = [n for n in nodes(layer.formula) if isinstance(n, Call) and n.function == "sqrt"]
    under = [r.arguments[0] for r in roots if isinstance(r.arguments[0], Binary)]
    return float(next((b.right.value for b in under if isinstance(b.right, Number)), 0))


Rule = Callable[[Layer, tuple[Signal, ...]], Transfer]
RULES: Mapping[str, Rule] = {
    "dense": _dense, "conv1d": _convolution, "conv2d": _convolution,
    "residual": _sum, "add": _sum, "flatten": _moved, "reshape": _moved,
    "layernorm": _layernorm, "rmsnorm": _rmsnorm, "batchnorm": _batchnorm,
}  # fmt: skip
