"""Where a maximum is taken: one mask for each maximum over letters, an equation of the forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, FirstMax, Letter, MaxOver
from symbp.calculus.index import signature


@dataclass(frozen=True)
class Mask:
    """The mask of one maximum; ``own`` are its letters, ``named`` those of the maximum's signature."""

    name: str
    own: tuple[Letter, ...]
    named: tuple[Letter, ...]

    def at(self, free: tuple[Letter, ...], opened: tuple[Letter, ...]) -> Entry:
        """The mask where the maximum has ``free`` for its own letters, at the places ``opened``."""
        renamed = dict(zip(self.named, free, strict=True))
        return Entry(self.name, *(renamed[i] for i in self.own), *opened)


Masks = Mapping[str, Mask]  # by signature


def with_masks(unit: Unit) -> tuple[Unit, Masks]:
    """The unit with an equation ``mask = first_max(body)`` in front of each maximum."""
    masks = {}
    for e in unit.equations:
        if isinstance(e.rhs, FirstMax):  # of a layer that was joined with its loss
            text, free = signature(MaxOver(*e.rhs.args))
            own = tuple(i for i in e.target.indices if i not in e.rhs.letters)
            masks[text] = Mask(e.name, own, free)
    equations: list[Equation] = []
    letters, taken = dict(unit.letters), {*unit.letters, *unit.sizes}
    for equation in unit.equations:
        order = [i for i in equation.target.indices if i.is_Symbol]
        for node in sp.preorder_traversal(equation.rhs):
            if not isinstance(node, MaxOver) or signature(node)[0] in masks:
                continue
            text, free = signature(node)
            name = next(c for c in _candidates() if c not in taken)
            taken.add(name)
            own = tuple(sorted(free, key=lambda i: (order.index(i) if i in order else 99, i.name)))
            masks[text] = Mask(name, own, free)
            letters[name] = (*own, *node.letters)
            equations.append(
                Equation(Entry(name, *letters[name]), FirstMax(node.body, *node.letters))
            )
        equations.append(equation)
    if not masks:
        return unit, masks
    parts = unit.parts | {m.name for m in masks.values()}
    return replace(unit, equations=tuple(equations), letters=letters, parts=parts), masks


def without_idle_masks(unit: Unit, masks: Masks, used: set[str]) -> Unit:
    """The unit without the masks that no adjoint reads."""
    idle = {m.name for m in masks.values()} - used
    if not idle:
        return unit
    return replace(
        unit,
        equations=tuple(e for e in unit.equations if e.name not in idle),
        letters={k: v for k, v in unit.letters.items() if k not in idle},
        parts=unit.parts - idle,
    )


def _candidates() -> list[str]:
    return ["mask", *(f"mask{k}" for k in range(2, 1000))]


__all__ = ["Mask", "Masks", "with_masks", "without_idle_masks"]
