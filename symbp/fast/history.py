"""A step from its equations to what is written: behind each choice and each pass, and as text."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from symbp.errors import InputError
from symbp.fast.cost import cost
from symbp.fast.instructions import arrays
from symbp.fast.naming import RESERVED, Names
from symbp.fast.pipeline import CHOICES, PASSES, Stage, beginnings, candidates, chosen
from symbp.fast.printing import lines
from symbp.fast.selection import Selected
from symbp.fast.trainer import loop_sizes, variables
from symbp.fast.workspace import memory_lines, start
from symbp.network.program import Program
from symbp.writers.lines import Line
from symbp.writers.optimizers import optimizer_of
from symbp.writers.storage import plan

PLANNING = "buffer planning"


@dataclass(frozen=True, eq=False)
class History:
    """``costs`` are those of the layouts, ``layout`` the chosen one, ``stages`` those of its step; the
    first is the equations without any choice."""

    costs: dict[str, float]
    layout: str
    stages: tuple[Stage, ...]


def purposes() -> Iterator[tuple[str, str]]:
    """Name and purpose of all choices and passes."""
    yield from CHOICES
    yield from ((step.name, step.purpose) for step in PASSES)
    yield (
        PLANNING,
        "arrays that are never in use together share memory; a call may write over its input",
    )


def history(program: Program, dtype: str) -> History:
    """Raises Unplanned where the arrays of a step are not planned."""
    train = program.graph.spec.train
    folds_rate = not optimizer_of(train).needs_function and not train.clip_norm
    storage = plan(program, dtype)
    found = candidates(storage, folds_rate)
    best = chosen(found)
    costs = {name: cost(stages[-1].selected.body) for name, stages in found.items()}
    stages = (*beginnings(storage, best, folds_rate), *found[best][1:])
    return History(costs, best, stages)


def difference(found: History, wish: str) -> str:
    """What one pass changed in arrays and calls, as a unified diff. Raises InputError for other names."""
    name = named(wish)
    if name == PLANNING:
        last = found.stages[-1].selected
        before, after = listing(last), listing(last, planned=True)
    else:
        place = [stage.name for stage in found.stages].index(name)
        before, after = (listing(s.selected) for s in found.stages[place - 1 : place + 1])
    rows = list(
        difflib.unified_diff(before, after, f"before {name}", f"behind {name}", "", "", 2, "")
    )
    return "\n".join(row.rstrip() for row in rows) or f"{name}: nothing changed"


def named(wish: str) -> str:
    """The pass of this name, or of this beginning where one alone begins so."""
    names = [name for name, _ in purposes()]
    if wish in names:
        return wish
    near = [name for name in names if wish and name.startswith(wish.lower())]
    if len(near) != 1:
        raise InputError(f"no single pass is called {wish!r}; known are: {', '.join(names)}")
    return near[0]


def listing(selected: Selected, planned: bool = False) -> list[str]:
    """The arrays that a step writes to, and its calls, as lines of code."""
    known = arrays(selected.body)
    loops = loop_sizes(selected.body)
    taken = {*RESERVED, *known}
    names = Names(loops, {*taken, *loops}, variables(selected.body, taken))
    step = lines(selected.body, names)
    work = [a for a in known.values() if a.role == "work"]
    single = [Line(f"{a.name} = {start(a, selected.zeroed)}") for a in work]
    rows = [*(memory_lines(selected) if planned else single), Line(""), *step]
    return [text for r in rows for text in Line(r.code, r.formula, "", r.depth).render("")]
