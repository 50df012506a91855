"""Order two: beside each statement of a program its directional derivative.

With the direction ``v`` for the parameters, the directional derivative of the gradient is the product of
the Hessian with v (Pearlmutter 1994). Forward and backward statements are treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symbp.calculus.equation import ADJOINT, Unit
from symbp.calculus.expression import entries
from symbp.calculus.rewrite import Rewriter
from symbp.calculus.tangent import rewriter_of, tangent
from symbp.network.graph import Repeat, Tensor
from symbp.network.identifiers import Identifiers
from symbp.network.items import (
    Item,
    Loop,
    Noise,
    Piece,
    Scan,
    Statement,
    Zeros,
    loops,
    needed,
    pruned,
    split_marks,
)
from symbp.network.program import Program
from symbp.network.twins import TANGENT, doubled, doubled_stored, doubled_unit, tangent_name
from symbp.printers.finished import Finished


@dataclass(frozen=True)
class Second:
    """A program with directional derivatives; ``directions`` are those of the parameters, by key, and
    ``products`` the tensors that hold the products with the Hessian."""

    program: Program
    directions: Mapping[str, str]
    products: Mapping[str, str]
    twins: Mapping[str, str]  # tensor -> that of its directional derivative


def second(program: Program) -> Second:
    """The program of the products of the Hessian with a vector, outside training."""
    return _Doubling(program).run()


class _Doubling:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.tensors: dict[str, Tensor] = dict(program.tensors)
        self.names = Identifiers()
        self.names.taken |= {n for t in program.tensors for n in (t, f"d{t}")}
        self.names.taken |= {"vectors"}
        self.twins: dict[str, str] = {}  # tensor -> that of its directional derivative
        self.units: dict[int, tuple[Unit, Rewriter]] = {}
        self.tangents: dict[object, Finished | None] = {}
        for tensor in program.tensors.values():
            self.twins[tensor.name] = self.twin(tensor)
        self.moving: set[str] = {p.name for p in program.graph.parameters}
        # going back, a copy's adjoint takes the place of the next one's, which is read before
        self.handed_on = {ADJOINT + loop.repeat.start for loop in loops(program.backward)}

    def twin(self, tensor: Tensor) -> str:
        wish = f"R{tensor.name}"
        if "." not in tensor.name:
            wish = self.names.take(wish)
            self.names.taken.add(f"Rd{tensor.name}")
        self.tensors[wish] = replace(tensor, name=wish, key="", tangent_of=tensor.name)
        return wish

    def run(self) -> Second:
        program = self.program
        forward = self.items(program.forward)
        loss = self.items(program.loss)
        backward = self.items(program.backward)
        parameters = program.graph.parameters
        products = {
            p.key: self.of(ADJOINT + p.name) for p in parameters if ADJOINT + p.name in self.moving
        }
        names = needed((*forward, *loss, *backward), set(products.values()))
        doubled_program = replace(
            program,
            tensors=self.tensors,
            forward=pruned(forward, names),
            loss=pruned(loss, names),
            backward=pruned(backward, names),
            updates=(),
        )
        directions = {p.key: self.twins[p.name] for p in parameters}
        return Second(doubled_program, directions, products, self.twins)

    def of(self, name: str) -> str:
        """The tensor of a directional derivative; adjoint marks stay in front."""
        marks, bare = split_marks(name)
        return marks + self.twins[bare]

    # -- statements -----------------------------------------------------------------------------

    def items(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        made: list[Item] = []
        for item in items:
            if isinstance(item, Noise) or item_mode(item) == "training":
                continue
            if isinstance(item, Loop):
                made += self.loop(item)
            elif isinstance(item, Scan):
                made.append(self.scan(item))
            elif isinstance(item, Statement):
                made += self.statement(item, item.kind)
        return tuple(made)

    def statement(self, item: Statement, kind: str) -> list[Statement]:
        """The statement, and beside it that of its directional derivative, if anything moves."""
        own = replace(item, mode=None)
        pieces = tuple(p for p in map(self.piece, item.pieces) if p is not None)
        if not pieces:
            return [own]
        self.moving.add(item.defines)
        defines = self.of(item.defines)
        beside = replace(own, id=f"{item.id}.tangent", defines=defines, pieces=pieces, kind=kind)
        return [beside, own] if item.defines in self.handed_on else [own, beside]

    def piece(self, piece: Piece) -> Piece | None:
        if piece.finished is None:
            moves = piece.source in self.moving
            return Piece(None, {}, self.of(piece.source)) if moves else None
        finished = self.finished(piece)
        if finished is None:
            return None
        names = dict(piece.names)
        names |= {TANGENT + k: self.twins[v] for k, v in piece.names.items() if v in self.twins}
        return Piece(finished, names, whole=piece.whole)

    def finished(self, piece: Piece) -> Finished | None:
        """The tangent of a finished equation, made once for all layers in which the same tensors move."""
        known = piece.finished
        assert known is not None
        reads = dict.fromkeys(r.name for r in entries(known.equation.rhs))
        moving = frozenset(r for r in reads if piece.tensor(r) in self.moving)
        key = (id(known), moving)
        if key not in self.tangents:
            self.tangents[key] = self.derived(known, moving)
        return self.tangents[key]

    def derived(self, known: Finished, moving: frozenset[str]) -> Finished | None:
        unit, rewriter = self.unit(known.unit)
        names = {n: tangent_name(n) for n in (*moving, known.equation.name)}
        found = tangent(known.equation, known.unit, moving, names, rewriter)
        if found is None:
            return None
        order = {**known.order, **{tangent_name(k): v + 0.5 for k, v in known.order.items()}}
        inside = doubled(known.inside)
        return Finished(found, unit, order, inside=inside)  # type: ignore[arg-type]

    def unit(self, unit: Unit) -> tuple[Unit, Rewriter]:
        """With letters for directional derivatives, and what shortens its tangents; made once."""
        if id(unit) not in self.units:
            self.units[id(unit)] = doubled_unit(unit), rewriter_of(unit)
        return self.units[id(unit)]

    # -- loops ----------------------------------------------------------------------------------

    def loop(self, loop: Loop) -> list[Item]:
        """The copies of a repeat; what they hand on moves where anything in them does."""
        repeat = loop.repeat
        mark = ADJOINT if loop.reverse else ""
        into, out = (repeat.end, repeat.start) if loop.reverse else (repeat.start, repeat.end)
        source = mark + (repeat.result if loop.reverse else repeat.source)
        starts = source in self.moving
        before = set(self.moving)
        while True:
            self.moving = before | ({mark + into} if starts else set())
            body = self.items(loop.body)
            if starts or mark + out not in self.moving:
                break
            starts = True
        made: list[Item] = []
        if starts:
            if source not in before:
                self.moving.add(source)
                made.append(Zeros(self.of(source), source))
            handed = (repeat.first,) if loop.reverse else (repeat.result, repeat.first)
            self.moving |= {mark + name for name in handed}
        also = (self.twin_repeat(repeat),) if starts else ()
        return [*made, replace(loop, body=body, also=also)]

    def twin_repeat(self, repeat: Repeat) -> Repeat:
        twins = self.twins
        return replace(
            repeat,
            source=twins[repeat.source],
            first=twins[repeat.first],
            start=twins[repeat.start],
            end=twins[repeat.end],
            result=twins[repeat.result],
            items=(),
        )

    def scan(self, scan: Scan) -> Scan:
        """The steps of a recurrence; a delayed tensor moves where its base does."""
        stored = scan.scan.stored
        delayed = {v: h.base for h in stored.histories for v, _ in h.views}
        before = set(self.moving)
        known: set[str] = set()
        while True:
            self.moving = before | known
            body = [s for item in scan.body for s in self.statement(item, self.kind(item, before))]
            more = {
                self.local(scan, v)
                for v, b in delayed.items()
                if self.local(scan, b) in self.moving
            }
            carried = {self.local(scan, name) for name, *_ in stored.carried}
            more |= carried & self.moving
            if more <= known:
                break
            known |= more
        names = dict(scan.names)
        names |= {TANGENT + k: self.twins[v] for k, v in scan.names.items() if v in self.twins}
        twins = [n for n in scan.made if self.local(scan, n) in self.moving]
        added = [
            n
            for n in (*stored.whole, *(h.base for h in stored.histories))
            if n not in scan.made and self.local(scan, n) in self.moving
            and self.local(scan, n) not in before
        ]  # fmt: skip
        made = (*scan.made, *(tangent_name(n) for n in (*twins, *added)))
        both = doubled_stored(stored, lambda name: self.local(scan, name) in self.moving)
        unit_scan = replace(scan.scan, stored=both)
        return replace(scan, scan=unit_scan, names=names, body=tuple(body), made=made, mode=None)

    def kind(self, item: Statement, before: set[str]) -> str:
        """What is added to an array that does not stand fills one that is made for it."""
        return "part" if item.kind == "add" and item.defines not in before else item.kind

    def local(self, scan: Scan, name: str) -> str:
        marks, bare = split_marks(name)
        return marks + scan.names.get(bare, bare)


def item_mode(item: Item) -> str | None:
    return getattr(item, "mode", None)
