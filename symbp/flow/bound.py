"""What the size of the gradient is multiplied with at most: |v diag(d) W^T| <= max |d| ||W|| |v|, with the
spectral norm of W (Golub and Van Loan, *Matrix Computations*, sec. 2.3.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from symbp.flow.factors import DIAGONAL, IDENTITY, MATRIX, SEED, Factor
from symbp.writers.document import Text


@dataclass(frozen=True)
class Term:
    """``number`` times the spectral norms of parameters (their keys, and how they are written)."""

    number: float
    exact: sp.Expr | None
    norms: tuple[str, ...]
    names: tuple[Text, ...]

    def text(self) -> Text:
        latex = [rf"\|{n.latex}\|" for n in self.names]
        plain = [f"‖{n.plain}‖" for n in self.names]
        if self.exact is not None and self.exact.is_Rational and self.exact.q < 1000:
            number = Text(sp.latex(self.exact), str(self.exact))
        else:
            number = Text(f"{self.number:.4g}", f"{self.number:.4g}")
        if self.number != 1 or not self.names:
            latex, plain = [number.latex, *latex], [number.plain, *plain]
        return Text(r" \, ".join(latex), " ".join(plain))


@dataclass(frozen=True)
class Bound:
    """A product of sums: what blocks do one behind the other, and the paths through each side by side."""

    blocks: tuple[tuple[Term, ...], ...]

    @property
    def text(self) -> Text:
        blocks = [[term.text() for term in block] for block in self.blocks]
        alone = len(blocks) == 1
        return Text(
            r" \, ".join(_added([t.latex for t in block], alone) for block in blocks),
            " ".join(_added([t.plain for t in block], alone) for block in blocks),
        )

    def value(self, norm: Callable[[str], float]) -> float:
        """With the spectral norm of each parameter put in."""
        product = 1.0
        for block in self.blocks:
            product *= sum(term.number * math.prod(map(norm, term.norms)) for term in block)
        return product


def _added(texts: list[str], alone: bool) -> str:
    text = " + ".join(texts)
    return text if alone or len(texts) == 1 else f"({text})"


def bound(blocks: Sequence[Sequence[Sequence[Factor]]]) -> Bound | None:
    """Of a product of sums of products; None where a factor has no bound, or none that is known."""
    made: list[tuple[Term, ...]] = []
    for block in blocks:
        terms = [_term(word) for word in sorted(block, key=len)]
        known = [t for t in terms if t is not None]
        if len(known) < len(terms):
            return None
        if known != [Term(1.0, sp.S.One, (), ())] or len(blocks) == 1:
            made.append(tuple(known))
    return Bound(tuple(made))


def _term(word: Sequence[Factor]) -> Term | None:
    number, exact = 1.0, sp.S.One
    known = True
    for factor in word:
        if factor.kind in (IDENTITY, SEED, MATRIX):
            continue
        steep = factor.steepness
        if factor.kind != DIAGONAL or steep is None or not steep.bounded:
            return None
        number *= steep.number
        known = known and steep.exact is not None
        exact = exact * steep.exact if known else exact
    matrices = [f for f in word if f.kind == MATRIX]
    names = tuple(f.name for f in matrices)
    return Term(number, exact if known else None, tuple(f.parameter for f in matrices), names)
