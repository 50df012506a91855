"""One unit's equations, run on arrays: forward, and any system of adjoint equations, right or wrong.

A recurrence is swept over until nothing changes: what comes over a link comes from another step, so as
many sweeps as there are steps give the exact values, in either direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symbp.arrays.schedule import Loop, flat, schedule
from symbp.calculus.equation import ADJOINT, Link
from symbp.calculus.expression import entries
from symbp.judge.evaluate import ELSEWHERE, Array
from symbp.judge.evaluate_machine import Kernel, Machine, Written

Environment = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Stage:
    """Equations of a system by number; those of a loop are swept over."""

    numbers: tuple[int, ...]
    names: frozenset[str]
    loop: bool


class System:
    """Equations of a unit in an order in which they can run."""

    def __init__(
        self, machine: Machine, written: tuple[Written, ...], links: Sequence[Link] = ()
    ) -> None:
        self.machine = machine
        self.written = written
        self.links = tuple(links)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        equations = [w.equation for w in self.written]
        number = {id(e): k for k, e in enumerate(equations)}
        made = []
        for item in schedule(equations, self.links):
            members = flat((item,))
            names = frozenset(e.name for e in members)
            made.append(Stage(tuple(number[id(e)] for e in members), names, isinstance(item, Loop)))
        return tuple(made)

    @cached_property
    def readers(self) -> Mapping[str, frozenset[str]]:
        """What is computed from a name, over links too, the name itself among it."""
        users: dict[str, set[str]] = {}
        for w in self.written:
            for read in entries(w.equation.rhs):
                users.setdefault(read.name, set()).add(w.equation.name)
        for link in self.links:
            for source in (link.base, *(s for s in link.starts if s)):
                users.setdefault(source, set()).add(link.name)
        return {name: _reached(name, users) for name in sorted({*users, *self.names})}

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(w.equation.name for w in self.written)

    def replaced(self, changes: Mapping[int, tuple[Written, ...]]) -> Changed:
        return Changed(self, changes)

    @cached_property
    def reads(self) -> Mapping[str, frozenset[str]]:
        """What each name is computed from, links as what they stand for."""
        found: dict[str, set[str]] = {link.name: {link.base} for link in self.links}
        for link in self.links:
            found[link.name] |= {s for s in link.starts if s}
        for w in self.written:
            found.setdefault(w.equation.name, set()).update(_reads(w))
        return {name: frozenset(reads) for name, reads in found.items()}

    def run(self, t: Environment, wanted: frozenset[str] | None = None) -> Environment:
        """All tensors, those that the system defines among them; or as far as some are wanted."""
        return Changed(self, {}).run(t, None, wanted)


class Changed:
    """A system with other equations, or none, in place of some."""

    def __init__(self, system: System, changes: Mapping[int, tuple[Written, ...]]) -> None:
        self.system = system
        self.changes = dict(changes)
        self._needed: dict[frozenset[str], frozenset[str]] = {}
        self._kernels: dict[Stage, list[tuple[str, Kernel]]] = {}

    @cached_property
    def touched(self) -> frozenset[str]:
        """The names whose values may differ from those of the system itself."""
        names = {self.system.written[k].equation.name for k in self.changes}
        return frozenset().union(*(self.system.readers[n] for n in sorted(names)))

    @cached_property
    def borrowed(self) -> tuple[str, ...]:
        """The tensors from elsewhere that the changes read, by the network's names."""
        names = {n for new in self.changes.values() for w in new for n in _reads(w)}
        return tuple(sorted(n.removeprefix(ELSEWHERE) for n in names if n.startswith(ELSEWHERE)))

    def needed(self, wanted: frozenset[str]) -> frozenset[str]:
        """What has to be computed for some names."""
        if wanted not in self._needed:
            reads = dict(self.system.reads)
            for k, new in self.changes.items():
                name = self.system.written[k].equation.name
                reads[name] = reads[name].union(*map(_reads, new))
            found, edge = set(wanted), set(wanted)
            while edge:
                edge = {r for n in edge for r in reads.get(n, ())} - found
                found |= edge
            self._needed[wanted] = frozenset(found)
        return self._needed[wanted]

    def kernels(self, stage: Stage) -> list[tuple[str, Kernel]]:
        if stage not in self._kernels:
            machine, found = self.system.machine, []
            for k in stage.numbers:
                own = self.system.written[k]
                name = own.equation.name
                found += [(name, machine.kernel(w)) for w in self.changes.get(k, (own,))]
            self._kernels[stage] = found
        return self._kernels[stage]

    def run(
        self,
        t: Environment,
        known: Environment | None = None,
        wanted: frozenset[str] | None = None,
    ) -> Environment:
        """Evaluate on the tensors ``t``, as far as some names are ``wanted``; with ``known``, the result
        of the system itself on the same tensors, only what differs is computed."""
        t = dict(t)
        done: dict[str, Array] = {}
        needed = None if wanted is None else self.needed(wanted)
        for stage in self.system.stages:
            names = stage.names
            if needed is not None and not names & needed:
                continue
            if known is not None and not names & self.touched:
                t |= {n: known[n] for n in names}
                done |= {n: known[n] for n in names}
                continue
            if stage.loop:
                t |= {n: self._zeros(n, t) for n in names - done.keys()}
                self._sweep(stage, t, done)
                continue
            for name, kernel in self.kernels(stage):
                value = kernel(t)
                t[name] = done[name] = done[name] + value if name in done else value
            for name in names - done.keys():  # nothing is left of it
                t[name] = done[name] = self._zeros(name, t)
        return t

    def _sweep(self, stage: Stage, t: Environment, done: dict[str, Array]) -> None:
        kernels = self.kernels(stage)
        names = dict.fromkeys(name for name, _ in kernels)
        links = [k for k in self.system.links if k.base in stage.names]
        steps = 1 + sum(np.shape(t[k.base])[k.axis] for k in links)
        for _ in range(steps):
            before = [t[k.base] for k in links]
            t |= {link.name: _shifted(link, t) for link in links}
            sums = {n: done[n] for n in names if n in done}
            for name, kernel in kernels:
                value = kernel(t)
                t[name] = sums[name] = sums[name] + value if name in sums else value
            if all(np.array_equal(a, t[k.base]) for a, k in zip(before, links, strict=True)):
                break
        done |= {n: t[n] for n in stage.names}

    def _zeros(self, name: str, t: Environment) -> Array:
        machine = self.system.machine
        own = machine.unit.letters[name.lstrip(ADJOINT)]
        return np.zeros([machine.compiler.length(i)(t) for i in own])


def _reads(written: Written) -> frozenset[str]:
    return frozenset(r.name for r in entries(written.equation.rhs))


def _shifted(link: Link, t: Environment) -> Array:
    """``base[.., t + offset, ..]``, with the starts beyond the edge."""
    values = t[link.base]
    found, steps, far = np.zeros_like(values), values.shape[link.axis], abs(link.offset)
    before, ahead = (slice(None),) * link.axis, link.offset > 0
    kept, rest = slice(0, max(steps - far, 0)), slice(far, steps)
    found[*before, kept if ahead else rest] = values[*before, rest if ahead else kept]
    for place in range(kept.stop, steps) if ahead else range(min(far, steps)):
        start = link.starts[place + far - steps if ahead else far - place - 1 :][:1]
        if start and start[0] is not None:
            found[*before, place] = t[start[0]]
    return found


def _reached(name: str, users: Mapping[str, set[str]]) -> frozenset[str]:
    found, edge = {name}, {name}
    while edge:
        edge = {u for n in edge for u in users.get(n, ())} - found
        found |= edge
    return frozenset(found)
