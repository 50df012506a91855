"""What a formula's symbols stand for at one point: values of the network, and its true adjoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from symbp.calculus.equation import ADJOINT
from symbp.judge.evaluate_network import Chain, State
from symbp.judge.outcome import Point
from symbp.judge.text import indices
from symbp.judge.text.history import History
from symbp.judge.text.indices import index, letters, placed
from symbp.judge.text.values import Array, Misfit, Value, spread
from symbp.network.program import Program


@dataclass(frozen=True)
class Read:
    """At which indices a tensor is read, how far letters beside others run, and where in the text."""

    indices: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    start: int = 0


Layout = Literal["rows", "columns", "mixed", "scalar"]


class Scene:
    """One network at one point, in one notation.

    In the layout "rows" a matrix has a sample in each row, and a vector of parameters is a row. In
    "columns" everything is transposed, also weights: z = W x + b; in "mixed" weights are as in rows:
    z = W^T x + b. In "scalar" every tensor is a number.
    """

    def __init__(self, chain: Chain, point: Point, layout: Layout) -> None:
        self.chain, self.point, self.layout = chain, point, layout
        self.scalar, self.columns = layout == "scalar", layout in ("columns", "mixed")
        self.batch = len(point.x)

    def turned(self, name: str) -> bool:
        """Whether a tensor lies transposed."""
        tensor = self.program.tensors[name]
        matrix = tensor.role in ("parameter", "buffer") and len(tensor.shape) > 1
        return self.layout == "columns" or (self.layout == "mixed" and not matrix)

    @property
    def program(self) -> Program:
        return self.chain.program

    @cached_property
    def state(self) -> State:
        t = self.point.t
        targets = self.program.targets
        if isinstance(t, Mapping):
            outputs = self.program.graph.outputs
            given = {n: t[o.target] for n, (o, _) in zip(targets, outputs, strict=True)}
        else:
            given = {targets[0]: t}
        return self.chain.state(self.point.params, self.point.x, given, {})

    # -- values ---------------------------------------------------------------------------------

    def tensor(self, name: str, read: Read) -> Value:
        """A tensor of the network, axes labelled by indices. Raises Misfit."""
        return self._value(name, self.history.values(name), read)

    def adjoint(self, name: str, read: Read) -> Value:
        """The true derivative of the loss by a tensor. Raises Misfit."""
        return self._value(name, self.history.adjoints(name), read)

    @cached_property
    def history(self) -> History:
        return History(self.chain, self.state)

    def _value(self, name: str, data: Array, read: Read) -> Value:
        data = np.asarray(data, dtype=float)
        if self.scalar:
            if data.size != 1:
                raise Misfit(f"{name} is no number in scalar notation", read.start, "unknown")
            return Value(data.reshape(()))
        if not data.ndim:
            return Value(data)
        if not read.indices:
            return self.matrix(name, data)
        return self._labelled(name, data, read)

    def matrix(self, name: str, data: Array) -> Value:
        """An array of a tensor as a matrix: one number a sample is a column, a bias is a row."""
        sample = self.program.tensors[name].role not in ("parameter", "buffer")
        rows = data[:, None] if sample and data.ndim == 1 else data.reshape(-1, data.shape[-1])
        return Value(rows.T if self.turned(name) else rows, (), True)

    def _labelled(self, name: str, data: Array, read: Read) -> Value:
        axes = placed(read.indices, self.history.letters(name), data.ndim)
        if axes is None or data.ndim - len(axes) > 2:
            count = f"{data.ndim} {'index' if data.ndim == 1 else 'indices'}"
            raise Misfit(f"{name} has {count}, not {len(read.indices)}", read.start)
        sizes = dict(read.sizes)
        for axis, text in axes.items():
            if index(text).letter:
                sizes[text] = data.shape[axis] - self.history.extra(name, axis)
        padded = self.history.steps(name)
        whole = self.program.tensors[name].role in ("parameter", "buffer")
        labels = letters(axes)
        if self.turned(name) and data.ndim == 2 and len(axes) == 2:
            if whole or self._features_first(labels):
                axes = {0: axes[1], 1: axes[0]}
        found = indices.read(data, axes, sizes, padded=padded, start=read.start)
        found = (
            spread(Value(found, letters(axes)), labels).data if letters(axes) != labels else found
        )
        rest = sorted({*range(data.ndim)} - {*axes})
        if not rest:
            return Value(found, labels)
        if len(rest) == 2:
            return Value(found, labels, True)
        if data.shape[rest[0]] == 1:
            return Value(found[..., 0], labels)
        column = self.columns or rest[0] < data.ndim - 1  # what is left are the samples
        return Value(found[..., :, None] if column else found[..., None, :], labels, True)

    @staticmethod
    def _features_first(indices: tuple[str, ...]) -> bool:
        return indices[1] in ("n", "m")

    def partial(self, upper: str, lower: str, start: int) -> Value:
        """The derivative of one tensor by another, all paths between them; of matrices only entry by
        entry, where one comes out of the other by a function. Raises Misfit."""
        for number, block in enumerate(self.chain.blocks):
            if block.output == (upper, ()) and block.part.kind == "layer":
                return self._through(number, upper, lower, start)
        raise Misfit(f"the derivative of {upper} by {lower} is not known here", start, "unknown")

    def _through(self, number: int, upper: str, lower: str, start: int) -> Value:
        block = self.chain.blocks[number]
        state, part = self.state, block.part
        places = {local: place for local, place in block.places.items() if local in part.outside}
        value = state.values[upper, ()]
        seed = {**state.forward[number], ADJOINT + part.unit.output: np.ones(np.shape(value))}
        found = part.system.run(seed)
        total: Value | None = None
        for local, (name, copies) in places.items():
            slope = found.get(ADJOINT + local)
            if slope is None or copies:
                continue
            if name == lower:
                share = self._local(upper, name, np.asarray(slope), start)
            elif self.scalar and self.program.tensors[name].role == "activation":
                inner = self.partial(name, lower, start)
                share = Value(np.asarray(slope, dtype=float).reshape(()) * inner.data)
            else:
                continue
            total = share if total is None else Value(total.data + share.data, (), share.matrix)
        if total is None and self.scalar:
            return Value(np.zeros(()))
        if total is None:
            raise Misfit(f"{upper} does not depend on {lower} directly", start, "unknown")
        return total

    def _local(self, upper: str, lower: str, slope: Array, start: int) -> Value:
        entrywise = np.shape(slope) == np.shape(self.state.values[upper, ()])
        kinds = {n.output: n.kind for n in self.program.graph.nodes}
        if not self.scalar and not (entrywise and kinds.get(upper) == "activation"):
            raise Misfit(f"the derivative of {upper} by {lower} is no matrix", start, "unknown")
        return self._value(lower, slope, Read())
