"""A program's statements as lines of code, each with its formula behind it."""

from __future__ import annotations

from itertools import groupby

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Group
from symbp.network.identifiers import USED
from symbp.network.program import Item, Loop, Noise, Piece, Program, Statement, statements
from symbp.printers.base import LOOP, SUM, fill
from symbp.printers.dialect import PLAIN
from symbp.writers.formulas import Formulas
from symbp.writers.lines import Line, tidy
from symbp.writers.storage import Storage, subscript


class Emitter:
    """Turns statements into lines for one storage plan."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.program: Program = storage.program
        self.formulas = Formulas(storage)

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
        made: list[Line] = []
        for _, group in groupby(items, key=lambda i: _concat_key(i)):
            members = list(group)
            if len(members) > 1:
                made += self.concatenation(members, depth)  # type: ignore[arg-type]
            else:
                made += self.item(members[0], depth)
        return made

    def item(self, item: Item, depth: int) -> list[Line]:
        if isinstance(item, Loop):
            return self.loop(item, depth)
        if isinstance(item, Noise):
            return [self.noise(item, depth)]
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
        return [
            *before,
            Line(f"for {letter} in {span}:", depth=depth),
            *self.lines(loop.body, depth + 1),
        ]

    def forward_start(self, loop: Loop, depth: int) -> list[Line]:
        """The lists that hold what the copies make."""
        repeat, storage = loop.repeat, self.storage
        times = repeat.level.times
        source = storage.code(repeat.source)
        made = []
        place = subscript(repeat.levels) if repeat.result in storage.saved else ""
        if storage.history(repeat):
            made.append(
                Line(f"{repeat.result}{place} = [{source}] + [None] * {times}", depth=depth)
            )
        else:
            made.append(Line(f"{repeat.result}{place} = {source}", depth=depth))
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
                bare = tensor.name
                made.append(Line(f"d{bare} = np.empty_like({bare})", depth=depth))
            if tensor.role == "accumulated" and tensor.levels == outer:
                made.append(Line(f"{self.storage.code(name)} = 0", depth=depth))
        return made

    # -- statements -----------------------------------------------------------------------------

    def statement(self, item: Statement, depth: int) -> list[Line]:
        scatters = [p for p in item.pieces if p.finished is not None and p.finished.lowered.scatter]
        if scatters:
            return self.scatter(item, scatters, depth)
        target = self.storage.code(item.defines)
        if item.part == "update":  # of a buffer: one array for all copies
            target = item.defines + subscript(
                self.program.tensors[item.defines].levels, joined=True
            )
        value = self.sum(item.pieces)
        if item.kind == "accumulate":
            value = f"{target} + {value}"
        formula = self.formulas.formula(item, PLAIN)
        if target == value:
            return []
        return [Line(tidy(f"{target} = {value}"), formula, item.id, depth)]

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
        _, value, level = piece.finished.code
        if level < SUM:
            value = f"({value})"
        return fill(value, lambda name, *_: self.place(piece, name))

    def place(self, piece: Piece, name: str) -> str:
        if name.startswith(LOOP):
            return self.loop_variable(name.removeprefix(LOOP))
        tensor = piece.tensor(name)
        return (
            tensor if piece.whole and tensor in self.program.tensors else self.storage.code(tensor)
        )

    def loop_variable(self, letter: str) -> str:
        """The letter, or the nearest name that nothing else has."""
        tensors = self.program.tensors.values()
        taken = {
            word for t in tensors for word in (t.name, f"d{t.name}", *(v.letter for v in t.levels))
        }
        while letter in taken | USED:
            letter += "_"
        return letter

    def scatter(self, item: Statement, scatters: list[Piece], depth: int) -> list[Line]:
        """Start from zeros and add; window letters that overlap are looped over."""
        target = self.storage.code(item.defines)
        primal = self.storage.code(item.defines.lstrip(ADJOINT))
        targets = [p.finished.equation.target for p in scatters if p.finished is not None]
        split = any(isinstance(i, Group) for target in targets for i in target.indices)
        order = ', order="C"' if split else ""  # only then is a reshape a view
        made = [
            Line(
                f"{target} = np.zeros_like({primal}{order})",
                self.formulas.formula(item, PLAIN),
                item.id,
                depth,
            )
        ]
        rest = tuple(p for p in item.pieces if p not in scatters)
        if rest:
            made.append(Line(tidy(f"{target} += {self.sum(rest)}"), "", item.id, depth))
        for piece in scatters:
            made += self.added(piece, item, depth)
        return made

    def added(self, piece: Piece, item: Statement, depth: int) -> list[Line]:
        finished = piece.finished
        assert finished is not None
        lowered = finished.lowered
        made: list[Line] = []
        if lowered.loops:
            letters = ", ".join(self.loop_variable(i.name) for i in lowered.loops)
            sizes = ", ".join(str(finished.size_of(i)) for i in lowered.loops)
            call = f"range({sizes})" if len(lowered.loops) == 1 else f"np.ndindex({sizes})"
            made.append(Line(f"for {letters} in {call}:", "", item.id, depth))
            depth += 1
        target, value, _ = finished.code
        text = fill(f"{target} += {value}", lambda name, *_: self.place(piece, name))
        return [*made, Line(tidy(text), "", item.id, depth)]

    def concatenation(self, items: list[Statement], depth: int) -> list[Line]:
        """Several statements that fill one tensor part by part along one axis."""
        parts = [(i, i.pieces[0]) for i in items]
        axis = next(
            a
            for a in range(len(parts[0][1].finished.equation.target.indices))  # type: ignore[union-attr]
            if any(not p.finished.equation.target.indices[a].is_Symbol for _, p in parts)  # type: ignore[union-attr]
        )
        values = ", ".join(self.code(p) for _, p in parts)
        target = self.storage.code(items[0].defines)
        text = f"{target} = np.concatenate([{values}], axis={axis})"
        formula = "; ".join(self.formulas.formula(i, PLAIN) for i in items)
        return [Line(tidy(text), formula, items[0].id, depth)]


def _concat_key(item: Item) -> object:
    if isinstance(item, Statement) and item.part == "forward":
        return (item.defines, item.mode)
    return id(item)


def _defined(items: tuple[Item, ...]) -> list[str]:
    found: dict[str, None] = {}
    for item in items:
        if isinstance(item, Loop):
            found |= dict.fromkeys(_defined(item.body))
        elif isinstance(item, Statement):
            found[item.defines] = None
    return list(found)
