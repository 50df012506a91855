"""The bench on which answers to one network are judged: its points, and what mistakes give there.

What was computed for one answer is kept for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from symbp.calculus.equation import ADJOINT
from symbp.judge.diagnose_candidates import Candidates
from symbp.judge.diagnose_findings import Mistakes, close
from symbp.judge.evaluate import Array
from symbp.judge.evaluate_network import Chain, Changes, Given, State
from symbp.judge.evaluate_parts import Part
from symbp.judge.evaluate_unit import Changed
from symbp.judge.outcome import Point
from symbp.network.items import statements
from symbp.network.program import Program

MAKING = 60  # what a new mistake costs, in small equations
KEPT = 16  # sets of adjoints
LARGEST = 20_000_000  # numbers that are kept
Way = Callable[[Changes, Mistakes, str, int, bool], Array | None]


class Bench(Candidates):
    """One program at its points, in training mode or out of it."""

    def __init__(self, program: Program, points: tuple[Point, ...], training: bool = False) -> None:
        self.program = program
        self.points = points
        super().__init__(Chain(program, training))
        self.states = [self._state(p) for p in points]
        self._found: dict[tuple[Mistakes, str, int], Array | None] = {}
        self._first: dict[str, int] = {}
        self._latest: dict[tuple[Mistakes, int, int, str], Given] = {}
        self._size = 0
        self.work = 0  # asked for so far, in small equations
        self._again: dict[tuple[Mistakes, int], State] = {}

    def _state(self, point: Point) -> State:
        with np.errstate(all="ignore"):
            return self.chain.state(point.params, point.x, self._targets(point), {})

    def _targets(self, point: Point) -> Mapping[str, Array]:
        outputs = zip(self.program.targets, self.program.graph.outputs, strict=True)
        found = {}
        for name, (output, source) in outputs:
            t = np.asarray(point.t[output.target] if isinstance(point.t, Mapping) else point.t)
            shape = self.program.tensors[source].shape
            if t.ndim == len(shape) - 1 and output.loss.type == "cross_entropy":
                t = np.eye(int(shape[-1] or 1))[t.astype(int)]
            found[name] = t
        return found

    # -- the network ----------------------------------------------------------------------------

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters' tensors, in the order in which their gradients are computed."""
        order = [s.defines.removeprefix(ADJOINT) for s in statements(self.program.backward)]
        known = [p.name for p in self.program.graph.parameters]
        return tuple(sorted(known, key=lambda n: order.index(n) if n in order else len(order)))

    @cached_property
    def largest(self) -> tuple[float, ...]:
        """The largest entry of all gradients at each point."""
        return tuple(
            max((float(np.abs(self.right(n, k)).max(initial=0)) for n in self.names), default=0.0)
            for k in range(len(self.points))
        )

    @cached_property
    def flat(self) -> frozenset[str]:
        """Parameters on which the loss does not depend: their gradient is zero but for rounding."""
        return frozenset(
            n for n in self.names
            if all(np.abs(self.right(n, k)).max(initial=0) <= 1e-12 * self.largest[k]
                   for k in range(len(self.points)))
        )  # fmt: skip

    def right(self, name: str, point: int) -> Array:
        found = self.gradient((), name, point)
        assert found is not None
        return found

    # -- mistakes -------------------------------------------------------------------------------

    def gradient(
        self, mistakes: Mistakes, name: str, point: int, alone: bool = False
    ) -> Array | None:
        """The gradient by a parameter under mistakes; None where they have no value together.

        Where nobody asks for other gradients under the same mistakes, ``alone`` is faster.
        """
        key = (mistakes, name, point)
        self.work += self.chain.work[self.first(name)]  # also of what is known already,
        if key not in self._found:  # as answers are judged alike in any order
            self._keep(key, self._value(self._gradient, mistakes, name, point, alone))
        return self._found[key]

    def resembles(self, mistakes: Mistakes, name: str, value: Array) -> bool:
        """Whether the gradient by a parameter's last copy may be this, at the first point."""
        if mistakes and mistakes[-1].added:
            return True
        self.work += MAKING
        found = self._value(self._last, mistakes, name, 0, True)
        copies = tuple(level.times - 1 for level in self.program.tensors[name].levels)
        return close(found, value[copies], 1e-6 * self.largest[0], 1e-5)

    def adjoint(self, mistakes: Mistakes, tensor: str, point: int) -> Array | None:
        """The adjoint of an activation under mistakes."""
        return self._value(self._adjoint, mistakes, tensor, point, False)

    def _keep(self, key: tuple[Mistakes, str, int], found: Array | None) -> None:
        self._size += 0 if found is None else found.size
        if self._size > LARGEST:
            self._found, self._size = {}, 0
        self._found[key] = found

    def _value(
        self, way: Way, mistakes: Mistakes, name: str, point: int, alone: bool
    ) -> Array | None:
        changes = merged(mistakes)
        if changes is None:
            return None
        try:
            with np.errstate(all="ignore"):
                return way(changes, mistakes, name, point, alone)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None  # a mistake that cannot be computed is in nobody's answer

    def _gradient(
        self, changes: Changes, mistakes: Mistakes, name: str, point: int, alone: bool
    ) -> Array:
        aim = name if alone else ""
        state, given = self._given(changes, mistakes, point, self.first(name) if alone else 0, aim)
        found = self.chain.parameter(state, name, given)
        for mistake in mistakes:
            if name in mistake.added:
                found = found + mistake.added[name][point]
        return found

    def _last(
        self, changes: Changes, mistakes: Mistakes, name: str, point: int, alone: bool
    ) -> Array | None:
        copies = tuple(level.times - 1 for level in self.program.tensors[name].levels)
        users = self.chain.users[name, copies]
        first = min(number for number, _ in users)
        _, given = self._given(changes, mistakes, point, first, name)
        return self.chain.total((name, copies), given)

    def _adjoint(
        self, changes: Changes, mistakes: Mistakes, tensor: str, point: int, alone: bool
    ) -> Array | None:
        _, given = self._given(changes, mistakes, point, 0, "")
        return self.chain.total(self.chain.place(tensor, ()), given)

    def first(self, name: str) -> int:
        """The lowest block that a parameter's gradient comes from."""
        if name not in self._first:
            users = [u for p, found in self.chain.users.items() if p[0] == name for u in found]
            self._first[name] = min((number for number, _ in users), default=0)
        return self._first[name]

    def _given(
        self, changes: Changes, mistakes: Mistakes, point: int, first: int, aim: str
    ) -> tuple[State, Given]:
        """The adjoints under mistakes, as far as they are asked for; the latest are kept."""
        state, weights = self._under(mistakes, point)
        key = (mistakes, point, first, aim)
        if key not in self._latest:
            if len(self._latest) > KEPT:
                self._latest.clear()
            pins = {
                self.chain.place(name, ()): values[point]
                for m in mistakes
                for name, values in m.pinned.items()
            }
            self._latest[key] = self.chain.given(state, changes, first, weights, aim, pins)
        return state, self._latest[key]

    def _under(self, mistakes: Mistakes, point: int) -> tuple[State, dict[str, Array]]:
        """The state after a forward pass with mistakes in it, and the weights that they move."""
        forward = {id: change for m in mistakes for id, change in m.forward.items()}
        state = self.states[point]
        if forward:
            key = (tuple(m for m in mistakes if m.forward), point)
            if key not in self._again:
                self._again[key] = self.chain.again(state, forward)
            state = self._again[key]
        weights = {
            name: self.values(name, point) + steps[point]
            for m in mistakes
            for name, steps in m.moved.items()
        }
        return state, weights

    def values(self, name: str, point: int) -> Array:
        """A parameter's entries, all copies of it."""
        return np.asarray(self.points[point].params[self.program.tensors[name].key])


def merged(mistakes: Mistakes) -> Changes | None:
    """All changes together; None where two cannot be made at once."""
    found: dict[str, Changed | Part] = {}
    for mistake in mistakes:
        for id, change in mistake.changes.items():
            known = found.get(id)
            if known is None:
                found[id] = change
                continue
            if not isinstance(known, Changed) or not isinstance(change, Changed):
                return None
            if known.system is not change.system or known.changes.keys() & change.changes.keys():
                return None
            found[id] = known.system.replaced({**known.changes, **change.changes})
    return found
