"""The verdict on an answer: each parameter right, wrong or missing, and the mistakes behind it.

    verdict = judged(network, read(network, "answer.py"))
    verdict.parameters["W2"].verdict

Nothing here is worded yet: a report says it in a language and a format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from symbp.calculus.equation import ADJOINT
from symbp.judge import kinds
from symbp.judge.answer import Answer, Outcome, Point, Unusable
from symbp.judge.diagnose import diagnose
from symbp.judge.diagnose_bench import Bench
from symbp.judge.diagnose_findings import Finding, Observed
from symbp.judge.diagnose_shapes import of_shape
from symbp.judge.evaluate import Array
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.outcome import Notation, Problem

Lines = Mapping[str, tuple[int, str]]
TOLERANCE = 1e-6  # a larger relative error is wrong, as in the check of a module's own gradients
ZERO = ("missing_sum", "missing_path", "truncated")  # mistakes that may leave nothing of a gradient
SINGLE = 1e-4  # where the answer computes in single precision


@dataclass(frozen=True, eq=False)
class Blame:
    """One mistake as it concerns one parameter.

    ``following`` where another parameter was wrong first for the same reason; ``also`` where it is
    another name for the blame before it; ``partial`` where the equation is right elsewhere.
    ``problem`` is what reading the answer found.
    """

    kind: str
    where: str
    mistake: Mutation | None = None
    following: bool = False
    also: bool = False
    partial: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """One parameter: its verdict, how far the answer is off at the worst point, and why.

    ``error`` is relative to the gradient's largest entry; ``scale`` is the factor between the answer and
    the right gradient where there is one, ``cosine`` the cosine of the angle between them.
    """

    name: str
    verdict: str
    error: float | None = None
    scale: float | None = None
    cosine: float | None = None
    blames: tuple[Blame, ...] = ()


@dataclass(frozen=True, eq=False)
class Verdict:
    """All parameters by name; ``unusable`` says why an answer could not be judged at all."""

    answer: str
    parameters: Mapping[str, Judged]
    findings: tuple[Finding, ...] = ()
    bench: Bench | None = None
    notes: tuple[str, ...] = ()
    lines: Lines = field(default_factory=dict)
    kind: str = ""  # of the answer: function, class or text
    notation: Notation | None = None
    unusable: Unusable | None = None

    @property
    def ok(self) -> bool:
        return self.unusable is None and all(
            j.verdict == kinds.RIGHT for j in self.parameters.values()
        )


def judge(bench: Bench, answer: str, outcomes: tuple[Outcome, ...]) -> Verdict:
    """Judge what an answer says at the points of a bench."""
    return _Judge(bench, outcomes).run(answer)


class _Judge:
    def __init__(self, bench: Bench, outcomes: tuple[Outcome, ...]) -> None:
        self.bench = bench
        self.outcomes = outcomes
        self.keys = {t.name: t.key for t in bench.program.graph.parameters}

    def run(self, answer: str) -> Verdict:
        first = {name: self.measured(name) for name in self.bench.names}
        wrong = tuple(n for n, j in first.items() if j.verdict != kinds.RIGHT and self.values(n))
        right = frozenset(n for n, j in first.items() if j.verdict == kinds.RIGHT)
        values = {n: v for n in first if (v := self.values(n)) is not None}
        seen = Observed(values, self.adjoints() if wrong else {}, wrong, right, self.exact())
        findings = diagnose(self.bench, seen) if wrong else ()
        judged = {n: self.blamed(n, j, findings) for n, j in first.items()}
        order = [t.name for t in self.bench.program.graph.parameters]
        return Verdict(answer, {self.keys[n]: judged[n] for n in order}, findings, self.bench)

    # -- what the answer says -------------------------------------------------------------------

    def values(self, name: str) -> tuple[Array, ...] | None:
        """What is claimed at every point: of several sides of one chain, the first that is wrong."""
        key = self.keys[name]
        if not all(key in o.gradients for o in self.outcomes):
            return None
        sides = [o.sides.get(key) or (o.gradients[key],) for o in self.outcomes]
        claims = list(zip(*sides, strict=False))
        wrong = (c for c in claims if not self.agrees(name, c))
        found = next(wrong, tuple(o.gradients[key] for o in self.outcomes))
        return tuple(np.asarray(value, float) for value in found)

    def agrees(self, name: str, claim: tuple[Array, ...]) -> bool:
        rights = ((v, self.bench.right(name, k), k) for k, v in enumerate(claim))
        errors = (_error(np.asarray(v, float), r, self.bench.largest[k]) for v, r, k in rights)
        return max(errors) <= self.limit

    def adjoints(self) -> dict[str, tuple[Array, ...]]:
        """Adjoints of activations that the answer names and that have their shape."""
        found = {}
        tensors = self.bench.program.tensors
        for other in self.outcomes[0].others:
            tensor = other.removeprefix("d")
            known = tensor in tensors and tensors[tensor].role == "activation"
            if not other.startswith("d") or not known or tensors[tensor].levels:
                continue
            if all(other in o.others for o in self.outcomes):
                found[tensor] = tuple(np.asarray(o.others[other], float) for o in self.outcomes)
        return found

    def exact(self) -> float:
        kinds_ = {np.asarray(g).dtype for o in self.outcomes for g in o.gradients.values()}
        return 1e-9 if np.float32 not in kinds_ else 1e-5

    @cached_property
    def limit(self) -> float:
        """The largest relative error that is right."""
        return TOLERANCE if self.exact() < TOLERANCE else SINGLE

    # -- how far it is off ----------------------------------------------------------------------

    def measured(self, name: str) -> Judged:
        """The verdict by numbers alone."""
        key = self.keys[name]
        problem = next((o.problems[key] for o in self.outcomes if key in o.problems), None)
        values = self.values(name)
        if values is None:
            return Judged(key, kinds.WRONG if problem is not None else kinds.MISSING)
        wanted = [self.bench.right(name, k) for k in range(len(values))]
        if not any(np.any(v) for v in values) and name not in self.bench.flat:
            return Judged(key, kinds.MISSING, 1.0)
        errors = [_error(v, w, self.bench.largest[k])
                  for k, (v, w) in enumerate(zip(values, wanted, strict=True))]  # fmt: skip
        value, right = (
            np.concatenate([v.ravel() for v in values]),
            np.concatenate([w.ravel() for w in wanted]),
        )
        if max(errors) <= self.limit:
            return Judged(key, kinds.RIGHT, max(errors))
        length = float(np.linalg.norm(value) * np.linalg.norm(right))
        cosine = float(np.vdot(value, right)) / length if length else None
        scale = None
        if cosine is not None and abs(cosine) > 1 - 1e-12 and value.size > 1:
            scale = float(np.vdot(value, right) / np.vdot(right, right))
        return Judged(key, kinds.WRONG, max(errors), scale, cosine)

    # -- why ------------------------------------------------------------------------------------

    def blamed(self, name: str, judged: Judged, findings: tuple[Finding, ...]) -> Judged:
        if judged.verdict == kinds.RIGHT:
            return judged
        blames: tuple[Blame, ...] = ()
        for finding in findings:
            if name in finding.parameters:
                blames += _blames(finding, finding.parameters[0] != name)
        if judged.verdict == kinds.MISSING:  # zero: a mistake may come to that
            if any(b.kind in ZERO for b in blames):
                return replace(judged, verdict=kinds.WRONG, blames=blames)
            return replace(judged, blames=self.missing(name))
        return replace(judged, blames=blames or self.unexplained(name))

    def missing(self, name: str) -> tuple[Blame, ...]:
        where = self.bench.mutations.where.places.get(ADJOINT + name, "")
        kind = "bias_missing" if self.is_bias(name) else "missing"
        return (Blame(kind, where),)

    def is_bias(self, name: str) -> bool:
        """Whether a parameter is nowhere multiplied by anything."""
        return all(
            len(c.factors) == 1
            for part in self.bench.chain.parts
            for c in part.derivation.contributions
            if part.kind == "layer" and part.names.get(c.target.name) == name
        )

    def unexplained(self, name: str) -> tuple[Blame, ...]:
        where = self.bench.mutations.where.places.get(ADJOINT + name, "")
        key = self.keys[name]
        problem = next((o.problems[key] for o in self.outcomes if key in o.problems), None)
        if problem is not None and problem.kind == "sum":
            return (Blame("missing_sum", where, problem=problem),)
        if problem is not None and problem.kind == "shape":
            kind = of_shape(problem.value, self.bench.right(name, 0))
            return (Blame(kind, where, problem=problem),)
        return (Blame("unknown", where, problem=problem),)


def _blames(finding: Finding, following: bool) -> tuple[Blame, ...]:
    found: list[Blame] = []
    for mistake in finding.mistakes:
        chain = [mistake]
        while chain[0].before is not None:
            chain.insert(0, chain[0].before)
        found += [Blame(m.kind, m.where, m, following, partial=finding.partial) for m in chain]
    found += [Blame(m.kind, m.where, m, following, also=True) for m in finding.also]
    return tuple(found)


def _error(value: Array, wanted: Array, largest: float) -> float:
    """The largest difference over the largest entry, small gradients against the largest of all."""
    if value.shape != wanted.shape or not np.isfinite(value).all():
        return float("inf")
    scale = max(float(np.abs(wanted).max(initial=0)), 1e-4 * largest)
    return float(np.abs(value - wanted).max(initial=0)) / scale if scale else 0.0


__all__ = ["Answer", "Blame", "Judged", "Point", "Verdict", "judge"]
