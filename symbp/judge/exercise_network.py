"""A network small enough to work through with pencil and paper.

It is the network itself where that is small; else the same with one neuron in every layer, or with two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from symbp.calculus.equation import ADJOINT
from symbp.errors import InputError
from symbp.judge.outcome import Network, Notation
from symbp.judge.points import degenerate, scalar_twin
from symbp.language.spec import Layer
from symbp.network.items import Noise, Statement
from symbp.network.program import Program

MOST = 48  # numbers to work out in a backward pass
STEPS = 40
NEURONS = 2  # in the layers of a network that was made smaller,
CLASSES = 3  # and in its last one
SIZES = frozenset({"units", "shape", "parameters", "sizes"})


@dataclass(frozen=True, eq=False)
class Small:
    """What is worked through; ``change`` is "", "scalar" (one neuron a layer) or "shrunk"."""

    network: Network
    notation: Notation
    change: str

    @property
    def program(self) -> Program:
        return self.network.program


def small(network: Network) -> Small:
    """The network as it is, or a smaller one with the same formulas.

    Raises InputError where none is small enough, or a step is not a product of matrices.
    """
    if fits(network.program):
        return Small(network, "matrix", "")
    if not degenerate(network):
        twin = Small(scalar_twin(network), "scalar", "scalar")
        if fits(twin.program):
            return twin
    found = shrunk(network)
    if found is not None and fits(found.program):
        return Small(found, "matrix", "shrunk")
    raise InputError(
        f"{network.spec.name} cannot be worked through by hand, not even with {NEURONS} neurons a "
        "layer; take a network of dense layers, activations and softmax",
        network.spec.file,
    )


def fits(program: Program) -> bool:
    """Whether every step stands for itself, and there are not too many numbers in them."""
    if not all(isinstance(item, (Statement, Noise)) for item in program.backward):
        return False  # loops over time or depth
    counts = [numbers(program, item) for item in backward(program)]
    known = [count for count in counts if count is not None]
    return 0 < len(known) == len(counts) <= STEPS and sum(known) <= MOST


def numbers(program: Program, statement: Statement) -> int | None:
    """How many a step defines for one sample; None where it is no equation between matrices."""
    shape = program.tensors[statement.defines.lstrip(ADJOINT)].shape
    if len(shape) > 3 or statement.fills_zeros:
        return None
    return math.prod(size or 1 for size in shape)


def forward(program: Program) -> Iterator[Statement]:
    """The steps of the forward pass outside training, and what the backward pass reads of the loss."""
    wanted = {name for item in backward(program) for name in item.reads}
    for item in (*program.forward, *program.loss):
        if isinstance(item, Statement) and item.mode != "training":
            if item.part != "loss" or item.defines in wanted:
                yield item


def backward(program: Program) -> Iterator[Statement]:
    """The steps of the backward pass outside training."""
    for item in program.backward:
        if isinstance(item, Statement) and item.mode != "training":
            yield item


def shrunk(network: Network) -> Network | None:
    """The same layers with two neurons each, three classes at the end; None where they do not fit
    together then."""
    spec = network.spec
    layers = tuple(_few(layer, NEURONS) for layer in spec.layers)
    last = next((k for k, y in reversed(list(enumerate(spec.layers))) if _units(y)), None)
    if last is not None:
        layers = (*layers[:last], _few(spec.layers[last], CLASSES), *layers[last + 1 :])
    shape = tuple(min(size, NEURONS) for size in spec.input_shape)
    try:
        return type(network).from_spec(replace(spec, input_shape=shape, layers=layers, data=None))
    except InputError:
        return None


def _units(layer: Layer) -> bool:
    return any(key in SIZES for key, _ in layer.options)


def _few(layer: Layer, most: int) -> Layer:
    options = tuple((k, _at_most(v, most) if k in SIZES else v) for k, v in layer.options)
    inner = tuple(_few(inside, most) for inside in layer.layers)
    return replace(layer, options=options, layers=inner)


def _at_most(value: Any, most: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_at_most(v, most) for v in value)
    return min(value, most) if type(value) is int else value
