"""Which mistakes explain an answer's gradients: as few as possible, each blamed once.

The wrong gradients are looked at from the loss towards the input. What the mistakes found so far explain
follows from them; for the first one that they do not explain, every mistake on its path is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile
from typing import TypeVar

from symbp.judge.diagnose_bench import Bench
from symbp.judge.diagnose_findings import Finding, Mistakes, Observed, close
from symbp.judge.diagnose_special import composed_scale, pinned, special
from symbp.judge.mutations_mistake import Mutation

T = TypeVar("T")
WORK = 100_000  # small equations that may be run for one answer before rarer mistakes are given up


def diagnose(bench: Bench, seen: Observed) -> tuple[Finding, ...]:
    """The findings in the order in which they were made; parameters without one stay unexplained."""
    return _Search(bench, seen).run()


class _Search:
    def __init__(self, bench: Bench, seen: Observed) -> None:
        self.bench = bench
        self.seen = seen
        self.made: list[Finding] = []
        self.accepted: Mistakes = ()
        self.limit = bench.work + WORK
        self.solid = frozenset(seen.right) - bench.flat  # must not be changed by a mistake

    def run(self) -> tuple[Finding, ...]:
        for name in self.seen.wrong:
            if self.accepted and self.fits(self.accepted, name):
                self.follow(name)
                continue
            finding = (
                self.single(name)
                or self.scaled(name)
                or self.forward(name)
                or self.loose(name)
                or self.pair(name)
                or self.named_first(name)
            )
            if finding is not None:
                self.made.append(finding)
                self.accepted = (*self.accepted, *finding.mistakes)
        return tuple(self.made)

    def follow(self, name: str) -> None:
        """A parameter that the mistakes found so far explain follows from all that reach it."""
        for k, finding in enumerate(self.made):
            if any(name in self.bench.touched(m) for m in finding.mistakes):
                self.made[k] = replace(finding, parameters=(*finding.parameters, name))

    # -- whether a mistake fits -----------------------------------------------------------------

    def fits(self, mistakes: Mistakes, name: str, alone: bool = False) -> bool:
        """Whether mistakes give exactly what the answer says, at every point."""
        values = self.seen.gradients.get(name)
        return values is not None and all(
            close(value, self.bench.gradient(mistakes, name, k, alone),
                  1e-6 * self.bench.largest[k], self.seen.exact)
            for k, value in enumerate(values)
        )  # fmt: skip

    def hits(self, mutation: Mutation, name: str) -> bool:
        """Whether a mistake, with those found so far, explains a parameter's gradient."""
        mistakes, value = (*self.accepted, mutation), self.seen.gradients[name][0]
        return self.bench.resembles(mistakes, name, value) and self.fits(mistakes, name, alone=True)

    def coverage(self, mistakes: Mistakes, name: str) -> int:
        """How many of the wrong parameters are explained with them."""
        others = [n for n in self.seen.wrong if n != name]
        return 1 + sum(self.fits(mistakes, n) for n in others)

    def named(self, mistakes: Mistakes) -> int:
        """How many of the adjoints that the answer names are what the mistakes give."""
        count = 0
        for tensor, values in self.seen.adjoints.items():
            count += close(values[0], self.bench.adjoint(mistakes, tensor, 0))
        return count

    def allowed(self, mutation: Mutation) -> bool:
        return not self.bench.touched(mutation) & self.solid

    # -- one mistake ----------------------------------------------------------------------------

    def single(self, name: str) -> Finding | None:
        """The likeliest mistakes first; if some explain everything, the others are not tried.

        Those in one layer come before the same in all layers of one formula.
        """
        hits: list[Mutation] = []
        for batch in self.batches(name):
            hits += [m for m in self.bounded(batch) if self.allowed(m) and self.hits(m, name)]
            if any(self.is_whole(m, name) for m in hits):
                break
        found = self.best(name, hits)
        return found and self.with_losses(found, name)

    def batches(self, name: str) -> Iterator[Iterable[Mutation]]:
        bench = self.bench
        known = sorted(bench.candidates(name), key=lambda m: m.rank)
        yield [m for m in known if m.rank < 1]
        alike = sorted(bench.alike(name), key=lambda m: m.rank)
        yield [m for m in alike if m.rank < 1]
        yield [m for m in known if m.rank == 1]
        yield (m for m in bench.losses(name, self.solid) if m.rank == 1)
        yield special(bench, self.seen, self.accepted, name)
        yield [m for m in alike if m.rank == 1]
        yield [m for m in known if m.rank > 1]
        yield (m for m in bench.losses(name, self.solid) if m.rank > 1)
        yield [m for m in alike if m.rank > 1]

    def is_whole(self, mutation: Mutation, name: str) -> bool:
        """Whether a mistake explains all that is still unexplained."""
        mistakes = (*self.accepted, mutation)
        rest = self.seen.wrong[self.seen.wrong.index(name) :]
        return all(self.fits(mistakes, n) for n in rest)

    def with_losses(self, finding: Finding, name: str) -> Finding:
        """The same mistake as the gradient of another loss, where it is one."""
        covered = self.coverage((*self.accepted, *finding.mistakes), name)
        also = [
            m
            for m in self.bench.losses(name, self.solid)
            if m not in finding.mistakes
            and self.fits((*self.accepted, m), name)
            and self.coverage((*self.accepted, m), name) == covered
        ]
        return replace(finding, also=tuple(also[:1]))

    def loose(self, name: str) -> Finding | None:
        """A mistake that leaves right what it could change: it does not, or it was made only in what
        flows into this parameter."""
        others = [m for m in self.bench.candidates(name) if not self.allowed(m)]
        others.sort(key=lambda m: (m.rank, len(self.bench.touched(m) & self.solid)))
        others = [*others, *self.bench.losses(name, frozenset())]
        found = self.best(name, [m for m in self.bounded(others) if self.hits(m, name)])
        if found is None:
            return None
        return replace(found, partial=not self.keeps(found.mistakes[0]))

    def bounded(self, items: Iterable[T]) -> Iterator[T]:
        """The items as long as there is work left for this answer."""
        return takewhile(lambda _: self.bench.work < self.limit, items)

    def forward(self, name: str) -> Finding | None:
        """A mistake in the forward pass, with which the backward pass reads other values."""
        found = (m for m in self.bounded(self.bench.mutations.forward) if self.hits(m, name))
        return self.best(name, [m for m in found if self.keeps(m)])

    def best(self, name: str, hits: list[Mutation]) -> Finding | None:
        """Of mistakes that explain a gradient, the likeliest of those that explain most."""
        if not hits:
            return None
        covered = {m: self.coverage((*self.accepted, m), name) for m in hits}
        hits = [m for m in hits if covered[m] == max(covered.values())]
        if len(hits) > 1 and self.seen.adjoints:
            said = {m: self.named((*self.accepted, m)) for m in hits}
            hits = [m for m in hits if said[m] == max(said.values())]
        return Finding((min(hits, key=lambda m: (m.rank, m.raw)),), (name,))

    def keeps(self, mutation: Mutation) -> bool:
        """Whether what is right stays right."""
        mistakes = (*self.accepted, mutation)
        return all(
            close(self.bench.gradient(mistakes, n, 0), self.bench.gradient(self.accepted, n, 0))
            for n in self.bench.touched(mutation) & self.solid
        )

    def named_first(self, name: str) -> Finding | None:
        """Where no mistake is known, an adjoint that the answer names may still be the first to go
        wrong: what is right for the answer's own value follows from it."""
        for mistake in pinned(self.bench, self.seen, name):
            if self.allowed(mistake) and self.hits(mistake, name):
                return Finding((mistake,), (name,))
        return None

    # -- two mistakes ---------------------------------------------------------------------------

    def scaled(self, name: str) -> Finding | None:
        """A likely mistake, and a constant factor beside it in the same equation."""
        for mutation in self.bench.candidates(name):
            if self.bench.work > self.limit:
                return None
            if mutation.rank <= 1 and self.allowed(mutation):
                both = composed_scale(self.bench, self.seen, self.accepted, mutation, name)
                if both is not None and self.fits((*self.accepted, both), name):
                    return Finding((both,), (name,))
        return None

    def pair(self, name: str) -> Finding | None:
        """Two likely mistakes on the path of one gradient: in one equation, or in two."""
        likely = [m for m in self.bench.candidates(name) if m.rank <= 1 and self.allowed(m)]
        again = (both for m in likely for both in self.bench.mutations.again(m))
        found = self.best(name, [m for m in self.bounded(again) if self.hits(m, name)])
        if found is not None:
            return found
        pairs = (
            (a, b) for k, b in enumerate(likely) for a in likely[:k] if a.equation is not b.equation
        )
        for two in self.bounded(pairs):
            if self.fits((*self.accepted, *two), name):
                return Finding(two, (name,))
        return None
