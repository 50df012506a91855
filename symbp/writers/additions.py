"""Statements that fill their tensor part by part: sums from zeros on, and concatenations."""

from __future__ import annotations

from dataclasses import replace

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Group, Letter
from symbp.network.items import Piece, Statement
from symbp.printers.base import BATCH, fill
from symbp.printers.dialect import PLAIN
from symbp.printers.finished import Finished
from symbp.writers.formulas import Formulas
from symbp.writers.lines import Line, tidy
from symbp.writers.start import shape_text
from symbp.writers.values import Values


class Additions:
    """Turns such statements into lines."""

    def __init__(self, values: Values, formulas: Formulas) -> None:
        self.values = values
        self.formulas = formulas
        self.storage = values.storage
        self.program = values.program

    def accumulation(self, item: Statement, depth: int) -> list[Line]:
        """Start from zeros and add, part by part.

        A copy of a repeat whose adjoint takes the place of the next one's reads that until it is done.
        """
        whole = target = self.storage.code(item.defines)
        read = {self.storage.variable(r) for r in item.reads if r != BATCH}
        variable = self.storage.variable(item.defines)
        if variable in read:
            target = self.storage.term(item.defines, self.values.loop_variable(f"{variable}_"))
        formula = self.formulas.formula(item, PLAIN)
        made = [Line(f"{target} = {self.zeros(item)}", formula, item.id, depth)]
        several = self.formulas.several(item)
        if several:
            made[0] = replace(made[0], formula="")
        if item.kind == "accumulate":  # over copies: the zeros stand before the loop
            made = []
        if item.kind in ("part", "add"):  # of a loop: the zeros stand before it
            made, target = [], self.values.place_of(item)
        parts = whole if item.kind in ("part", "add") else target
        rest = tuple(p for p in item.pieces if p.finished is None or p.finished.code[0])
        for piece in item.pieces:
            lines = self.added(piece, item, parts, depth)
            own = replace(item, pieces=(piece,))
            if several and lines:
                lines[0] = replace(lines[0], formula=self.formulas.formula(own, PLAIN))
            made += lines
        if made and not several:
            made[0] = replace(made[0], formula=formula)
        if rest:
            made.append(Line(tidy(f"{target} += {self.values.sum(rest)}"), "", item.id, depth))
        if item.kind == "assign" and target != whole:
            made.append(Line(f"{whole} = {target}", "", item.id, depth))
        return made

    def zeros(self, item: Statement) -> str:
        """An array for the sums: of the tensor's shape, of the type of what is added."""
        if item.defines.startswith(ADJOINT):
            primal = self.storage.variable(item.defines.lstrip(ADJOINT))
            targets = [a.target for p in item.pieces if p.finished is not None
                       for a, _ in p.finished.additions]  # fmt: skip
            split = any(isinstance(i, Group) for target in targets for i in target.index)
            order = ', order="C"' if split else ""  # only then is a reshape a view
            return f"np.zeros_like({primal}{order})"
        shape = shape_text(self.program.tensors[item.defines].shape, "len(x)")
        return f"np.zeros({shape}, dtype={self.values.dtype(item.reads)})"

    def added(self, piece: Piece, item: Statement, target: str, depth: int) -> list[Line]:
        finished = piece.finished
        made: list[Line] = []
        for added, text in finished.additions if finished else ():
            inner = depth
            if added.loops:
                made.append(Line(self.over(added.loops, finished), "", item.id, depth))
                inner += 1
            place = piece

            def write(
                name: str, *_: object, place: Piece = place, own: str = added.target.name
            ) -> str:
                return target if name == own else self.values.place(place, name)

            made.append(Line(tidy(fill(text, write)), "", item.id, inner))
        return made

    def over(self, loops: tuple[Letter, ...], finished: Finished | None) -> str:
        """The head of a loop over all values of some letters."""
        assert finished is not None
        letters = ", ".join(self.values.loop_variable(i.name) for i in loops)
        sizes = ", ".join(str(finished.size_of(i)) for i in loops)
        call = f"range({sizes})" if len(loops) == 1 else f"np.ndindex({sizes})"
        return f"for {letters} in {call}:"

    def concatenation(self, item: Statement, depth: int) -> list[Line]:
        """Several arrays one behind the other along one axis; empty where that is not what fills it."""
        blocks = [p.finished.block if p.finished else None for p in item.pieces]
        axis = concatenated(item)
        if axis is None or item.kind != "assign" or item.part != "forward":
            return []
        values = ", ".join(
            fill(block[1], lambda name, *_, p=piece: self.values.place(p, name))
            for piece, block in zip(item.pieces, blocks, strict=True)
            if block
        )
        text = f"{self.storage.code(item.defines)} = np.concatenate([{values}], axis={axis})"
        return [Line(tidy(text), self.formulas.formula(item, PLAIN), item.id, depth)]


def concatenated(item: Statement) -> int | None:
    """The axis along which the pieces of a statement fill its tensor, one behind the other."""
    blocks = [p.finished.block if p.finished else None for p in item.pieces]
    if len(blocks) < 2 or not all(blocks):
        return None
    axes = {k for b in blocks if b for k, i in enumerate(b[0]) if not i.is_Symbol}
    if len(axes) != 1:
        return None
    (axis,) = axes
    end = 0
    for piece, block in zip(item.pieces, blocks, strict=True):
        finished = piece.finished
        assert finished is not None and block is not None
        index = block[0][axis]
        letters = sorted(index.free_symbols, key=str)
        if len(letters) != 1 or index - letters[0] != end:
            return None
        end += finished.size_of(letters[0]) or 0
        whole = finished.length(finished.equation.name, axis)
    return axis if end == whole else None
