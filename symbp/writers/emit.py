"""A program's statements as lines of code, each with its formula behind it."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from symbp.network.items import Item, Loop, Noise, Scan, Statement, Zeros, statements
from symbp.network.program import Program
from symbp.printers.base import fill
from symbp.printers.dialect import PLAIN
from symbp.printers.marks import unmarked
from symbp.writers.additions import Additions
from symbp.writers.formulas import Formulas
from symbp.writers.lines import Line, tidy
from symbp.writers.repeats import backward_start, forward_start
from symbp.writers.start import Start
from symbp.writers.storage import Storage, subscript
from symbp.writers.values import Values


class Emitter:
    """Turns statements into lines for one storage plan."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.program: Program = storage.program
        self.formulas = Formulas(storage)
        self.values = Values(storage)
        self.additions = Additions(self.values, self.formulas)

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
            target, like = self.storage.code(item.defines), self.storage.variable(item.like)
            return [Line(f"{target} = np.zeros_like({like})", depth=depth)]
        return self.statement(item, depth)

    def noise(self, item: Noise, depth: int) -> Line:
        like = self.storage.variable(item.like)
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
            before = backward_start(loop, self.storage, depth)
        elif any(s.part == "update" for s in statements(loop.body)):
            before = []  # the arrays stand already
        else:
            before = forward_start(loop, self.storage, depth)
        body = self.lines(loop.body, depth + 1)
        head = [Line(f"for {letter} in {span}:", depth=depth)] if body else []
        return [*before, *head, *body]

    def scan(self, scan: Scan, depth: int) -> list[Line]:
        """The steps of a recurrence, behind the arrays that they fill."""
        step = self.values.loop_variable(scan.scan.letter)
        span = f"range({scan.scan.size})"
        head = f"for {step} in {f'reversed({span})' if scan.scan.reverse else span}:"
        start = Start(scan, self.storage, self.values.loop_variable, self.values.dtype)
        return [
            *(replace(line, depth=depth) for line in start.lines()),
            Line(head, depth=depth),
            *self.lines(scan.body, depth + 1),
        ]

    # -- statements -----------------------------------------------------------------------------

    def statement(self, item: Statement, depth: int) -> list[Line]:
        if any(p.finished is not None and p.finished.additions for p in item.pieces):
            added = self.additions
            return added.concatenation(item, depth) or added.accumulation(item, depth)
        target = self.storage.code(item.defines)
        if item.part == "update":  # of a buffer: one array for all copies
            place = subscript(self.program.tensors[item.defines].levels, joined=True)
            target = self.storage.term(item.defines, item.defines + place)
        value = self.values.sum(item.pieces)
        if item.kind in ("part", "add"):
            target = self.values.place_of(item)
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
                target, code = (
                    fill(text, lambda n, *_, p=piece: self.values.place(p, n))
                    for text in (value.target, value.code)
                )
                formula = self.formulas.shared(piece, value, unmarked(target))
                made.append(Line(tidy(f"{target} = {code}"), formula, item.id, depth))
        return made
