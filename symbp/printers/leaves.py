"""What formulas are made of: numbers, sizes, letters, and the places that indices name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.places import has_gather, part_of
from symbp.calculus.equation import ADJOINT, Link
from symbp.calculus.expression import Entry, Group, Letter, Size, letter
from symbp.calculus.index import base
from symbp.printers.base import ATOM, BATCH, PRODUCT, SUM, Printer, slot
from symbp.printers.constants import decimal_of
from symbp.printers.dialect import Dialect

FunctionNames = Mapping[str, str]  # named activation -> how it is written
SizeOf = Callable[[Letter], int | None]


class Leaves(Printer):
    """The leaves of a tree, as all forms of a formula write them."""

    def __init__(
        self,
        dialect: Dialect,
        functions: FunctionNames,
        size_of: SizeOf,
        shown: Mapping[Letter, str] | None = None,
        links: tuple[Link, ...] = (),
        length: Callable[[str, int], int | None] | None = None,
    ) -> None:
        self.links = {link.name: link for link in links}
        self.dialect = dialect
        self.functions = functions
        self.size_of = size_of
        self.length = length  # of a tensor's axis
        self.shown = dict(shown or {})  # letters in use, as they are written

    def bracket(self, text: str) -> str:
        return self.dialect.bracket(text)

    # -- numbers and sizes ----------------------------------------------------------------------

    def Const(self, node: nodes.Const) -> tuple[str, int]:
        return self.constant(node.value)

    def constant(self, value: sp.Expr) -> tuple[str, int]:
        """A number, or a product of sizes; decimals stay decimals."""
        if isinstance(value, Size):
            return self.size(value.letter), ATOM
        if value.is_Rational and not value.is_Integer and value.q > 9:
            decimal = decimal_of(value)
            if decimal is not None:
                return self.decimal(decimal), ATOM if value > 0 else SUM
        if value.is_Rational and value < 0:
            return f"-{self.constant(-value)[0]}", SUM
        if value.is_Rational and not value.is_Integer:
            return self.dialect.fraction(str(value.p), str(value.q))
        if value.is_Mul or value.is_Pow:
            over, under = sp.fraction(value)
            if under != 1:
                return self.dialect.fraction(self.factors_of(over), self.factors_of(under))
            if value.is_Mul:
                return self.factors_of(over), PRODUCT
            if value.exp == sp.Rational(1, 2):
                return self.dialect.root(self.constant(value.base)[0])
        if value.has(Size):
            return self.dialect.number(
                value.xreplace({s: sp.Symbol(self.size(s.letter)) for s in value.atoms(Size)})
            )
        return self.dialect.number(value)

    def factors_of(self, value: sp.Expr) -> str:
        factors = sorted(sp.Mul.make_args(value), key=lambda f: (not f.is_number, str(f)))
        return " ".join(
            text if level >= PRODUCT else self.bracket(text)
            for text, level in map(self.constant, factors)
        )

    def decimal(self, text: str) -> str:
        mantissa, _, exponent = text.partition("e")
        if not exponent:
            return text
        ten = self.dialect.power("10", str(int(exponent)))[0]
        return ten if mantissa == "1" else f"{mantissa}{self.dialect.times}{ten}"

    def size(self, index: Letter) -> str:
        """The batch size has a name; other sizes are numbers."""
        size = self.size_of(index)
        return slot(BATCH) if size is None else str(size)

    # -- letters and places ---------------------------------------------------------------------

    def letter(self, index: Letter) -> str:
        """``i_2``, a fresh copy of i, is written i, or i' where i is in use."""
        if index not in self.shown:
            text = base(index)
            while text in self.shown.values():
                text += "'"
            self.shown[index] = text
        return self.shown[index]

    def letters(self, indices: tuple[Letter, ...]) -> str:
        return " ".join(self.letter(i) for i in indices)

    @contextmanager
    def bound(self, indices: tuple[Letter, ...]) -> Iterator[str]:
        """Letters that a sum runs over: new ones inside it, forgotten behind it."""
        before = dict(self.shown)
        hidden = {i: f"{self.shown.pop(i)}" for i in indices if i in self.shown}
        self.shown |= {letter(f"{i.name}_outside"): text for i, text in hidden.items()}
        yield self.letters(indices)
        self.shown = before

    def Arange(self, node: nodes.Arange) -> tuple[str, int]:
        return self.letter(node.letter), ATOM

    def place(self, index: sp.Expr) -> str:
        if isinstance(index, Group):
            return f"({','.join(self.place(p) for p in index.parts)})"
        if index.is_Symbol:
            return self.letter(index)
        if has_gather(index):
            return self.gathered(index)
        part = part_of(index, self.size_of)
        if part is not None:
            return self.place(part)
        known = {s: self.size_of(s.letter) for s in index.atoms(Size)}
        index = index.xreplace({s: sp.Integer(k) for s, k in known.items() if k is not None})
        renamed = {s: sp.Symbol(self.letter(s)) for s in index.free_symbols}
        terms = sorted(index.as_ordered_terms(), key=lambda t: not t.free_symbols)
        terms.sort(key=lambda t: t.could_extract_minus_sign())
        text = "+".join(str(t.xreplace(renamed)).replace("*", "") for t in terms)
        return text.replace("+-", "-")

    def gathered(self, index: sp.Expr) -> str:
        """A position that is read from a tensor."""
        text = ""
        for term in sorted(index.as_ordered_terms(), key=lambda t: not has_gather(t)):
            minus = term.could_extract_minus_sign()
            term = -term if minus else term
            read = isinstance(term, Entry)
            place = slot(term.name, self.places(term.indices)) if read else self.place(term)
            text += ("-" if minus else "+" if text else "") + place
        return text

    def delayed(self, name: str, indices: tuple[sp.Expr, ...]) -> tuple[str, tuple[sp.Expr, ...]]:
        """A tensor's own past is written as what it is: ``h_prev[n,t,i]`` as ``h[n,t-1,i]``."""
        link = self.links.get(name.lstrip(ADJOINT))
        if link is None:
            return name, indices
        axis = link.axis
        moved = (*indices[:axis], indices[axis] + link.offset, *indices[axis + 1 :])
        return (link.base if name == link.name else name), moved

    def places(self, indices: tuple[sp.Expr, ...]) -> str:
        """Index expressions one behind the other, with commas where they are needed."""
        return self.dialect.places([self.place(i) for i in indices])
