"""The formula of a statement: what its pieces say, joined, in the names of one network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symbp.calculus.equation import ADJOINT
from symbp.calculus.index import signature
from symbp.network.items import Piece, Statement
from symbp.printers.base import BATCH, PRODUCT, SUM, TERM, Fill, fill
from symbp.printers.dialect import PLAIN, Dialect, Latex
from symbp.printers.finished import common_letters
from symbp.printers.marks import negative, positive
from symbp.printers.shared import Shared
from symbp.writers.storage import Storage


class Formulas:
    """Writes the formulas of one program."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.program = storage.program

    def formula(self, item: Statement, dialect: Dialect, notation: str | None = None) -> str:
        """``left = right``; in matrix form where all pieces have one, unless ``notation`` says.

        Pieces that go to different places are equations of their own.
        """
        if self.several(item):
            parts = (replace(item, pieces=(piece,)) for piece in item.pieces)
            texts = [self.formula(part, dialect, notation) for part in parts]
            return "; ".join(texts) if all(texts) else ""
        for kind in (notation,) if notation else ("matrix", "index"):
            letters = self.letters(item) if kind == "index" else ()
            sides = [self._sides(item, p, dialect, kind, letters) for p in item.pieces]
            if all(s is not None for s in sides):
                known = [s for s in sides if s is not None]
                return self._equation(item, known, dialect, letters)
        return ""

    def several(self, item: Statement) -> bool:
        """Whether the pieces of a statement go to different places of its tensor."""
        places = set()
        for piece in item.pieces:
            finished = piece.finished
            whole = finished is None or finished.unit.covers(finished.equation.target)
            places.add("" if whole else signature(finished.equation.target)[0])  # type: ignore[union-attr]
        return len(places) > 1

    def letters(self, item: Statement) -> tuple[str, ...]:
        """How the letters of the left side are written where several pieces have to agree on them."""
        finished = [p.finished for p in item.pieces if p.finished is not None]
        if not finished:
            shape = self.program.tensors[item.defines.lstrip(ADJOINT)].shape
            return tuple(
                "n" * (size is None) or letter
                for size, letter in zip(shape, "ijkpqr", strict=False)
            )
        if len(finished) == len(item.pieces) == 1:
            return ()
        return common_letters(finished)

    def _sides(
        self,
        item: Statement,
        piece: Piece,
        dialect: Dialect,
        notation: str,
        letters: tuple[str, ...],
    ) -> tuple[str, str, int] | None:
        write = self._writer(piece, dialect)
        if piece.finished is None:
            return "", write(piece.source, dialect.places(letters), "", False), PRODUCT
        found = piece.finished.formula(notation, dialect, letters)
        if found is None:
            return None
        left, right, level = found
        target = self._writer(replace(piece, finished=None), dialect)
        own = piece.finished.equation.name
        carried = piece.finished.defines != own  # from step to step, in a variable of its own
        defines = piece.tensor(own) if carried else item.defines

        def write_left(name: str, *rest: Any) -> str:
            return target(defines, *rest) if name == own else write(name, *rest)

        return fill(left, write_left), fill(right, write), level

    def shared(self, piece: Piece, value: Shared, name: str) -> str:
        """What is computed on a line of its own because a statement reads it twice."""
        assert piece.finished is not None
        known = self._writer(piece, PLAIN)

        def write(slot: str, index: str, label: str, transposed: bool) -> str:
            places = ",".join(p for p in (label, index) if p)
            own = name + (f"[{places}]" if places else "")
            return own if slot == value.name else known(slot, index, label, transposed)

        return " = ".join(fill(side, write) for side in piece.finished.shared_formula(value, PLAIN))

    def _writer(self, piece: Piece, dialect: Dialect) -> Fill:
        def write(name: str, index: str, label: str, transposed: bool) -> str:
            if name == BATCH:
                return "N"
            if name.startswith(TERM):
                return piece.keys[name]
            known = self.storage.name(piece.tensor(name) if piece.finished else name)
            known = replace(known, levels=()) if piece.whole else known
            method = known.latex if isinstance(dialect, Latex) else known.unicode
            return method(index, label, transposed)

        return write

    def _equation(
        self,
        item: Statement,
        sides: list[tuple[str, str, int]],
        dialect: Dialect,
        letters: tuple[str, ...],
    ) -> str:
        left = next((s[0] for s in sides if s[0]), "")
        if not left:
            known = self.storage.name(item.defines)
            index = dialect.places(letters)
            left = known.latex(index) if isinstance(dialect, Latex) else known.unicode(index)
        if item.part == "loss" and len(sides) > 1:
            known = self.storage.name(item.defines)
            left = known.latex() if isinstance(dialect, Latex) else known.unicode()
        right = ""
        for k, (_, text, level) in enumerate(sides):
            text = dialect.bracket(text) if level < SUM else text
            minus = k and negative(text)
            right += f" - {positive(text)}" if minus else (" + " if k else "") + text
        return f"{left} = {right}"
