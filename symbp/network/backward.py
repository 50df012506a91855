"""The adjoints as statements, from the loss back to the parameters.

An adjoint equation sums what meets in its tensor (branches, residual paths, shared weights). Through
the copies of a `repeat` a loop runs from the last copy to the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from symbp.arrays import schedule
from symbp.calculus.equation import ADJOINT
from symbp.network import unit_text
from symbp.network.depth import Order, running_back
from symbp.network.graph import Level, Node, Tensor, flatten
from symbp.network.heads import Head, penalty
from symbp.network.items import Item, Loop, Piece, Statement, needed, pruned
from symbp.network.maker import Maker, modes
from symbp.network.unit_text import UnitText
from symbp.printers.finished import Finished


@dataclass(frozen=True, eq=False)
class _Term:
    """A contribution to an adjoint, from inside ``levels``."""

    piece: Piece
    mode: str | None
    levels: tuple[Level, ...]
    layer: str = ""


LONG = 60  # characters of code; a longer share of a sum gets a line of its own


def backward(maker: Maker, heads: list[Head], names: list[dict[str, str]]) -> tuple[Item, ...]:
    """The statements of all adjoints that those of the parameters need; ``names`` are those of the
    heads' tensors."""
    return _Backward(maker).run(heads, names)


class _Backward:
    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.graph = maker.graph
        self.tensors = maker.tensors
        self.users = Counter(t for n in flatten(self.graph.items) for t in set(n.names.values()))
        self.terms: dict[str, list[_Term]] = {}
        self.carried: set[str] = set()  # adjoints that the loop hands from copy to copy
        self.done: set[str] = set()  # tensors whose adjoint has its statement

    def run(self, heads: list[Head], names: list[dict[str, str]]) -> tuple[Item, ...]:
        made: list[Item] = []
        for h, own in zip(heads, names, strict=True):
            inner = self.fresh_inner(h.text, own)
            made += self.unit(h.text, inner, "loss", None, ())
        spec = self.graph.spec
        if spec.l2 or spec.l1:
            self.add_penalties()
        made += self.backward_items(running_back(self.graph), ())
        for parameter in self.graph.parameters:
            made += self.total(parameter.name, parameter.levels)
        wanted = {ADJOINT + p.name for p in self.graph.parameters}
        return pruned(tuple(made), needed(tuple(made), wanted))

    def fresh_inner(self, text: UnitText, names: Mapping[str, str]) -> dict[str, str]:
        """Tensor names for internal adjoints of a head."""
        own = dict(names)
        for adjoint in text.derivation.adjoints:
            if adjoint.name not in own:
                shape = tuple(text.unit.sizes[i.name] for i in text.unit.letters[adjoint.name])
                own[adjoint.name] = self.maker.tensor(adjoint.name, shape, "activation", None)
        return own

    def add_penalties(self) -> None:
        spec = self.graph.spec
        for name in self.graph.regularized:
            tensor = self.tensors[name]
            text, local = penalty(
                self.graph.library, len(tensor.shape), spec.l2, spec.l1, spec.file
            )
            for _, finished in text.backward:
                for f in finished:
                    self.add(name, Piece(f, {local: name}), None, tensor.levels)

    def add(
        self,
        tensor: str,
        piece: Piece,
        mode: str | None,
        levels: tuple[Level, ...],
        layer: str = "",
    ) -> None:
        self.terms.setdefault(tensor, []).append(_Term(piece, mode, levels, layer))

    def backward_items(self, order: Order, levels: tuple[Level, ...]) -> list[Item]:
        made: list[Item] = []
        for item in order:
            if isinstance(item, schedule.Loop):
                made += self.backward_repeat(item, levels)
                continue
            made += self.total(item.output, levels)
            if item.output not in self.carried and item.output not in self.done:
                continue
            for text, mode in modes(item):
                made += self.unit(text, item.names, item.layer, mode, levels)
            self.users.subtract(set(item.names.values()))
            for name in sorted(set(item.names.values())):
                tensor = self.tensors[name]
                if tensor.role == "parameter" and self.users[name] == 0:
                    made += self.total(name, tensor.levels)
        return made

    def backward_repeat(self, loop: schedule.Loop[Node], levels: tuple[Level, ...]) -> list[Item]:
        repeat = self.maker.repeats[loop.letter]
        before = self.total(repeat.result, levels)
        if repeat.result not in self.done:
            return before
        inside = (*levels, repeat.level)
        self.carried.add(repeat.end)
        body = self.backward_items(loop.body, inside)
        body += self.accumulate(levels, inside)  # reads what the next line hands on
        body += self.total(repeat.start, inside)
        self.add(repeat.source, Piece(None, {}, ADJOINT + repeat.first), None, levels)
        return [*before, Loop(repeat, loop.reverse, tuple(body))]

    def accumulate(self, levels: tuple[Level, ...], inside: tuple[Level, ...]) -> list[Item]:
        """What copies of a loop add to a tensor that stands outside the loop."""
        made: list[Item] = []
        for name, terms in self.terms.items():
            mine = [
                t
                for t in terms
                if t.levels == inside and len(self.tensors[name].levels) < len(inside)
            ]
            if not mine or name.endswith(".start"):
                continue
            total = self.maker.tensor(f"{name}_sum", self.tensors[name].shape, "activation", None)
            self.tensors[total] = Tensor(
                total, self.tensors[name].shape, "accumulated", levels, self.tensors[name].latex,
                like=name,
            )  # fmt: skip
            made += self.joined(total, name, mine, "accumulate")
            self.terms[name] = [t for t in terms if t not in mine]
            self.add(name, Piece(None, {}, ADJOINT + total), None, levels)
        return made

    def unit(
        self,
        text: UnitText,
        names: Mapping[str, str],
        layer: str,
        mode: str | None,
        levels: tuple[Level, ...],
    ) -> list[Item]:
        """The adjoints of one unit: internal ones become statements, the others wait in ``terms``."""
        made: list[Item] = []
        outside = {*text.unit.inputs, *text.unit.parameters}
        written: set[str] = set()
        for _, group in groupby(text.backward_items, key=_adjoint_of):
            members = list(group)
            first = members[0]
            if isinstance(first, unit_text.Scan):
                made.append(self.maker.scan(first, names, "backward", layer, mode, written))
                continue
            finished = [f for f in members if isinstance(f, Finished)]
            local = finished[0].equation.name
            written.add(local)
            if local.removeprefix(ADJOINT) in outside:
                for f in finished:
                    piece = Piece(f, names)
                    self.add(names[local.removeprefix(ADJOINT)], piece, mode, levels, layer)
            else:
                made.append(self.maker.statement("backward", layer, finished, names, mode))
        return made

    def total(self, name: str, levels: tuple[Level, ...]) -> list[Item]:
        """The statement that sums all terms of one adjoint, if there are any."""
        terms = self.terms.pop(name, [])
        deep = [t for t in terms if len(t.levels) > len(levels)]
        if deep:
            self.terms[name] = terms
            return []
        if not terms or name in self.done or self.tensors[name].role == "input":
            return []
        self.done.add(name)
        return self.joined(name, name, terms, "assign")

    def joined(self, defines: str, layer: str, terms: list[_Term], kind: str) -> list[Item]:
        modes = ["training", "inference"] if any(t.mode for t in terms) else [None]
        made: list[Item] = []
        for mode in modes:
            mine = [t for t in terms if t.mode in (None, mode)]
            if len(mine) > 1:
                mine = [self.on_its_own(t, defines, mode, made) for t in mine]
            pieces = tuple(t.piece for t in mine)
            made.append(
                Statement(
                    self.maker.id("backward", ADJOINT + defines, mode if mode == "inference" else None),
                    "backward", layer, ADJOINT + defines, pieces, mode, kind,
                )
            )  # fmt: skip
        return made

    def on_its_own(self, term: _Term, defines: str, mode: str | None, made: list[Item]) -> _Term:
        """A long share of an adjoint as a statement before the sum: ``dh_u = ..``, ``dh = dy + dh_u``."""
        finished = term.piece.finished
        if finished is None or not term.layer or finished.additions:
            return term
        if len(finished.code[0]) <= LONG:
            return term
        whole = self.tensors[defines]
        name = self.maker.tensor(
            f"{defines.partition('.')[0]}_{term.layer}", whole.shape, "activation", None
        )
        self.tensors[name] = replace(
            self.tensors[name], levels=whole.levels, part_of=defines, through=term.layer
        )
        made.append(
            Statement(
                self.maker.id("backward", ADJOINT + name, mode if mode == "inference" else None),
                "backward", term.layer, ADJOINT + name, (term.piece,), mode,
            )
        )  # fmt: skip
        return replace(term, piece=Piece(None, {}, ADJOINT + name))


def _adjoint_of(item: Finished | unit_text.Scan) -> object:
    return item.adjoint if isinstance(item, Finished) else item
