"""A network as a chain of blocks that can be run with mistakes in them.

A gradient under a mistake is found by running the adjoint equations of one part with the mistake in
them, and those of all blocks between it and the parameter as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product

import numpy as np

from symbp.judge.evaluate import Array
from symbp.judge.evaluate_backward import (
    Backward,
    Changes,
    Given,
    State,
    Weights,
    run_forward,
    total,
)
from symbp.judge.evaluate_blocks import Block, Blocks, Place, Places


class Chain(Blocks):
    """Runs the blocks of a program: forward once for each point, back as often as asked."""

    def state(
        self,
        params: Mapping[str, Array],
        x: Array,
        targets: Mapping[str, Array],
        noise: Mapping[str, Array],
    ) -> State:
        """Run forward and back; ``params`` by their keys, ``targets`` and ``noise`` by tensor names."""
        tensors, values = self.program.tensors, {}
        for name, tensor in tensors.items():
            if tensor.role in ("parameter", "buffer"):
                for copies in product(*(range(level.times) for level in tensor.levels)):
                    values[name, copies] = np.asarray(params[tensor.key])[copies]
            elif tensor.role == "input":
                values[name, ()] = x
        values |= {(name, ()): np.asarray(v) for name, v in {**targets, **noise}.items()}
        for name, constant in self.program.graph.constants.items():
            values[name, ()] = np.array(constant, dtype=float)
        return self._run(State(len(x), values), {})

    def again(self, state: State, changes: Changes) -> State:
        """The state with changes in the forward pass."""
        return self._run(State(state.batch, dict(state.values)), changes)

    def _run(self, state: State, changes: Changes) -> State:
        for block in self.blocks:
            change = changes.get(block.part.id)
            state.forward.append(run_forward(block.part, block.places, state, change))
            if block.output is not None:
                state.values[block.output] = state.forward[-1][block.part.unit.output]
        Backward(self, state, state.given).run()
        return state

    def gradients(
        self,
        state: State,
        changes: Changes,
        wanted: Collection[str] | None = None,
        weights: Weights | None = None,
    ) -> dict[str, Array]:
        """The gradient by every parameter, or by those wanted (by tensor names), under changes."""
        names = [p.name for p in self.program.graph.parameters]
        names = [n for n in names if wanted is None or n in wanted]
        users = [u for p, u in self.users.items() if p[0] in names]
        first = min((number for found in users for number, _ in found), default=0)
        given = self.given(state, changes, first, weights)
        return {n: self.parameter(state, n, given) for n in names}

    def given(
        self,
        state: State,
        changes: Changes,
        first: int = 0,
        weights: Weights | None = None,
        aim: str = "",
        pins: Mapping[Place, Array] | None = None,
    ) -> Given:
        """The adjoints that each block hands on, from the last block down to the ``first``; with other
        ``weights``, by tensor names, in the backward pass. With an ``aim``, only those that the gradient
        by that parameter needs are what they should be. ``pins`` are adjoints of activations that come
        from elsewhere."""
        if not changes and not weights and not pins:
            return state.given
        given = dict(state.given)
        return Backward(self, state, given, changes, weights or {}, aim, pins or {}).run(first)

    def total(self, place: Place | None, given: Given) -> Array | None:
        """The sum of what arrives at a place, None where nothing does."""
        return total(self, place, given)

    def parameter(self, state: State, name: str, given: Given) -> Array:
        """The gradient by a parameter, its copies behind each other."""
        levels = self.program.tensors[name].levels
        times = [level.times for level in levels]
        copies = list(product(*map(range, times)))
        found = []
        for place in ((name, c) for c in copies):
            total = self.total(place, given)
            found.append(np.zeros_like(state.values[place]) if total is None else total)
        return np.array(found).reshape(*times, *np.shape(found[0])) if times else found[0]


__all__ = ["Block", "Chain", "Changes", "Given", "Place", "Places", "State"]
