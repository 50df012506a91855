"""From forward equations to adjoint equations, with every rewrite kept as a step.

The last step of an adjoint is the equation that is printed and the equation that runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from symbp.calculus.choices import gather_choices
from symbp.calculus.collect import compact, is_contraction, tidy
from symbp.calculus.delay import back_links, hands_back
from symbp.calculus.equation import Equation, Link, Unit, adjoint_name
from symbp.calculus.expression import Entry, FirstMax, Prime, SumOver, entries
from symbp.calculus.facts import (
    Fact,
    apply_inverse,
    definitions,
    fold,
    inverse,
    known_sums,
)
from symbp.calculus.functions import work_out
from symbp.calculus.index import (
    base,
    canonical,
    fresh,
    freshen,
    map_entries,
    signature,
    substitute,
)
from symbp.calculus.maxima import with_masks, without_idle_masks
from symbp.calculus.pullback import Contribution, pullback


@dataclass(frozen=True)
class Step:
    """One rewrite: ``after`` equals ``before`` by ``rule`` (a key of the phrase book)."""

    rule: str
    before: sp.Expr
    after: sp.Expr


@dataclass(frozen=True)
class Adjoint:
    """The adjoint of one tensor: its equations (one, or a sum and scatters), and how they came about."""

    name: str
    equations: tuple[Equation, ...]
    contributions: tuple[Contribution, ...]
    steps: tuple[Step, ...] = ()


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


class Rewriter:
    """Brings adjoints of one unit into their shortest form."""

    def __init__(self, unit: Unit, axes: dict[str, str]) -> None:
        self.unit = unit
        self.axes = axes
        self.definitions = definitions(unit)
        self.sums = known_sums(unit)
        made = {e.name for e in unit.equations if not isinstance(e.rhs, FirstMax)}
        self.finite = frozenset({*unit.letters} - made)
        self.inverses = [
            found for e in reversed(unit.equations) if (found := inverse(e, unit)) is not None
        ]

    def adjoint(
        self, name: str, contributions: list[Contribution], closed: dict[str, Equation]
    ) -> Adjoint:
        letters = self.unit.letters[name]
        whole = [c for c in contributions if self.unit.covers(c.target)]
        plain = [self._plain(c, letters) for c in whole]
        scatters = self._scatters([c for c in contributions if c not in whole], closed)
        if not plain:
            return Adjoint(name, scatters, tuple(contributions))
        raw = sp.Add(*plain)
        rhs, steps = self.rewrite(raw, closed)
        target = Entry(adjoint_name(name), *letters)
        return Adjoint(name, (Equation(target, rhs), *scatters), tuple(contributions), steps)

    def _plain(self, contribution: Contribution, letters: tuple[sp.Symbol, ...]) -> sp.Expr:
        """The contribution with the tensor's own letters."""
        return self._moved(contribution, contribution.target.indices, letters)

    def _moved(
        self,
        contribution: Contribution,
        own: tuple[sp.Symbol, ...],
        letters: tuple[sp.Symbol, ...],
    ) -> sp.Expr:
        """The contribution with ``letters`` in place of its ``own``; what stays open is summed over."""
        moved: dict[sp.Symbol, sp.Expr] = {}
        avoid = set(letters) | set(contribution.letters)
        for old, new in zip(own, letters, strict=True):
            moved[old] = new
        for index in contribution.letters:
            if index in letters and index not in own:
                moved[index] = fresh(index, avoid)
                avoid.add(moved[index])
        product = substitute(sp.Mul(*contribution.factors), moved)
        rest = [moved.get(i, i) for i in contribution.letters if i not in own]
        return SumOver(product, *sorted(rest, key=str)) if rest else product

    def _scatters(
        self, contributions: list[Contribution], closed: dict[str, Equation]
    ) -> tuple[Equation, ...]:
        """One equation for all contributions that go to the same places, over the same axes."""
        targets: dict[str, Entry] = {}
        terms: dict[str, list[sp.Expr]] = {}
        for contribution in contributions:
            text, own = signature(contribution.target)
            text += " ".join(self.axes.get(base(i), base(i)) for i in own)
            target = targets.setdefault(text, contribution.target)
            letters = signature(target)[1]
            terms.setdefault(text, []).append(self._moved(contribution, own, letters))
        made = []
        for text, target in targets.items():
            rhs, _ = self.rewrite(sp.Add(*terms[text]), closed)
            made.append(Equation(Entry(adjoint_name(target.name), *target.indices), rhs))
        return tuple(made)

    def rewrite(
        self, raw: sp.Expr, closed: dict[str, Equation]
    ) -> tuple[sp.Expr, tuple[Step, ...]]:
        steps: list[Step] = []
        expr = raw

        def record(rule: str, after: sp.Expr) -> None:
            nonlocal expr
            if after != expr:
                steps.append(Step(rule, expr, after))
                expr = after

        record("insert", self._inline(expr, closed))
        if expr.has(Prime):
            record("derivative", work_out(expr, self.unit.functions, in_value=False))
            expr = work_out(steps[-1].before, self.unit.functions)
            steps[-1] = Step("derivative", steps[-1].before, expr)
        record("names", fold(expr, self.definitions))
        record("sums", tidy(expr, self.axes))
        record("outputs", self._in_outputs(expr))
        record("facts", self._with_facts(expr))
        record("collect", compact(gather_choices(expr, self.finite), self.axes))
        record("names", fold(expr, self.definitions))
        return expr, tuple(steps)

    def _inline(self, expr: sp.Basic, closed: dict[str, Equation]) -> sp.Basic:
        """Write the adjoints of internal tensors into what reads them."""
        for name, equation in reversed(closed.items()):

            def value(
                entry: Entry, equation: Equation = equation, expr: sp.Basic = expr
            ) -> sp.Basic:
                own = equation.target.indices
                there = freshen(equation.rhs, expr.atoms(sp.Symbol))
                return substitute(there, dict(zip(own, entry.indices, strict=True)))

            expr = map_entries(expr, adjoint_name(name), value)
        return expr

    def _in_outputs(self, expr: sp.Expr) -> sp.Expr:
        """Write the expression in what the unit computes last, where that is shorter and exact."""
        for found in self.inverses:
            candidate = tidy(apply_inverse(expr, found), self.axes)
            if (
                candidate != expr
                and _poles(candidate) <= _poles(expr)
                and _shorter(candidate, expr)
            ):
                expr = candidate
        return expr

    def _with_facts(self, expr: sp.Expr) -> sp.Expr:
        for _ in range(4):  # a fact may open the way for another
            after = tidy(fold(expr, self.sums), self.axes)
            if after == expr:
                break
            expr = after
        return expr


def _poles(expr: sp.Expr) -> int:
    """Divisions by tensors: one more would be a new place to divide by zero."""
    return sum(
        1
        for node in sp.preorder_traversal(expr)
        if node.is_Pow and node.exp.could_extract_minus_sign() and any(True for _ in entries(node))
    )


def _shorter(candidate: sp.Expr, expr: sp.Expr) -> bool:
    def size(e: sp.Expr) -> tuple[int, int]:
        plain = sp.factor_terms(e)
        return (min(e.count_ops(), plain.count_ops()), len({r.name for r in entries(e)}))

    return size(candidate) < size(expr)


__all__ = ["Adjoint", "Derivation", "Fact", "Step", "canonical", "derive", "is_contraction"]
