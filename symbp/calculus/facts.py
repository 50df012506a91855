"""What the forward equations say of an expression: names for what was computed, and sums that are known.

A definition ``v = c * sum(body)`` says ``sum(body) = v / c``; written in the output of the layer it says
more: ``s = sum(e)`` with ``e = p*s`` says ``sum(p) = 1``. Nothing here is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.calculus.collect import tidy
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, Group, Letter, Reduction, SumOver, entries, rebuild
from symbp.calculus.functions import solve_linear
from symbp.calculus.index import base, freshen, map_entries, signature, substitute


@dataclass(frozen=True)
class Fact:
    """``pattern`` (up to its free letters) has the value ``value``."""

    pattern: sp.Expr
    value: sp.Expr


def fold(expr: sp.Basic, facts: list[Fact]) -> sp.Basic:
    """Replace every subexpression that a fact speaks of, from inside out."""
    table: dict[str, tuple[tuple[Letter, ...], sp.Expr]] = {}
    for fact in facts:
        text, letters = signature(fact.pattern)
        table.setdefault(text, (letters, fact.value))
    heads = {type(fact.pattern) for fact in facts}
    powers = [f for f in facts if f.pattern.is_Pow and f.pattern.base != sp.E]

    def visit(node: sp.Basic) -> sp.Basic:
        if not node.args or isinstance(node, Entry):
            return node
        node = rebuild(node, [visit(a) for a in node.args])
        if type(node) in heads:
            text, letters = signature(node)
            if text in table:
                return _rename(table[text][1], table[text][0], letters)
        if node.is_Pow and node.base != sp.E:
            return _fold_power(node, powers)
        return node

    return visit(expr)


def _fold_power(node: sp.Pow, facts: list[Fact]) -> sp.Basic:
    """``v**(-1/2)`` is ``1/s`` where ``s = v**(1/2)``."""
    text, letters = signature(node.base)
    for fact in facts:
        ratio = node.exp / fact.pattern.exp
        own_text, own_letters = signature(fact.pattern.base)
        if ratio.is_Integer and own_text == text:
            return _rename(fact.value, own_letters, letters) ** ratio
    return node


def _rename(value: sp.Expr, old: tuple[Letter, ...], new: tuple[Letter, ...]) -> sp.Basic:
    return substitute(freshen(value, new), dict(zip(old, new, strict=True)))


def definitions(unit: Unit) -> list[Fact]:
    """``rhs = target`` of every forward equation whose right side is more than a sum of terms."""
    facts = []
    for equation in unit.equations:
        rhs = equation.rhs
        trivial = rhs.is_Add or rhs.is_Mul or isinstance(rhs, (Entry, Reduction)) or rhs.is_Number
        if equation.target.plain and not trivial:
            facts.append(Fact(rhs, equation.target))
    return facts


def inverse(equation: Equation, unit: Unit) -> tuple[str, Entry, sp.Expr] | None:
    """Solve ``v = F(u, ..)`` for the one read ``u`` with all letters of v, where F is linear-fractional.

    Returns the tensor's name, the read, and the solution in v; None where u is not unique.
    """
    target = equation.target
    if not _bijective(target) or any(
        isinstance(a, Reduction) for a in sp.preorder_traversal(equation.rhs)
    ):
        return None
    known = set(unit.inputs) | {e.name for e in unit.equations}
    reads = dict.fromkeys(entries(equation.rhs))
    full = [r for r in reads if r.name in known and set(r.indices) == set(target.indices)]
    if len(full) > 1:
        full = [r for r in full if r.name in unit.inputs]
    if len(full) != 1 or not _bijective(full[0]) or full[0] == equation.rhs:
        return None
    unknown = sp.Dummy("x")
    numerator = sp.numer(sp.together(equation.rhs.xreplace({full[0]: unknown}) - target))
    solution = solve_linear(numerator, unknown)
    if solution is None or any(r.name == full[0].name for r in entries(solution)):
        return None
    return full[0].name, full[0], solution


def apply_inverse(expr: sp.Basic, found: tuple[str, Entry, sp.Expr]) -> sp.Basic:
    """Replace every read of the solved tensor by its solution at the letters of that read."""
    name, read, solution = found

    def value(entry: Entry) -> sp.Expr:
        moved = _places(read, entry)
        return entry if moved is None else substitute(solution, moved)

    return map_entries(expr, name, value)


def _bijective(entry: Entry) -> bool:
    """Whether the indices are distinct letters, bare or in groups: each place is met once."""
    letters = [p for i in entry.indices for p in (i.parts if isinstance(i, Group) else (i,))]
    return all(i.is_Symbol for i in letters) and len(set(letters)) == len(letters)


def _places(read: Entry, entry: Entry) -> dict[Letter, sp.Expr] | None:
    """What stands in ``entry`` for the letters of ``read``; None where a group is split otherwise."""
    moved: dict[Letter, sp.Expr] = {}
    for own, here in zip(read.indices, entry.indices, strict=True):
        if not isinstance(own, Group):
            moved[own] = here
        elif isinstance(here, Group) and _split(here) == _split(own):
            moved |= dict(zip(own.parts, here.parts, strict=True))
        else:
            return None
    return moved


def _split(group: Group) -> list[str]:
    """The families of its letters: they stand for the sizes of its parts."""
    return [base(p) if p.is_Symbol else "" for p in group.parts]


def known_sums(unit: Unit) -> list[Fact]:
    """Sums whose value follows from a definition, as it stands and written in outputs."""
    axes = dict(unit.axes)
    facts = [Fact(tidy(pattern, axes), value) for pattern, value in unit.given]
    inverses = [f for e in reversed(unit.equations) if (f := inverse(e, unit)) is not None]
    for equation in unit.equations:
        if not equation.target.plain:
            continue
        rhs = tidy(equation.rhs, axes)
        sums = [f for f in sp.Mul.make_args(rhs) if isinstance(f, SumOver)]
        if len(sums) != 1:
            continue
        total = equation.target / sp.Mul(*(f for f in sp.Mul.make_args(rhs) if f is not sums[0]))
        facts.append(Fact(sums[0], total))
        for found in inverses:
            derived = _solve_for_sum(tidy(apply_inverse(sums[0], found), axes) - total)
            if derived is not None:
                facts.append(derived)
    return facts


def _solve_for_sum(relation: sp.Expr) -> Fact | None:
    """From ``relation = 0`` with one sum in it, the value of that sum."""
    sums = sorted(relation.atoms(SumOver), key=str)
    if len(sums) != 1:
        return None
    unknown = sp.Dummy("S")
    plain = sp.numer(sp.together(relation.xreplace({sums[0]: unknown})))
    solution = solve_linear(plain, unknown)
    return None if solution is None else Fact(sums[0], sp.cancel(solution))
