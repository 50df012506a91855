"""Names for parts of a formula; what is equal up to letters has one name."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, Letter
from symbp.calculus.index import signature


def candidates(hint: str) -> list[str]:
    return [hint, *(f"{hint}{k}" for k in range(2, 1000))]


class Parts:
    """The parts named so far; each new one is an equation appended to ``out``."""

    def __init__(self, out: list[Equation], taken: Iterable[str]) -> None:
        self.out = out
        self.taken = set(taken)
        self.names: dict[str, str] = {}  # by signature
        self.letters: dict[str, tuple[Letter, ...]] = {}
        self.free: dict[str, tuple[Letter, ...]] = {}  # in the order of the signature

    def take(self, hint: str) -> str:
        """A name that nothing else has."""
        name = next(c for c in candidates(hint) if c not in self.taken)
        self.taken.add(name)
        return name

    def part(self, expr: sp.Expr, hint: str, order: list[Letter]) -> Entry:
        """A tensor for ``expr``, with its letters in this order; the same for what is equal."""
        text, free = signature(expr)
        if text in self.names:
            name = self.names[text]
            renamed = dict(zip(self.free[name], free, strict=True))
            return Entry(name, *(renamed[i] for i in self.letters[name]))
        name = self.take(hint)
        rank = {index: k for k, index in enumerate(order)}
        own = tuple(sorted(free, key=lambda i: (rank.get(i, len(rank)), i.name)))
        self.names[text] = name
        self.letters[name] = own
        self.free[name] = free
        self.out.append(Equation(Entry(name, *own), expr))
        return Entry(name, *own)
