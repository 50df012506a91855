"""Arrays of a network's tensors at one point, the copies of a repeat behind each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import product

import numpy as np

from symbp.calculus.equation import ADJOINT
from symbp.judge.evaluate_network import Chain, State
from symbp.judge.text.indices import index, placed
from symbp.judge.text.values import Array, Misfit
from symbp.network.graph import Repeat

Copies = tuple[int, ...]


class History:
    """Values and true adjoints by tensor names. What the copies of a repeat hand on to each other has
    an axis of one entry more than there are copies: its start, and what each of them makes of it."""

    def __init__(self, chain: Chain, state: State) -> None:
        self.chain, self.state = chain, state
        self.program = chain.program

    # -- axes -----------------------------------------------------------------------------------

    @cached_property
    def results(self) -> Mapping[str, Repeat]:
        return {r.result: r for r in self.chain.repeats}

    def levels(self, name: str) -> tuple[str, ...]:
        """The letters of the copies around a tensor."""
        own = tuple(level.letter for level in self.program.tensors[name].levels)
        return (*own, self.results[name].level.letter) if name in self.results else own

    def letters(self, name: str) -> tuple[str | None, ...]:
        """The letter of each axis in the formula of the layer that makes the tensor."""
        levels = self.levels(name)
        made = self.results[name].end if name in self.results else name
        for block in self.chain.blocks:
            for local, (tensor, _) in block.places.items():
                if tensor == made and (block.part.id == made or local != block.part.unit.output):
                    own = block.part.unit.letters.get(local, ())
                    return (*levels, *(str(letter) for letter in own))
        return levels

    def extra(self, name: str, axis: int) -> int:
        """How many entries more than copies an axis has."""
        return int(name in self.results and axis == len(self.levels(name)) - 1)

    def steps(self, name: str) -> bool:
        """Whether a tensor is zero outside its axes: what a recurrence reads of its own past."""
        links = (link for b in self.chain.blocks for link in b.part.unit.links)
        return any(True for _ in links) and self.program.tensors[name].role == "activation"

    def sizes(self, name: str, indices: tuple[str, ...]) -> dict[str, int]:
        """How far the letters among a tensor's indices run."""
        if name not in self.program.tensors:
            return {}
        try:
            data = self.values(name)
        except Misfit:
            return {}
        axes = placed(indices, self.letters(name), data.ndim) if indices else None
        found = {}
        for axis, text in (axes or {}).items():
            if index(text).letter:
                found[text] = data.shape[axis] - self.extra(name, axis)
        return found

    # -- arrays ---------------------------------------------------------------------------------

    def values(self, name: str) -> Array:
        """Raises Misfit where the value is not known."""
        if self.program.tensors[name].role == "noise":  # nothing is dropped when answers are judged
            return np.ones(())
        return self._stacked(name, self._value)

    def adjoints(self, name: str) -> Array:
        """Raises Misfit where the derivative is not known."""
        return self._stacked(name, self._adjoint)

    def _stacked(self, name: str, one: Callable[[str, Copies], Array]) -> Array:
        times = [level.times for level in self.program.tensors[name].levels]
        if name not in self.results:
            found = [one(name, copies) for copies in product(*map(range, times))]
            return np.array(found, dtype=float).reshape((*times, *np.shape(found[0])))
        repeat = self.results[name]
        found = []
        for outer in product(*map(range, times)):
            found.append(one(*self.chain.place(repeat.start, (*outer, 0))))
            found += [one(repeat.end, (*outer, k)) for k in range(repeat.level.times)]
        shape = (*times, repeat.level.times + 1, *np.shape(found[0]))
        return np.array(found, dtype=float).reshape(shape)

    def _value(self, name: str, copies: Copies) -> Array:
        place = self.chain.place(name, copies)
        if place in self.state.values:
            return self.state.values[place]
        for number, local in self._inside(name, copies):
            if local in self.state.forward[number]:
                return np.asarray(self.state.forward[number][local])
        raise Misfit(f"the value of {name} is not known here", kind="unknown")

    def _adjoint(self, name: str, copies: Copies) -> Array:
        found = self.chain.total(self.chain.place(name, copies), self.state.given)
        if found is not None:
            return found
        for number, local in self._inside(name, copies):
            inner = self._block(number).get(ADJOINT + local)
            if inner is not None:
                return np.asarray(inner)
        raise Misfit(f"the derivative by {name} is not known here", kind="unknown")

    def _inside(self, name: str, copies: Copies) -> list[tuple[int, str]]:
        """The layers that have a tensor of this name, with their own name for it."""
        return [
            (number, local)
            for number, block in enumerate(self.chain.blocks)
            for local, place in block.places.items()
            if place == (name, copies) and block.part.kind == "layer"
        ]

    def _block(self, number: int) -> Mapping[str, Array]:
        """All adjoints of one layer, of what it computes on its way, too."""
        block = self.chain.blocks[number]
        given = self.chain.total(block.output, self.state.given)
        if given is None:
            return {}
        seed = {**self.state.forward[number], ADJOINT + block.part.unit.output: given}
        return block.part.system.run(seed)
