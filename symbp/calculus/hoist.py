"""What a recurrence computes of its input alone leaves the loop: ``x[n,t,i]*Wx[i,j]`` summed over i is one
product for all steps.

Products alone are taken out: a sum that is added is cheaper inside the loop than as an array of its own.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symbp.calculus.collect import is_contraction
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, SumOver, entries
from symbp.calculus.order import components


def hoist(unit: Unit) -> Unit:
    """The unit with an equation of its own for each product that does not depend on the past."""
    if not unit.links:
        return unit
    cycles = _cycles(unit)
    equations: list[Equation] = []
    letters, taken, parts = dict(unit.letters), {*unit.letters, *unit.sizes}, set(unit.parts)
    for equation in unit.equations:
        cycle = cycles.get(equation.name, frozenset())
        rhs = sp.S.Zero
        for term in sp.Add.make_args(equation.rhs):
            if not cycle or not equation.target.plain or not _leaves(term, cycle):
                rhs += term
                continue
            name = next(c for c in _candidates(equation.name, term) if c not in taken)
            taken.add(name)
            parts.add(name)
            letters[name] = equation.target.indices
            part = Entry(name, *letters[name])
            equations.append(Equation(part, term))
            rhs += part
        equations.append(Equation(equation.target, rhs) if rhs != equation.rhs else equation)
    return replace(unit, equations=tuple(equations), letters=letters, parts=frozenset(parts))


def _cycles(unit: Unit) -> dict[str, frozenset[str]]:
    """Of each name in a recurrence all that depends on itself with it, delayed reads too."""
    base = {link.name: link.base for link in unit.links}
    names = list(dict.fromkeys(e.name for e in unit.equations))
    needs: dict[str, list[str]] = {name: [] for name in names}
    for e in unit.equations:
        reads = (base.get(r.name, r.name) for r in entries(e.rhs))
        needs[e.name] += [r for r in dict.fromkeys(reads) if r in needs]
    found: dict[str, frozenset[str]] = {}
    for group in components(names, needs):
        if len(group) > 1 or group[0] in needs[group[0]]:
            members = frozenset({*group, *(k for k, v in base.items() if v in group)})
            found |= dict.fromkeys(group, members)
    return found


def _leaves(term: sp.Expr, cycle: frozenset[str]) -> bool:
    products = any(is_contraction(s) for s in term.atoms(SumOver))
    return products and not any(r.name in cycle for r in entries(term))


def _candidates(name: str, term: sp.Expr) -> list[str]:
    """``z_x`` for what z has of x."""
    widest = sorted(entries(term), key=lambda r: (-len(r.indices), r.name))
    stem = f"{name}_{widest[0].name}"
    return [stem, *(f"{stem}{k}" for k in range(2, 100))]
