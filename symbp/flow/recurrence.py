"""The product over time of a recurrent layer: what the gradient is multiplied with from one step to the
step before (Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural networks*,
eq. 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbp.calculus.equation import Link, adjoint_name
from symbp.calculus.expression import Entry
from symbp.calculus.pullback import Contribution
from symbp.flow.bound import Bound, bound
from symbp.flow.factors import DIAGONAL, IDENTITY, JACOBIAN, MATRIX, Factor, Factors
from symbp.flow.measure import Norms, Spread, spread
from symbp.network.graph import Node
from symbp.network.program import Program
from symbp.printers.naming import Name
from symbp.writers.document import Text
from symbp.writers.storage import Storage, plan
from symbp.writers.through_time import jacobians

STEP = "k"


@dataclass(frozen=True)
class Recurrence:
    """A tensor that a layer hands from step to step. ``factor`` takes its adjoint from step k to the
    step before; ``product`` is the chain of them; ``norms`` are those of the adjoint, step by step, in
    the order of time."""

    layer: str
    tensor: str
    factor: Text
    bound: Bound | None
    product: Text
    norms: tuple[Spread | None, ...]


def recurrences(program: Program, norms: list[Norms]) -> tuple[Recurrence, ...]:
    """Of every layer outside a repeat that reads its own past one step back."""
    storage = plan(program)
    found: list[Recurrence] = []
    for node in program.graph.nodes:
        for link in node.template.training.unit.links if not node.levels else ():
            tensor = node.names.get(link.base, "")
            steps = node.template.training.unit.size_of(link.letter) or 0
            measured = [
                spread([n.adjoints.get((tensor, (t,)), float("nan")) for n in norms])
                for t in range(steps)
            ]
            if abs(link.offset) == 1 and any(measured):
                found.append(_of_link(node, link, tensor, tuple(measured), storage))
    return tuple(found)


def _of_link(
    node: Node, link: Link, tensor: str, measured: tuple[Spread | None, ...], storage: Storage
) -> Recurrence:
    words = _paths(node, link, Factors(storage, STEP))
    latex = " + ".join(r" \, ".join(f.text.latex for f in word) or "I" for word in words)
    plain = " + ".join(" ".join(f.text.plain for f in word) or "I" for word in words)
    product = jacobians(storage.name(tensor), "t")
    return Recurrence(node.layer, tensor, Text(latex, plain), bound((words,)), product, measured)


def _paths(node: Node, link: Link, factors: Factors) -> list[tuple[Factor, ...]]:
    """From the adjoint of a step back to that of the step before, each way as a product. Where some way
    is no plain product, those stay that keep the place of each entry, and the others are dots, or the
    whole is called a Jacobian."""
    contributions = node.template.training.derivation.contributions
    words: list[tuple[Factor, ...]] = []
    plain = True
    for word in _words(link.name, link.base, contributions, ()):
        made = [_factor(node, c, factors) for c in reversed(word or ())]
        known = tuple(f for f in made if f is not None and f.kind != IDENTITY)
        plain = plain and word is not None and None not in made
        if word is not None and None not in made:
            words.append(known)
    if plain:
        return words
    kept = [word for word in words if all(f.kind == DIAGONAL for f in word)]
    rest = Text(r"\dots", "…") if kept else _step(factors.storage.name(node.names[link.base]), link)
    return [*kept, (Factor(JACOBIAN, rest),)]


def _step(name: Name, link: Link) -> Text:
    """``dh[k]/dh[k-1]``"""
    before = f"{STEP}{link.offset:+d}"
    latex = rf"\frac{{\partial {name.latex(STEP)}}}{{\partial {name.latex(before)}}}"
    return Text(latex, f"∂{name.unicode(STEP)}/∂{name.unicode(before)}")


def _words(
    name: str, goal: str, contributions: tuple[Contribution, ...], before: tuple[Contribution, ...]
) -> Iterator[tuple[Contribution, ...] | None]:
    """The ways from a delayed tensor to what it is a step of; None for one that is not plain."""
    for c in contributions:
        if c.target.name != name or c in before:
            continue
        first = c.factors[0] if c.factors else None
        seeded = isinstance(first, Entry) and first.name == adjoint_name(c.source)
        if not seeded or not c.target.plain or len(before) > len(contributions):
            yield None
        elif c.source == goal:
            yield (*before, c)
        else:
            yield from _words(c.source, goal, contributions, (*before, c))


def _factor(node: Node, c: Contribution, factors: Factors) -> Factor | None:
    found = factors.of_contribution(node, c)
    return found if found.kind in (DIAGONAL, MATRIX, IDENTITY) else None
