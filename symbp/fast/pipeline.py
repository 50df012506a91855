"""The passes over the instructions of a step, in the order in which they run.

Each is a function from instructions to instructions with a condition of its own, said in its file; the
step behind any of them computes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from symbp.fast.commuting import commuted
from symbp.fast.cost import cost
from symbp.fast.credit import credited
from symbp.fast.layouts import layouts
from symbp.fast.passes.common import common
from symbp.fast.passes.copies import copies
from symbp.fast.passes.dead import dead
from symbp.fast.passes.hoisting import hoisting
from symbp.fast.passes.rewriting import Body
from symbp.fast.passes.starts import starts
from symbp.fast.passes.thin import thin
from symbp.fast.passes.transposes import transposes
from symbp.fast.places import Unplanned
from symbp.fast.selection import Selected, select
from symbp.writers.storage import Storage, plan


@dataclass(frozen=True)
class Pass:
    """``rewrite`` takes the instructions, and the names of arrays that must stay."""

    name: str
    purpose: str
    rewrite: Callable[[Body, frozenset[str]], Body]


PASSES = (
    Pass(
        "common results",
        "what two calls compute alike is computed once",
        lambda body, kept: common(body),
    ),
    Pass("needless copies", "who reads a copy reads the original instead", copies),
    Pass(
        "common results again",
        "calls that have become alike without the copies",
        lambda body, kept: common(body),
    ),
    Pass(
        "starts of loops",
        "what a loop carries begins with what its first turn would add to it",
        starts,
    ),
    Pass("dead results", "what nobody reads is not computed", dead),
    Pass(
        "hoisting out of loops",
        "what no turn hands to the next is computed for all turns at once",
        hoisting,
    ),
    Pass("transposes", "a weight that a loop reads transposed is transposed once", transposes),
    Pass("thin products", "a thin product over a long sum is split into slices of the sum", thin),
)


@dataclass(frozen=True, eq=False)
class Stage:
    """The step behind one pass; the first is how it was selected, without any."""

    name: str
    selected: Selected


def stages(selected: Selected) -> Iterator[Stage]:
    """The step before the passes, and behind each of them."""
    yield Stage("selection", selected)
    kept = frozenset([selected.loss.array.name])
    for step in PASSES:
        body = step.rewrite(selected.body, kept)
        selected = replace(selected, body=credited(selected.body, body))
        yield Stage(step.name, selected)


CHOICES = (
    ("maxima first", "a maximum is taken before a monotone activation: fewer entries"),
    ("constants", "factors join other constants, and polynomials are nested"),
    ("learning rate", "it is folded into the first adjoint: the gradient is the update"),
)


def beginnings(storage: Storage, layout: str, folds_rate: bool) -> Iterator[Stage]:
    """The step as the equations have it, then with one choice of ``CHOICES`` after the other."""

    def stage(name: str, storage: Storage, *folds: bool) -> Stage:
        rate, constants = folds
        found = select(storage, layouts(storage.program)[layout], rate, constants)
        return Stage(name, found)

    swapped = plan(commuted(storage.program), storage.dtype)
    names = [name for name, _ in CHOICES]
    yield stage("equations", storage, False, False)
    yield stage(names[0], swapped, False, False)
    yield stage(names[1], swapped, False, True)
    yield stage(names[2], swapped, folds_rate, True)


def candidates(storage: Storage, folds_rate: bool) -> dict[str, tuple[Stage, ...]]:
    """For each layout that can be planned, the step behind each pass."""
    storage = plan(commuted(storage.program), storage.dtype)
    found: dict[str, tuple[Stage, ...]] = {}
    reason = Unplanned("no layout fits")
    for name, layout in layouts(storage.program).items():
        try:
            found[name] = tuple(stages(select(storage, layout, folds_rate)))
        except Unplanned as error:
            reason = error
    if not found:
        raise reason
    return found


def chosen(found: dict[str, tuple[Stage, ...]]) -> str:
    """The layout whose step is the cheapest behind all passes."""
    return min(found, key=lambda name: cost(found[name][-1].selected.body))


def planned(storage: Storage, folds_rate: bool) -> Selected:
    """The cheapest step. Raises Unplanned where the program holds what no instruction says."""
    found = candidates(storage, folds_rate)
    return found[chosen(found)][-1].selected
