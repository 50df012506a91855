"""The theory laid along a real network: widths and initialisation as they are, layer by layer.

    predict(program, x, {("y", ()): norm**2}).norms     # of the gradient at every tensor

The first norms are those at which the loss hands its gradient over; from there every layer multiplies
their squares by its factor (transfer.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from symbp.flow.probe import Key
from symbp.flow.signal import Array, Signal, of_data, unknown
from symbp.flow.transfer import Layer, transfer
from symbp.network.graph import Node, Repeat
from symbp.network.program import Program
from symbp.writers.interface import Parameter
from symbp.writers.outline import interface


@dataclass(frozen=True)
class Prediction:
    """By tensor and copies: ``signals`` of the forward pass, and the ``norms`` of the gradient of a
    whole batch, the roots of their mean squares over random weights; NaN where no rule predicts them."""

    signals: Mapping[Key, Signal]
    norms: Mapping[Key, float]


@dataclass(frozen=True)
class Step:
    """From inputs to an output, with the factors (n,) on the way back."""

    inputs: tuple[Key, ...]
    output: Key
    factors: tuple[Array, ...]


def predict(
    program: Program, x: np.ndarray, starts: Mapping[Key, float] | None = None
) -> Prediction:
    """Means over random weights, on a batch x (n, ...), in training mode.

    ``starts`` holds the squared norms of the gradient where the loss reads the network; without it
    each of them is 1.
    """
    walk = _Walk(program, len(x))
    source = program.graph.spec.input_name
    whole = np.issubdtype(np.asarray(x).dtype, np.integer)
    walk.signals[program.graph.named.get(source, source), ()] = (
        unknown(len(x)) if whole else of_data(x)
    )
    walk.follow(program.graph.items, ())
    given = dict.fromkeys(judged(program), 1.0) if starts is None else starts
    return Prediction(walk.signals, _backward(walk.steps, given, len(x)))


def judged(program: Program) -> tuple[Key, ...]:
    """The tensors at which the loss hands its gradient over."""
    found = []
    for head in program.heads:
        if head.node is None:
            found.append(head.source)
        else:
            found.append(head.node.names[head.node.template.definition.inputs[0]])
    return tuple((name, ()) for name in dict.fromkeys(found))


def _backward(steps: list[Step], starts: Mapping[Key, float], count: int) -> dict[Key, float]:
    """Squared norms from the last step to the first; what meets in one tensor adds up."""
    squares: dict[Key, Array] = {key: np.full(count, s / count) for key, s in starts.items()}
    for step in reversed(steps):
        if step.output in squares:
            for key, factor in zip(step.inputs, step.factors, strict=True):
                squares[key] = squares.get(key, 0.0) + squares[step.output] * factor
    return {key: float(np.sqrt(np.sum(square))) for key, square in squares.items()}


@dataclass
class _Walk:
    """Signals in file order; a repeated chain is gone through as often as it is repeated."""

    program: Program
    count: int
    signals: dict[Key, Signal] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        net = interface(self.program, "float64")
        tensors = self.program.graph.parameters
        self.parameters: dict[str, Parameter] = {
            tensor.name: p for tensor, p in zip(tensors, net.parameters, strict=True)
        }

    def follow(self, items: tuple[Node | Repeat, ...], copies: tuple[int, ...]) -> None:
        for item in items:
            if isinstance(item, Node):
                self._node(item, copies)
            else:
                self._repeat(item, copies)

    def _node(self, node: Node, copies: tuple[int, ...]) -> None:
        definition = node.template.definition
        names = [node.names[local] for local in definition.inputs]
        inputs = tuple(self._key(name, copies) for name in names)
        known = {p: self.parameters[node.names[p]] for p in definition.parameters}
        shape = self.program.graph.tensors[names[0]].shape[1:]
        layer = Layer(node, known, tuple(int(size or 0) for size in shape))
        made = transfer(layer, tuple(self.signals[key] for key in inputs))
        self._made(inputs, self._key(node.output, copies), made.output, made.factors)

    def _repeat(self, repeat: Repeat, copies: tuple[int, ...]) -> None:
        before = self._key(repeat.source, copies)
        for copy in range(repeat.level.times):
            inside = (*copies, copy)
            self._copied(before, (repeat.start, inside))
            self.follow(repeat.items, inside)
            before = self._key(repeat.end, inside)
        self._copied(before, (repeat.result, copies))

    def _copied(self, source: Key, target: Key) -> None:
        self._made((source,), target, self.signals[source], (np.ones(self.count),))

    def _made(
        self, inputs: tuple[Key, ...], output: Key, signal: Signal, factors: tuple[Array, ...]
    ) -> None:
        self.signals[output] = signal
        self.steps.append(Step(inputs, output, factors))

    def _key(self, name: str, copies: tuple[int, ...]) -> Key:
        """A tensor from inside some repeats, or from around them."""
        levels = len(self.program.graph.tensors[name].levels)
        return name, copies[:levels]
