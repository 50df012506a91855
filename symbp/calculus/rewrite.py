"""Adjoints brought into their shortest form, with every rewrite kept as a step.

The last step of an adjoint is the equation that is printed and the equation that runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.calculus.choices import gather_choices
from symbp.calculus.collect import compact, tidy
from symbp.calculus.equation import Equation, Unit, adjoint_name
from symbp.calculus.expression import Entry, FirstMax, SumOver, entries
from symbp.calculus.facts import apply_inverse, definitions, fold, inverse, known_sums
from symbp.calculus.functions import work_out
from symbp.calculus.index import base, fresh, freshen, map_entries, signature, substitute
from symbp.calculus.pullback import Contribution
from symbp.calculus.unary import Prime


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
