"""Scalar form, backward: the gradient of a tensor is one product along the way from the loss to it,
in the order of the chain rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Entry
from symbp.calculus.pullback import Contribution
from symbp.network.graph import Level
from symbp.network.heads import Head
from symbp.network.items import statements
from symbp.writers.neurons import Neurons, rename, scalar, strip
from symbp.writers.products import ZERO, Copies, Product, count, fraction, meet, one_fraction, tidy
from symbp.writers.storage import Storage

LIMIT = 40  # factors; a longer product is written with the adjoint of the layer above


@dataclass(frozen=True)
class Arrow:
    """``adjoint of target += adjoint of source * factors``, in tensors of the network."""

    target: str
    source: str
    factors: tuple[sp.Expr, ...]


class ChainRule(Neurons):
    """Products of local derivatives, made once for each tensor."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self.products: dict[str, Product] = {}
        self.runs: dict[str, int] = {}  # factors at a product's end since the last visible tensor

    @cached_property
    def arrows(self) -> dict[str, list[Arrow]]:
        """All contributions to each tensor's adjoint."""
        made: dict[str, list[Arrow]] = {}

        def add(
            contributions: Iterable[Contribution], names: Mapping[str, str], seed: bool
        ) -> None:
            for c in contributions:
                factors = c.factors if c.source == "L" and not seed else c.factors[1:]
                expressions = tidy(rename(strip(f), names) for f in factors)
                target = names.get(c.target.name, c.target.name)
                made.setdefault(target, []).append(
                    Arrow(target, names.get(c.source, c.source), expressions)
                )

        for head in self.program.heads:
            if head.node is not None:
                for adjoint in head.text.derivation.adjoints:
                    factor = rename(strip(adjoint.equations[0].rhs), head.names)
                    target = head.names[adjoint.name]
                    made.setdefault(target, []).append(Arrow(target, "L", (factor,)))
                continue
            names = {**self.names_of(head), "L": "L"}
            add(head.text.derivation.contributions, names, seed=False)
        joined = {id(h.node) for h in self.program.heads if h.node is not None}
        for node in self.program.graph.nodes:
            if id(node) not in joined:
                add(node.template.training.derivation.contributions, node.names, seed=True)
        for head in reversed(self.program.heads):  # a judged output that other layers read as well
            if head.node is not None and head.node.output in made:
                contributions = head.node.template.training.derivation.contributions
                add(contributions, head.node.names, seed=True)
        for statement in statements(self.program.backward):
            for piece in statement.pieces:
                if piece.finished is not None and piece.finished.equation.name == f"{ADJOINT}W":
                    if "y" not in piece.names and set(piece.names) <= {"W"}:
                        factor = scalar(piece)
                        tensor = statement.defines.removeprefix(ADJOINT)
                        made.setdefault(tensor, []).append(Arrow(tensor, "L", (factor,)))
        return made

    def names_of(self, head: Head) -> Mapping[str, str]:
        """The tensors by a head's own names, those of the parts of its loss, too."""
        own = {local: name for local, name in head.names.items() if local != "L"}
        pieces = (p for s in statements(self.program.loss) for p in s.pieces)
        return next((p.names for p in pieces if own.items() <= p.names.items()), head.names)

    @cached_property
    def carried(self) -> dict[str, str]:
        """Adjoints that stand for themselves: what a loop over copies hands on."""
        made = {}
        for repeat in self.repeats:
            made[repeat.end] = repeat.end
            made[repeat.result] = repeat.result
            made[repeat.first] = repeat.first
        return made

    def adjoint(self, name: str) -> Product:
        """The gradient of the loss by one tensor as a product in the order of the chain rule."""
        if name == "L":
            return ()
        if name in self.carried:
            return (Entry(ADJOINT + name),)
        waiting = [name]
        while waiting:  # a stack, for chains deeper than Python's
            last = waiting[-1]
            missing = [s for s in self.sources(last) if s not in self.products]
            if not missing:
                self.products[last] = self.products.get(last) or self._adjoint(last)
                waiting.pop()
            waiting += missing
        return self.products[name]

    def sources(self, name: str) -> list[str]:
        """The tensors whose adjoints a product is made of."""
        known = {"L", *self.carried}
        return [a.source for a in self._arrows_of(name) if a.source not in known]

    def _adjoint(self, name: str) -> Product:
        terms: list[Product] = []
        runs: list[int] = []
        for arrow in self._arrows_of(name):
            before = self.adjoint(arrow.source)
            if before == ZERO:
                continue
            if count(before) > LIMIT and arrow.source in self.visible:
                before = (Entry(ADJOINT + arrow.source),)
            product, run = self.extended(before, arrow)
            terms.append(self.over_copies(arrow, product))
            runs.append(run)
        together = one_fraction(terms, runs)
        if together is not None:
            terms, runs = [together[0]], [together[1]]
        self.runs[name] = runs[0] if len(runs) == 1 else 0
        return meet(terms) if terms else ZERO

    def extended(self, before: Product, arrow: Arrow) -> tuple[Product, int]:
        """One step more of the chain rule; what lies between two tensors that the reader sees is one
        fraction. The second is how many factors at the end belong to such a stretch."""
        hidden = arrow.source == "L" or arrow.source not in self.visible
        run = (self.runs.get(arrow.source, 0) if hidden else 0) + len(arrow.factors)
        product = before + arrow.factors
        start = len(product) - run
        stretch = [f for f in product[start:] if isinstance(f, sp.Expr)]
        if len(stretch) < run:
            return product, 0
        joined = fraction([self.written_out(f) for f in stretch])
        return (product, run) if joined is None else (product[:start] + joined, len(joined))

    def over_copies(self, arrow: Arrow, product: Product) -> Product:
        """What the copies of a repeat add to a tensor outside of it is summed over them."""
        for level in reversed(self.copies_between(arrow.target, arrow.source)):
            product = (Copies(level.letter, level.times, product),)
        return product

    def copies_between(self, target: str, source: str) -> tuple[Level, ...]:
        """The repeats that stand around ``source`` and not around ``target``."""
        return self.levels(source)[len(self.levels(target)) :]

    def levels(self, name: str) -> tuple[Level, ...]:
        return self.program.tensors[name].levels if name in self.program.tensors else ()

    def derived(self, name: str) -> Product:
        """As ``adjoint``; for what copies of a repeat hand on, one step back along them."""
        return self._adjoint(name) if name in self.starts else self.adjoint(name)

    @cached_property
    def starts(self) -> frozenset[str]:
        return frozenset(n for r in self.repeats for n in (r.start, r.result))

    def is_copied(self, name: str) -> bool:
        """Whether a tensor is nothing but what the first copy of a repeat starts from."""
        arrows = self._arrows_of(name)
        return len(arrows) == 1 and arrows[0].source in {r.first for r in self.repeats}

    @cached_property
    def joined(self) -> tuple[Head, ...]:
        """Losses that were derived together with the layer in front."""
        return tuple(h for h in self.program.heads if h.node is not None)

    def _arrows_of(self, name: str) -> list[Arrow]:
        found = list(self.arrows.get(name, ()))
        for repeat in self.repeats:
            if repeat.source == name:
                found.append(Arrow(name, repeat.first, ()))
        return found

    def reads(self, name: str) -> list[str]:
        """The visible tensors through which the chain rule reaches ``name``."""
        found: dict[str, None] = {}
        for arrow in self._arrows_of(name):
            if arrow.source == "L" or arrow.source in self.visible or arrow.source in self.carried:
                found[arrow.source] = None
            else:
                found |= dict.fromkeys(self.reads(arrow.source))
        return list(found)

    def local(self, name: str, source: str) -> Product:
        """d(source)/d(name), both visible, through hidden tensors alone."""
        terms: list[Product] = []
        for arrow in self._arrows_of(name):
            if arrow.source == source:
                terms.append(arrow.factors)
            elif arrow.source not in self.visible and arrow.source != "L":
                inner = self.local(arrow.source, source)
                if inner != ZERO:
                    terms.append(self.extended(inner, arrow)[0])
        return meet(terms) if terms else ZERO
