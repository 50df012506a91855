"""What statements compute, as code in the names of one network."""

from __future__ import annotations

from symbp.network.identifiers import USED
from symbp.network.items import Piece, Statement
from symbp.network.program import Program
from symbp.printers.base import LOOP, SHARED, SUM, TERM, fill
from symbp.printers.marks import negative, positive
from symbp.writers.storage import Storage


class Values:
    """Fills the slots of finished code for one storage plan."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.program: Program = storage.program
        self.names: dict[str, tuple[str, str]] = {}  # of values that lines share: for what

    def sum(self, pieces: tuple[Piece, ...]) -> str:
        text = ""
        for k, piece in enumerate(pieces):
            value = self.code(piece)
            if k and negative(value):
                text += f" - {positive(value)}"
            else:
                text += (" + " if k else "") + value
        return text

    def code(self, piece: Piece) -> str:
        if piece.finished is None:
            return self.storage.code(piece.source)
        value, level = piece.finished.code
        if level < SUM:
            value = f"({value})"
        return fill(value, lambda name, *_: self.place(piece, name))

    def place_of(self, item: Statement) -> str:
        """The part of an array that one step of a recurrence fills."""
        piece = item.pieces[0]
        assert piece.finished is not None
        own = piece.finished.defines

        def write(name: str, *_: object) -> str:
            return self.storage.code(item.defines) if name == own else self.place(piece, name)

        return fill(piece.finished.target, write)

    def place(self, piece: Piece, name: str) -> str:
        if name.startswith(TERM):
            return piece.keys[name]
        if name.startswith(LOOP):
            return self.loop_variable(name.removeprefix(LOOP))
        if name.startswith(SHARED):
            return self.shared_name(piece, name.removeprefix(SHARED))
        tensor = piece.tensor(name)
        if piece.whole and tensor in self.program.tensors:
            return self.storage.term(tensor, tensor)
        return self.storage.code(tensor)

    # -- names and types ------------------------------------------------------------------------

    def shared_name(self, piece: Piece, hint: str) -> str:
        """``masked2`` in the second layer; every value of a module has a name of its own."""
        assert piece.finished is not None
        local = piece.finished.defines
        tensor = piece.tensor(local)
        wish = hint + (tensor.removeprefix(local) if tensor.startswith(local) else "")
        name = self.loop_variable(wish)
        while self.names.setdefault(name, (tensor, hint)) != (tensor, hint):
            name += "_"
        return name

    def loop_variable(self, letter: str) -> str:
        """The letter, or the nearest name that nothing else has."""
        tensors = self.program.tensors.values()
        taken = {
            word for t in tensors for word in (t.name, f"d{t.name}", *(v.letter for v in t.levels))
        }
        letter = "step" if letter == "t" else letter  # t is what functions call the target
        while letter in taken | USED:
            letter += "_"
        return letter

    def dtype(self, reads: tuple[str, ...]) -> str:
        """The type of what is made of these tensors: a parameter's, where one is among them."""
        tensors = [self.program.tensors[r] for r in reads if r in self.program.tensors]
        for role in ("parameter", "activation", "input"):
            names = [self.storage.variable(t.name) for t in tensors if t.role == role]
            if len(names) == 1 or (names and role == "parameter"):
                return f"{names[0]}.dtype"
            if names:
                return f"np.result_type({', '.join(names)})"
        return "float" if self.storage.dtype == "float64" else f"np.{self.storage.dtype}"
