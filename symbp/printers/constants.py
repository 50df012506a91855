"""Constants as NumPy source: numbers, sizes, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from symbp.arrays import nodes
from symbp.calculus.expression import Letter, Size
from symbp.printers.base import (
    ATOM,
    BATCH,
    LOOP,
    POWER,
    PRODUCT,
    SUM,
    Printer,
    slot,
)
from symbp.printers.marks import unmarked

SizeOf = Callable[[Letter], int | None]


class Constants(Printer):
    """``size_of`` gives the size of a letter, ``length`` that of a tensor's axis; None is the batch,
    which is known when the code runs. What is ``handed_out`` must own its memory. ``names`` stand for
    code that runs before."""

    def __init__(
        self,
        size_of: SizeOf,
        length: Callable[[str, int], int | None] | None = None,
        handed_out: frozenset[str] = frozenset(),
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.size_of = size_of
        self.length = length
        self.handed_out = handed_out
        self.names = names or {}

    def piece(self, node: nodes.Node) -> tuple[str, int]:
        text, level = super().piece(node)
        known = self.names.get(unmarked(text)) if self.names else None
        return (self.marked(node, known), ATOM) if known else (text, level)

    def Const(self, node: nodes.Const) -> tuple[str, int]:
        return self.number(node.value)

    def number(self, value: sp.Expr) -> tuple[str, int]:
        """A constant; Python floats keep float32 arrays float32, NumPy's scalars would not."""
        if isinstance(value, Size):
            size = self.size_of(value.letter)
            return (slot(BATCH) if size is None else str(size)), ATOM
        if value.is_Integer:
            return str(value), ATOM if value >= 0 else SUM
        if value.is_Rational:
            decimal = decimal_of(value)
            if decimal is not None:
                return decimal, ATOM if value > 0 else SUM
            return f"{value.p} / {value.q}", PRODUCT
        if value == sp.pi:
            return "np.pi", ATOM
        if value in (sp.oo, -sp.oo):
            return ("np.inf", ATOM) if value == sp.oo else ("-np.inf", SUM)
        if value.is_Symbol:
            return slot(LOOP + value.name), ATOM
        if value.is_Add:
            terms = sorted(value.args, key=lambda a: (a.could_extract_minus_sign(), a.is_number))
            return " + ".join(self.number(a)[0] for a in terms).replace("+ -", "- "), SUM
        if value.is_Pow and value.exp == sp.Rational(1, 2):
            return f"math.sqrt({self.number(value.base)[0]})", ATOM
        if value.is_Pow and value.exp.is_number and value.exp.could_extract_minus_sign():
            return f"1 / {self._number_at(1 / value, POWER)}", PRODUCT
        if value.is_Mul:
            return self._number_product(value), PRODUCT
        if value.is_Pow and value.base != sp.E:
            return f"{self._number_at(value.base, ATOM)}**{self._number_at(value.exp, ATOM)}", POWER
        name = "exp" if value.is_Pow else type(value).__name__.lower()
        inner = value.exp if value.is_Pow else value.args[0]
        return f"math.{name}({self.number(inner)[0]})", ATOM

    def _number_product(self, value: sp.Mul) -> str:
        over, under = sp.fraction(value)
        top = [self._number_at(f, PRODUCT) for f in sp.Mul.make_args(over) if f != 1] or ["1"]
        bottom = [self._number_at(f, POWER) for f in sp.Mul.make_args(under) if f != 1]
        return " / ".join([" * ".join(top), *bottom])

    def _number_at(self, value: sp.Expr, level: int) -> str:
        text, own = self.number(value)
        return f"({text})" if own < level else text


def decimal_of(value: sp.Rational) -> str | None:
    """The decimal literal of a number whose denominator divides a power of ten, else None."""
    rest = value.q
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1 or value.is_Integer:
        return None
    return repr(float(value))
