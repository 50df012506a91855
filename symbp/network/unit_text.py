"""One unit with everything printed: its equations in an order in which they run, in loops where they
read their own past."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from symbp.arrays.scan import Inside, Stored, loops_of, stored
from symbp.arrays.schedule import Loop, Scheduled, flat, schedule
from symbp.calculus.derive import Derivation
from symbp.calculus.equation import Equation, Link, Unit
from symbp.calculus.expression import entries
from symbp.calculus.index import base
from symbp.calculus.rewrite import Adjoint
from symbp.calculus.stabilise import shifted_exponentials
from symbp.printers.finished import Finished

LAST = 100_000  # behind every other tensor


@dataclass(frozen=True, eq=False)
class Scan:
    """``body`` for each of ``size`` steps along ``letter``, from the last where it is ``reverse``."""

    letter: str
    size: int
    reverse: bool
    body: tuple[Finished, ...]
    stored: Stored


Items = tuple[Finished | Scan, ...]


@dataclass(frozen=True, eq=False)
class UnitText:
    """Forward equations, adjoints, and what buffers become."""

    unit: Unit
    derivation: Derivation
    order: Mapping[str, int]
    updates: tuple[Equation, ...] = ()
    runs: Mapping[str, Equation] = field(default_factory=dict)  # adjoints to run instead, by name

    @cached_property
    def forward_order(self) -> Mapping[str, int]:
        """As the formula names its tensors; adjoint equations name parameters last."""
        return {k: v if v < LAST else v - LAST for k, v in self.order.items()}

    @cached_property
    def later(self) -> frozenset[str]:
        """What the adjoints read."""
        found = {r.name for e in self.adjoint_equations for r in entries(e.rhs)}
        found |= {r.name for e in self.runs.values() for r in entries(e.rhs)}
        return frozenset(found)

    @property
    def adjoint_equations(self) -> list[Equation]:
        return [e for a in self.derivation.adjoints for e in a.equations]

    # -- forward --------------------------------------------------------------------------------

    @cached_property
    def forward(self) -> tuple[Finished, ...]:
        return unrolled(self.forward_items)

    @cached_property
    def forward_items(self) -> Items:
        shifted = shifted_exponentials(self.unit, set(self.later))

        def finish(equation: Equation, inside: Inside) -> Finished:
            runs = shifted.get(equation.name)
            return Finished(equation, self.unit, self.forward_order, runs, inside=inside)

        order = schedule(self.unit.equations, self.unit.links) if self.unit.links else None
        outside = {*self.later, self.unit.output}
        return self.items(order or self.unit.equations, self.unit.links, outside, finish)

    # -- backward -------------------------------------------------------------------------------

    @cached_property
    def backward(self) -> tuple[tuple[Adjoint, tuple[Finished, ...]], ...]:
        made = unrolled(self.backward_items)
        return tuple(
            (a, tuple(f for f in made if f.adjoint is a)) for a in self.derivation.adjoints
        )

    @cached_property
    def backward_items(self) -> Items:
        inserted = {i.name: i for i in self.derivation.inserted}
        adjoints = {e: a for a in self.derivation.adjoints for e in a.equations}

        def finish(equation: Equation, inside: Inside) -> Finished:
            runs = self.runs.get(equation.name)
            adjoint = adjoints[equation]
            return Finished(equation, self.unit, self.order, runs, adjoint, inserted, inside)

        links = self.derivation.links
        equations = self.adjoint_equations
        return self.items(
            schedule(equations, links) if links else tuple(equations), links, set(), finish
        )

    # -- both -----------------------------------------------------------------------------------

    def items(
        self,
        order: Scheduled,
        links: Sequence[Link],
        outside: set[str],
        finish: Callable[[Equation, Inside], Finished],
    ) -> Items:
        """Finished equations; ``outside`` are names that others read."""
        plans = {}
        for loop in loops_of(order):
            others = flat(tuple(item for item in order if item is not loop))
            read = {r.name for e in others for r in entries(e.rhs)}
            shared = outside | read | {e.name for e in others}
            plans[id(loop)] = stored(loop, links, self.unit.letters, shared)
        behind = Inside(
            None,
            {k: v for plan in plans.values() for k, v in plan.inside.drop.items()},
            {k: v for plan in plans.values() for k, v in plan.inside.rename.items()},
        )
        made: list[Finished | Scan] = []
        for item in order:
            if isinstance(item, Loop):
                plan = plans[id(item)]
                size = self.unit.sizes[base(item.letter)]
                steps = flat(item.body)
                last = plan.inside.rename  # what is handed on is read before it is written anew
                steps.sort(key=lambda e: e.name in last)
                body = tuple(finish(e, plan.inside) for e in steps)
                made.append(Scan(item.letter.name, size or 0, item.reverse, body, plan))
            else:
                made.append(finish(item, behind))
        return tuple(made)

    @cached_property
    def moves(self) -> tuple[Finished, ...]:
        return tuple(Finished(e, self.unit, self.order) for e in self.updates)


def unrolled(items: Items) -> tuple[Finished, ...]:
    """The equations without their loops."""
    found: list[Finished] = []
    for item in items:
        found += item.body if isinstance(item, Scan) else (item,)
    return tuple(found)


def unit_text(
    unit: Unit,
    derivation: Derivation,
    order: Mapping[str, int],
    updates: tuple[Equation, ...] = (),
) -> UnitText:
    """The text of a unit; its maxima have their masks, as the derivation named them."""
    forward = derivation.forward
    unit = replace(unit, equations=forward.equations, letters={**forward.letters, **unit.letters})
    return UnitText(unit, derivation, order, updates)


__all__ = ["LAST", "Items", "Scan", "UnitText", "unit_text", "unrolled"]
