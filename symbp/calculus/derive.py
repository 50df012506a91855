"""From forward equations to adjoint equations, in the order in which they are evaluated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symbp.calculus.collect import is_contraction
from symbp.calculus.delay import STARTS, back_links, hands_back
from symbp.calculus.equation import Equation, Link, Unit, adjoint_name
from symbp.calculus.expression import Entry, SumOver, entries
from symbp.calculus.maxima import with_masks, without_idle_masks
from symbp.calculus.pullback import Contribution, pullback
from symbp.calculus.rewrite import Adjoint, Rewriter


@dataclass(frozen=True)
class Derivation:
    """``adjoints`` in the order of evaluation: what is read is defined before.

    ``unit`` is what was differentiated, with a mask for each maximum; ``forward`` has those masks alone
    that the adjoints read.
    """

    unit: Unit
    adjoints: tuple[Adjoint, ...]
    contributions: tuple[Contribution, ...]  # of the whole unit, parts included
    inserted: tuple[Adjoint, ...]  # of parts, written into what reads them
    forward: Unit

    @property
    def links(self) -> tuple[Link, ...]:
        """How the adjoints of delayed tensors come back to what was delayed."""
        return back_links(self.unit.links)

    def adjoint(self, name: str) -> Adjoint | None:
        return next((a for a in self.adjoints if a.name == name), None)


def derive(unit: Unit, seed: bool = True) -> Derivation:
    """Differentiate a unit's output by every input and parameter.

    With ``seed`` the adjoint of the output comes from outside; without, the output is the loss itself.
    """
    axes = dict(unit.axes)
    unit, masks = with_masks(unit)
    internal = list(dict.fromkeys(e.name for e in unit.equations if e.name != unit.output))
    delayed = [link.name for link in unit.links]
    wanted = [*unit.inputs, *unit.parameters]
    found = _handed_back(unit)
    for equation in reversed(unit.equations):
        if equation.name != unit.output and equation.name not in found:
            continue
        is_loss = not seed and equation.name == unit.output
        for contribution in pullback(equation, axes, not is_loss, masks):
            if contribution.target.name in {*wanted, *internal, *delayed}:
                found.setdefault(contribution.target.name, []).append(contribution)

    _drop_idle_links(unit, found)
    rewriter = Rewriter(unit, axes)
    closed: dict[str, Equation] = {}
    adjoints: list[Adjoint] = []
    inserted: list[Adjoint] = []
    for name in [*_backwards(unit, internal), *wanted]:
        if name not in found:
            continue
        adjoint = rewriter.adjoint(name, found[name], closed)
        if name in internal and _may_inline(adjoint, unit):
            closed[name] = adjoint.equations[0]
            inserted.append(adjoint)
        else:
            adjoints.append(adjoint)
    everything = tuple(c for name in found for c in found[name])
    needed = tuple(_needed(adjoints, wanted, back_links(unit.links)))
    used = {r.name for a in needed for e in a.equations for r in entries(e.rhs)}
    forward = without_idle_masks(unit, masks, used)
    return Derivation(unit, needed, everything, tuple(inserted), forward)


def _handed_back(unit: Unit) -> dict[str, list[Contribution]]:
    """What flows back over the links of those tensors that the output depends on."""
    reads: dict[str, set[str]] = {}
    for e in unit.equations:
        reads.setdefault(e.name, set()).update(r.name for r in entries(e.rhs))
    for link in unit.links:
        reads[link.name] = {link.base, *(s for s in link.starts if s)}
    reached, edge = {unit.output}, {unit.output}
    while edge:
        edge = {r for name in edge for r in reads.get(name, ())} - reached
        reached |= edge
    found: dict[str, list[Contribution]] = {}
    for link in unit.links:
        if link.name in reached:
            for contribution in hands_back(link, unit.letters):
                found.setdefault(contribution.target.name, []).append(contribution)
    return found


def _drop_idle_links(unit: Unit, found: dict[str, list[Contribution]]) -> None:
    """Nothing comes back over a link to whose end no derivative flows: ``stop_gradient`` cuts it."""
    idle = {link.name for link in unit.links if link.name not in found}
    while idle:
        gone: set[str] = set()
        for name in list(found):
            found[name] = [c for c in found[name] if not _comes_over(c, idle)]
            if not found[name]:
                del found[name]
                gone.add(name)
        idle = gone


def _comes_over(c: Contribution, names: set[str]) -> bool:
    """Whether a contribution reads what comes back over one of these links."""
    first = c.factors[0] if c.factors else None
    start = c.source == STARTS and isinstance(first, Entry)
    return c.source in names or (start and first.name in {adjoint_name(n) for n in names})  # type: ignore[union-attr]


def _backwards(unit: Unit, internal: list[str]) -> list[str]:
    """Internal tensors from the output back; a delayed one behind all that read it."""
    order: list[str] = []
    waiting = {link.name: 0 for link in unit.links}
    for e in unit.equations:
        for r in entries(e.rhs):
            waiting[r.name] = waiting.get(r.name, 0) + 1
    for name in reversed(internal):
        order.append(name)
        for e in unit.equations:
            for r in entries(e.rhs) if e.name == name else ():
                waiting[r.name] -= 1
        order += [k.name for k in unit.links if not waiting[k.name] and k.name not in order]
    return order


def _may_inline(adjoint: Adjoint, unit: Unit) -> bool:
    """An adjoint gets a line of its own where it is a scatter or a contraction, where it splits a layer
    in two, or where its tensor is a contraction, whose operands' adjoints all read it; everything else
    is written into what reads it."""
    (first, *more) = adjoint.equations
    if more or not unit.covers(first.target) or adjoint.name in unit.cuts:
        return False
    if adjoint.name in {name for link in unit.links for name in (link.name, link.base)}:
        return False
    if isinstance(first.rhs, Entry):
        return True
    definition = unit.definition(adjoint.name)
    sums = first.rhs.atoms(SumOver) | (definition.rhs.atoms(SumOver) if definition else set())
    return not any(is_contraction(s) for s in sums)


def _needed(
    adjoints: list[Adjoint], wanted: Iterable[str], links: tuple[Link, ...]
) -> list[Adjoint]:
    """Drop the adjoints of internal tensors that nothing reads any more."""
    reads = {
        adjoint_name(a.name): {r.name for e in a.equations for r in entries(e.rhs)}
        for a in adjoints
    }
    reads |= {link.name: {link.base} for link in links}
    needed = edge = {adjoint_name(name) for name in wanted}
    while edge:
        edge = {r for name in edge for r in reads.get(name, ())} - needed
        needed = needed | edge
    return [a for a in adjoints if adjoint_name(a.name) in needed]
