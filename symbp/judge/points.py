"""Where answers are evaluated: nothing is zero, equal, or at a kink, and no two sizes are the same."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from symbp.errors import InputError
from symbp.judge.outcome import Array, Network, Notation, Point, Targets
from symbp.language.spec import Layer, Output
from symbp.network.program import Program
from symbp.proof import module
from symbp.writers.interface import Interface
from symbp.writers.interface import Output as Judged
from symbp.writers.module import write
from symbp.writers.outline import interface
from symbp.writers.scalar import Scalar
from symbp.writers.storage import plan

SAMPLES = 3  # at least
SPREAD = 0.5  # standard deviation of what is added to fresh parameters
CANDIDATES = 8  # for each point


def points(
    network: Network, notation: Notation | None, count: int = 3, seed: int = 0
) -> tuple[Point, ...]:
    """Data at which answers in this notation are evaluated.

    Scalar answers get their network's twin with one neuron a layer and one sample, all others the
    network itself with a batch of three or more, of a size that no axis of the network has. Biases
    are not zero. Raises InputError where the network has no scalar form, or no point with a finite
    loss is found.
    """
    scalar = notation == "scalar"
    program = (scalar_twin(network) if scalar else network).program
    samples = 1 if scalar else _samples(program)
    drawn = _candidates(program, samples, CANDIDATES * count, seed)
    if not drawn:
        raise InputError(f"the loss of {network.spec.name} is not finite where it was tried")
    return _different(drawn, count)


def _samples(program: Program) -> int:
    sizes = {size for tensor in program.tensors.values() for size in tensor.shape}
    return next(n for n in range(SAMPLES, SAMPLES + len(sizes) + 1) if n not in sizes)


def _candidates(
    program: Program, samples: int, count: int, seed: int
) -> list[tuple[Point, frozenset[str]]]:
    """Points with a finite loss, each with the parameters whose gradient is zero there.

    As in the proof, every second one has positive data and every fourth positive parameters if no
    other will do: formulas with logarithms and roots need them.
    """
    net = interface(program, "float64")
    live = _live(program)
    found = []
    for positive in (0, 1, 2):
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            point = _draw(live.init_params(seed + number), net, samples, rng, positive)
            with np.errstate(all="ignore"):
                value, grads = live.loss_and_grads(point.params, point.x, point.t)
            if np.isfinite(value) and all(np.isfinite(g).all() for g in grads.values()):
                found.append((point, frozenset(k for k, g in grads.items() if not np.any(g))))
        if found:
            break
    return found


@lru_cache(maxsize=16)
def _live(program: Program) -> ModuleType:
    return module.load(write(program).source)


def _different(drawn: list[tuple[Point, frozenset[str]]], count: int) -> tuple[Point, ...]:
    """The point with the fewest gradients that are zero, then others where other ones are zero."""
    order = sorted(range(len(drawn)), key=lambda k: (len(drawn[k][1]), k))
    chosen: list[int] = []
    for k in order:
        if drawn[k][1] not in [drawn[c][1] for c in chosen]:
            chosen.append(k)
    chosen += [k for k in order if k not in chosen]
    return tuple(drawn[k][0] for k in chosen[:count])


def _draw(
    params: dict[str, Array], net: Interface, samples: int, rng: np.random.Generator, positive: int
) -> Point:
    buffers = {buffer.name for buffer in net.buffers}
    moved = {}
    for name, value in params.items():
        noise = _spread(np.shape(value)) * rng.standard_normal(np.shape(value))
        grows = name in buffers and (value > 0).all()  # a variance
        moved[name] = value * np.exp(noise) if grows else value + noise
        if positive > 1:
            moved[name] = np.abs(moved[name])
    shape = (samples, *net.input_shape)
    x: Array
    if net.vocabulary:
        x = rng.integers(net.vocabulary, size=shape)
    else:
        x = rng.uniform(0.1, 0.9, shape) if positive else rng.standard_normal(shape)
    targets = {o.target: _target(o, samples, rng, positive > 0) for o in net.outputs}
    t: Targets = targets if net.several else targets[net.outputs[0].target]
    return Point(moved, x, t)


def _spread(shape: tuple[int, ...]) -> float:
    """Of what is added to fresh parameters; a sum over many entries stays where nothing saturates."""
    return SPREAD / max(1.0, math.prod(shape[:-1]) / 4) ** 0.5


def _target(output: Judged, samples: int, rng: np.random.Generator, positive: bool) -> Array:
    size = (samples, *output.expected)
    if output.prepared and output.count:  # one-hot serves answers that subtract it, and others too
        return np.eye(output.count)[rng.integers(output.count, size=size)]
    match output.classes:
        case "one_hot":
            return np.eye(size[-1])[rng.integers(size[-1], size=size[:-1])]
        case "integer":
            return rng.integers(output.count or 1, size=size)
        case "binary":
            return 1.0 * rng.integers(2, size=size)
        case "sign":
            return 2.0 * rng.integers(2, size=size) - 1
    return rng.uniform(0.1, 0.9, size) if positive else rng.standard_normal(size)


@lru_cache(maxsize=16)
def degenerate(network: Network) -> tuple[str, ...]:
    """Kinds of layers that one neuron cannot show; empty where the scalar notation applies."""
    return Scalar(plan(network.program)).degenerate


def scalar_twin(network: Network) -> Network:
    """The same network with one neuron in every layer: its parameters are arrays of one entry.

    Raises InputError where one neuron is degenerate (softmax, norms, convolutions).
    """
    return _twin(network)


@lru_cache(maxsize=16)
def _twin(network: Network) -> Network:
    kinds = degenerate(network)
    if kinds:
        raise InputError(
            f"{network.spec.name} has no scalar notation, as one neuron of {', '.join(kinds)} "
            "shows nothing; write the answer in matrix notation"
        )
    spec = network.spec
    twin = replace(
        spec,
        input_shape=(1,) * len(spec.input_shape),
        layers=tuple(map(_one_neuron, spec.layers)),
        outputs=tuple(map(_one_output, spec.outputs)),
        data=None,
    )
    return type(network).from_spec(twin)


SIZES = frozenset({"units", "filters", "shape", "parameters", "sizes", "constants"})


def _one_neuron(layer: Layer) -> Layer:
    options = tuple((k, _ones(v) if k in SIZES else v) for k, v in layer.options)
    return replace(layer, options=options, layers=tuple(map(_one_neuron, layer.layers)))


def _one_output(output: Output) -> Output:
    options = tuple((k, _ones(v) if k in SIZES else v) for k, v in output.loss.options)
    return replace(output, loss=replace(output.loss, options=options))


def _ones(value: Any) -> Any:
    """Every size as one; names of axes stay."""
    if isinstance(value, tuple):
        return tuple(map(_ones, value))
    return 1 if type(value) is int else value
