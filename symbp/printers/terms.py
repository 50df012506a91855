"""The terms of an equation: the slots of their keys, and how code reads what its formula shows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property

import sympy as sp

from symbp.arrays.lower import lower_value
from symbp.arrays.nodes import Axes, Node, Ref
from symbp.arrays.scan import Inside
from symbp.calculus.expression import Entry
from symbp.printers.base import TERM, slot
from symbp.printers.meaning import Meaning, Reader, Signed, compounds


class Terms:
    """Those of a right side; ``inside`` is the loop in which its code stands, and ``instead`` has what
    runs in place of parts of the formula."""

    def __init__(
        self, right_side: Node, inside: Inside, instead: Mapping[sp.Expr, sp.Expr]
    ) -> None:
        self.right_side = right_side
        self.inside = inside
        self.instead = instead

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The terms that are more than a tensor, in the order of the formula."""
        return compounds(self.right_side)

    def slots(self, reader: Reader | None = None) -> dict[Meaning, str]:
        """What the terms say, as the reader reads it, with the slots of their keys."""
        known = reader or Reader()
        made: dict[Meaning, str] = {}
        for k, node in enumerate(self.nodes, 1):
            made.setdefault(known.meaning(node), slot(f"{TERM}{k}"))
        return made

    @property
    def whole(self) -> str:
        """The slot of the whole right side; empty where that is a tensor or a number."""
        return self.slots().get(Reader().meaning(self.right_side), "")

    # -- in code --------------------------------------------------------------------------------

    def in_code(self, loops: Axes) -> tuple[dict[Meaning, str], Reader]:
        """The terms as the code says them in loops over these letters, and the reader of such code."""
        shown, written = Reader(self._read, loops), Reader(loops=loops)
        same: dict[Meaning, Signed] = {}
        for old, new in self.instead.items():
            sign, meaning = shown.signed(lower_value(old, {}))
            other, code = written.signed(lower_value(self._applied(new), {}))
            same[code] = (sign * other, meaning)
        return self.slots(shown), Reader(loops=loops, same=same)

    def _read(self, ref: Ref) -> Hashable:
        """What the code reads where the formula reads a tensor."""
        entry = self._applied(Entry(ref.name, *ref.index))
        return entry.name, entry.indices  # type: ignore[attr-defined]

    def _applied(self, expr: sp.Expr) -> sp.Expr:
        return self.inside.apply(expr)  # type: ignore[return-value]
