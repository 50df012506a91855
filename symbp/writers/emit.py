"""A program's statements as lines of code, each with its formula behind it."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Group, Letter
from symbp.network.identifiers import USED
from symbp.network.items import Item, Loop, Noise, Piece, Scan, Statement, Zeros, statements
from symbp.network.program import Program
from symbp.printers.base import BATCH, LOOP, SHARED, SUM, fill
from symbp.printers.dialect import PLAIN
from symbp.printers.finished import Finished
from symbp.writers.formulas import Formulas
from symbp.writers.lines import Line, tidy
from symbp.writers.start import Start, shape_text
from symbp.writers.storage import Storage, subscript


class Emitter:
    """Turns statements into lines for one storage plan."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.program: Program = storage.program
        self.formulas = Formulas(storage)
        self.names: dict[str, tuple[str, str]] = {}  # of values that lines share: for what

    def lines(self, items: tuple[Item, ...], depth: int = 0) -> list[Line]:
        """The statements in order; what runs in one mode alone stands in an ``if training:``."""
        made: list[Line] = []
        training: list[Item] = []
        opened = False
        for mode, group in groupby(items, key=lambda i: getattr(i, "mode", None)):
            members = list(group)
            inner = self.block(members, depth + (mode is not None))
            if mode is None:
                made += inner
                continue
            if mode == "training":
                training, head = members, "if training:"
            else:
                inner += self.unknown(training, members, depth + 1)
                head = "else:" if opened else "if not training:"
            opened = mode == "training" and bool(inner)
            made += [Line(head, depth=depth), *inner] if inner else []
        return made

    def unknown(self, training: list[Item], inference: list[Item], depth: int) -> list[Line]:
        """Names that training alone makes and later passes read are None outside training."""
        known = {i.defines for i in inference if not isinstance(i, Loop)}
        missing = [
            i.defines for i in training
            if not isinstance(i, Loop) and i.defines not in known and i.defines in self.storage.saved
        ]  # fmt: skip
        plain = [n for n in dict.fromkeys(missing) if not self.program.tensors[n].levels]
        return [Line(f"{' = '.join(plain)} = None", depth=depth)] if plain else []

    def block(self, items: list[Item], depth: int) -> list[Line]:
        return [line for item in items for line in self.item(item, depth)]

    def item(self, item: Item, depth: int) -> list[Line]:
        if isinstance(item, Loop):
            return self.loop(item, depth)
        if isinstance(item, Noise):
            return [self.noise(item, depth)]
        if isinstance(item, Scan):
            return self.scan(item, depth)
        if isinstance(item, Zeros):
            target, like = self.storage.code(item.defines), self.storage.code(item.like)
            return [Line(f"{target} = np.zeros_like({like})", depth=depth)]
        return self.statement(item, depth)

    def noise(self, item: Noise, depth: int) -> Line:
        like = self.storage.code(item.like)
        keep = f"(rng.random({like}.shape) >= {item.rate!r}).astype({like}.dtype)"
        target = self.storage.code(item.defines)
        name = self.storage.name(item.defines).unicode()
        formula = f"{name} = 0 with probability {item.rate!r}, else 1/{round(1 - item.rate, 12)!r}"
        return Line(f"{target} = {keep} / {round(1 - item.rate, 12)!r}", formula, item.id, depth)

    # -- loops ----------------------------------------------------------------------------------

    def loop(self, loop: Loop, depth: int) -> list[Line]:
        letter, times = loop.repeat.level.letter, loop.repeat.level.times
        span = f"reversed(range({times}))" if loop.reverse else f"range({times})"
        if loop.reverse:
            before = self.backward_start(loop, depth)
        elif any(s.part == "update" for s in statements(loop.body)):
            before = []  # the arrays stand already
        else:
            before = self.forward_start(loop, depth)
        body = self.lines(loop.body, depth + 1)
        head = [Line(f"for {letter} in {span}:", depth=depth)] if body else []
        return [*before, *head, *body]

    def scan(self, scan: Scan, depth: int) -> list[Line]:
        """The steps of a recurrence, behind the arrays that they fill."""
        step = self.loop_variable(scan.scan.letter)
        span = f"range({scan.scan.size})"
        head = f"for {step} in {f'reversed({span})' if scan.scan.reverse else span}:"
        start = Start(scan, self.storage, self.loop_variable, self.dtype)
        return [
            *(replace(line, depth=depth) for line in start.lines()),
            Line(head, depth=depth),
            *self.lines(scan.body, depth + 1),
        ]

    def forward_start(self, loop: Loop, depth: int) -> list[Line]:
        """The lists that hold what the copies make."""
        repeat, storage = loop.repeat, self.storage
        times = repeat.level.times
        made = []
        for chain in (repeat, *loop.also):
            source = storage.code(chain.source)
            place = subscript(chain.levels) if chain.result in storage.saved else ""
            if storage.history(chain):
                source = f"[{source}] + [None] * {times}"
            made.append(Line(f"{chain.result}{place} = {source}", depth=depth))
        for name in storage.saved:
            levels = self.program.tensors[name].levels
            inside = len(levels) > len(repeat.levels) and levels[len(repeat.levels)] == repeat.level
            if inside:
                made.append(
                    Line(f"{name}{subscript(repeat.levels)} = [None] * {times}", depth=depth)
                )
        return made

    def backward_start(self, loop: Loop, depth: int) -> list[Line]:
        made = []
        outer = loop.repeat.levels
        for name in _defined(loop.body):
            tensor = self.program.tensors[name.lstrip(ADJOINT)]
            if tensor.role == "parameter" and not outer:
                slope, bare = (self.storage.code(n).partition("[")[0] for n in (name, tensor.name))
                made.append(Line(f"{slope} = np.empty_like({bare})", depth=depth))
            if tensor.role == "accumulated" and tensor.levels == outer:
                zeros = "0"
                if _in_parts(name, loop):
                    zeros = f"np.zeros_like({self.storage.code(tensor.like)})"
                made.append(Line(f"{self.storage.code(name)} = {zeros}", depth=depth))
        return made

    # -- statements -----------------------------------------------------------------------------

    def statement(self, item: Statement, depth: int) -> list[Line]:
        if any(p.finished is not None and p.finished.additions for p in item.pieces):
            return self.concatenation(item, depth) or self.accumulation(item, depth)
        target = self.storage.code(item.defines)
        if item.part == "update":  # of a buffer: one array for all copies
            target = item.defines + subscript(
                self.program.tensors[item.defines].levels, joined=True
            )
        value = self.sum(item.pieces)
        if item.kind in ("part", "add"):
            target = self.place_of(item)
        if item.kind == "accumulate":
            value = f"{target} + {value}"
        elif item.kind == "add":
            target = f"{target} +"
        formula = self.formulas.formula(item, PLAIN)
        if target == value:
            return []
        joint = "= " if item.kind == "add" else " = "
        line = Line(tidy(f"{target}{joint}{value}"), formula, item.id, depth)
        return [*self.shared(item, depth), line]

    def shared(self, item: Statement, depth: int) -> list[Line]:
        """What a statement would compute twice, each with a name of its own."""
        made = []
        for piece in item.pieces:
            for value in piece.finished.shared if piece.finished else ():
                name = self.place(piece, value.name)
                code = fill(value.code, lambda n, *_, p=piece: self.place(p, n))
                formula = self.formulas.shared(piece, value, name)
                made.append(Line(tidy(f"{name} = {code}"), formula, item.id, depth))
        return made

    def place_of(self, item: Statement) -> str:
        """The part of an array that one step of a recurrence fills."""
        piece = item.pieces[0]
        assert piece.finished is not None
        own = piece.finished.defines

        def write(name: str, *_: object) -> str:
            return self.storage.code(item.defines) if name == own else self.place(piece, name)

        return fill(piece.finished.target, write)

    def sum(self, pieces: tuple[Piece, ...]) -> str:
        text = ""
        for k, piece in enumerate(pieces):
            value = self.code(piece)
            if k and value.startswith("-"):
                text += f" - {value[1:]}"
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

    def place(self, piece: Piece, name: str) -> str:
        if name.startswith(LOOP):
            return self.loop_variable(name.removeprefix(LOOP))
        if name.startswith(SHARED):
            return self.shared_name(piece, name.removeprefix(SHARED))
        tensor = piece.tensor(name)
        return (
            tensor if piece.whole and tensor in self.program.tensors else self.storage.code(tensor)
        )

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

    def accumulation(self, item: Statement, depth: int) -> list[Line]:
        """Start from zeros and add, part by part.

        A copy of a repeat whose adjoint takes the place of the next one's reads that until it is done.
        """
        whole = self.storage.code(item.defines)
        read = {self.storage.code(r) for r in item.reads if r != BATCH}
        target = self.loop_variable(f"{whole}_") if whole in read else whole
        formula = self.formulas.formula(item, PLAIN)
        made = [Line(f"{target} = {self.zeros(item)}", formula, item.id, depth)]
        several = self.formulas.several(item)
        if several:
            made[0] = replace(made[0], formula="")
        if item.kind == "accumulate":  # over copies: the zeros stand before the loop
            made = []
        if item.kind in ("part", "add"):  # of a loop: the zeros stand before it
            made, target = [], self.place_of(item)
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
            made.append(Line(tidy(f"{target} += {self.sum(rest)}"), "", item.id, depth))
        if item.kind == "assign" and target != whole:
            made.append(Line(f"{whole} = {target}", "", item.id, depth))
        return made

    def zeros(self, item: Statement) -> str:
        """An array for the sums: of the tensor's shape, of the type of what is added."""
        if item.defines.startswith(ADJOINT):
            primal = self.storage.code(item.defines.lstrip(ADJOINT))
            targets = [a.target for p in item.pieces if p.finished is not None
                       for a, _ in p.finished.additions]  # fmt: skip
            split = any(isinstance(i, Group) for target in targets for i in target.index)
            order = ', order="C"' if split else ""  # only then is a reshape a view
            return f"np.zeros_like({primal}{order})"
        shape = shape_text(self.program.tensors[item.defines].shape, "len(x)")
        return f"np.zeros({shape}, dtype={self.dtype(item.reads)})"

    def dtype(self, reads: tuple[str, ...]) -> str:
        """The type of what is made of these tensors: a parameter's, where one is among them."""
        tensors = [self.program.tensors[r] for r in reads if r in self.program.tensors]
        for role in ("parameter", "activation", "input"):
            names = [self.storage.code(t.name) for t in tensors if t.role == role]
            if len(names) == 1 or (names and role == "parameter"):
                return f"{names[0]}.dtype"
            if names:
                return f"np.result_type({', '.join(names)})"
        return "float" if self.storage.dtype == "float64" else f"np.{self.storage.dtype}"

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
                return target if name == own else self.place(place, name)

            made.append(Line(tidy(fill(text, write)), "", item.id, inner))
        return made

    def over(self, loops: tuple[Letter, ...], finished: Finished | None) -> str:
        """The head of a loop over all values of some letters."""
        assert finished is not None
        letters = ", ".join(self.loop_variable(i.name) for i in loops)
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
            fill(block[1], lambda name, *_, p=piece: self.place(p, name))
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


def _in_parts(name: str, loop: Loop) -> bool:
    """Whether a loop adds to parts of a tensor."""
    mine = (s for s in statements(loop.body) if s.defines == name)
    return any(p.finished is not None and p.finished.additions for s in mine for p in s.pieces)


def _defined(items: tuple[Item, ...]) -> list[str]:
    found: dict[str, None] = {}
    for item in items:
        if isinstance(item, Loop):
            found |= dict.fromkeys(_defined(item.body))
        elif isinstance(item, Statement):
            found[item.defines] = None
    return list(found)
