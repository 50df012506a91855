"""One statement of a program as instructions: whole tensors, sums of several terms, parts of a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import sympy as sp

from symbp.arrays.lower import Added
from symbp.arrays.nodes import Const, Node, Prod, Ref
from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Letter
from symbp.fast.builder import Builder
from symbp.fast.evaluation import Evaluator, lowered
from symbp.fast.largest import largest_tensor
from symbp.fast.naming import RESERVED
from symbp.fast.numbers import RATE, code
from symbp.fast.places import Layout, Places, Unplanned
from symbp.fast.reads import gathered, read
from symbp.fast.scatter import add_rows, add_windows, covered
from symbp.fast.strides import View
from symbp.network.items import Piece, Statement, statements
from symbp.printers.dialect import PLAIN
from symbp.writers.formulas import Formulas
from symbp.writers.storage import Storage


class Statements:
    """Writes statements into arrays."""

    def __init__(
        self, storage: Storage, layout: Layout, folds_rate: bool, folds: bool = True
    ) -> None:
        self.storage = storage
        self.places = Places(storage, layout)
        names = {v for t in storage.program.tensors.values() for v in (t.name, f"d{t.name}")}
        self.build = Builder(names | {*RESERVED}, largest_tensor(storage.program).typical)
        self.formulas = Formulas(storage)
        self.folds_rate, self.folds = folds_rate, folds
        self.zeroed: set[str] = set()
        self.loops: dict[Letter, str] = {}

    @cached_property
    def raised(self) -> set[str]:
        """The arrays that a statement adds to: they begin each step anew."""
        program = self.storage.program
        found = statements((*program.forward, *program.loss, *program.backward))
        return {self.places.view(s.defines).array.name for s in found
                if s.kind == "add" and s.mode != "inference"}  # fmt: skip

    def fill(self, view: View) -> None:
        ordered = view.ordered(view.by_stride())
        self.build.call("{out}.fill(0)", (), ordered)

    def about(self, task: str, formula: str, name: str = "") -> None:
        self.build.task, self.build.formula = task, formula
        self.build.hint = name or "v"

    def copy(self, source: View, target: View) -> None:
        self.build.call("np.copyto({out}, {0})", (source,), target, entrywise=True)

    def statement(self, item: Statement) -> None:
        name = self.storage.variable(item.defines).partition("[")[0]
        self.about(item.id, self.formulas.formula(item, PLAIN), name)
        target = self.places.view(item.defines)
        whole = [p for p in item.pieces if self.is_whole(p)]
        parts = [p for p in item.pieces if p not in whole]
        own = any(
            self.places.view(r).array.name == target.array.name for r in item.reads if r != "#n"
        )
        if parts and own and item.kind == "assign":
            held = self.temporary(target)
            self.scatter(item, held, parts, whole)
            self.copy(held, target)
            return
        if parts:
            self.scatter(item, target, parts, whole)
            return
        adds = item.kind in ("accumulate", "add")
        for k, piece in enumerate(whole):
            first = k == 0 and not adds
            if first and (len(whole) == 1 or not own):
                self.write(piece, item, target)
            elif first:
                held = self.temporary(target)
                self.write(piece, item, held)
                target, final = held, target
            else:
                self.add(piece, item, target)
        if own and len(whole) > 1 and not adds:
            self.copy(target, final)

    def temporary(self, like: View) -> View:
        order = like.by_stride()
        return self.build.temporary(order, [like.dim(x).size for x in order]).ordered(like.letters)

    def is_whole(self, piece: Piece) -> bool:
        if piece.finished is None:
            return True
        found = lowered(piece.finished, self.folds)
        return found.tree is not None and not found.added

    def evaluator(self, piece: Piece) -> Evaluator:
        finished = piece.finished
        assert finished is not None
        loops: Mapping[Letter, str] = self.loops

        def view(name: str) -> View:
            return self.places.view(piece.tensor(name), all_copies=piece.whole)

        return Evaluator(self.build, view, finished.size_of, loops)

    def seeded(self, piece: Piece, item: Statement, tree: Node) -> Node:
        """The tree times the learning rate, where an adjoint begins."""
        if not self.folds_rate or item.part != "backward" or item.mode == "inference":
            return tree
        if any(r.startswith(ADJOINT) for r in piece.reads):
            return tree
        rate = Const(RATE)
        match tree:
            case Prod():
                return Prod(tree.coefficient, (rate, *tree.over), tree.under, tree.axes)
        return Prod(sp.S.One, (rate, tree), (), tree.axes)

    def write(self, piece: Piece, item: Statement, target: View) -> None:
        """``target`` = the piece."""
        if piece.finished is None:
            self.copy(self.places.view(piece.source), target)
            return
        found = lowered(piece.finished, self.folds)
        assert found.tree is not None
        place = self.placed(found.target, target, piece)
        self.evaluator(piece).into(self.seeded(piece, item, found.tree), place)

    def add(self, piece: Piece, item: Statement, target: View) -> None:
        """``target`` += the piece."""
        if piece.finished is None:
            source = self.places.view(piece.source)
            self.build.call(
                "np.add({out}, {0}, {out})", (source,), target, entrywise=True, adds=True
            )
            return
        found = lowered(piece.finished, self.folds)
        assert found.tree is not None
        self.added(piece, item, found.tree, self.placed(found.target, target, piece))

    def added(self, piece: Piece, item: Statement, tree: Node, place: View) -> None:
        value = self.evaluator(piece).value(self.seeded(piece, item, tree))
        source = value.ordered(place.letters) if isinstance(value, View) else code(value)
        self.build.call("np.add({out}, {0}, {out})", (source,), place, entrywise=True, adds=True)

    def placed(self, ref: Ref, target: View, piece: Piece) -> View:
        finished = piece.finished
        assert finished is not None
        return read(target, ref.index, finished.size_of, self.loops, ref.short)

    def scatter(
        self, item: Statement, target: View, parts: list[Piece], whole: list[Piece]
    ) -> None:
        """Pieces that go to parts of the target."""
        added: list[tuple[Piece, Added]] = []
        for piece in parts:
            assert piece.finished is not None
            found = lowered(piece.finished, self.folds)
            if found.tree is not None:
                raise Unplanned("a whole and its parts in one equation")
            added += [(piece, a) for a in found.added]
        fresh = item.kind in ("assign", "part")
        places = [
            None if gathered(a.target.index) else self.placed(a.target, target, p) for p, a in added
        ]
        known = [p for p in places if p is not None]
        once = len(known) == len(places) and covered(known)
        handed_on = item.defines.lstrip(ADJOINT) in self.storage.repeats  # each copy writes to it
        alone = not handed_on and target.array.name not in self.raised
        if fresh and once and not whole and alone:
            self.zeroed.add(target.array.name)
        elif fresh and item.kind == "assign":
            self.fill(target)
        for (piece, part), place in zip(added, places, strict=True):
            if place is None:
                tree = self.seeded(piece, item, part.tree)
                add_rows(self.evaluator(piece), tree, part.target, target)
            elif once and fresh and not whole:
                self.evaluator(piece).into(self.seeded(piece, item, part.tree), place)
            else:
                tree = self.seeded(piece, item, part.tree)
                add_windows(self.evaluator(piece), tree, place)
        for piece in whole:
            self.add(piece, item, target)
