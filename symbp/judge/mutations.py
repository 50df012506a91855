"""The mistakes that can be made in a network's backward pass, part by part.

They are derived from the derivation itself: from the equations of the map, from the raw contributions
of the chain rule before anything was written shorter, and from other losses in place of the network's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import sympy as sp

from symbp.calculus.equation import ADJOINT, Equation, adjoint_name
from symbp.calculus.expression import Entry, Size, SumOver, entries
from symbp.calculus.index import map_entries, substitute
from symbp.errors import InputError
from symbp.judge.evaluate import ELSEWHERE
from symbp.judge.evaluate_network import Chain
from symbp.judge.evaluate_parts import Part, loss_part
from symbp.judge.evaluate_unit import Changed, System, Written
from symbp.judge.mutations_expression import Edit, Edits, varies
from symbp.judge.mutations_forward import forward
from symbp.judge.mutations_mistake import Mutation
from symbp.language.options import LOSSES
from symbp.language.spec import Loss
from symbp.network.heads import Head
from symbp.network.items import statements

SHARED = sp.Dummy("other factors")
FACTORS = ("missing_factor", "extra_factor", "replaced_factor")
NEAR = 4  # tensors of the same shape that one is taken for


class Mutations:
    """All mistakes of one network; those of a part are made when they are first asked for."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.program = chain.program
        self.made: dict[str, tuple[Mutation, ...]] = {}
        self.others: dict[str, tuple[Mutation, ...]] = {}
        self.everyone: dict[str, tuple[Mutation, ...]] = {}
        self.raws: dict[str, System] = {}
        self.twice: dict[Mutation, tuple[Mutation, ...]] = {}
        self.targets: dict[tuple[str, str], str] = {}  # by tensor and target
        self.places: dict[
            str, str
        ] = {}  # the statement of each adjoint, by its name in the program
        made = list(statements(chain.program.backward))
        for statement in made:
            self.places.setdefault(statement.defines, statement.id)
        for statement in made:
            for piece in statement.pieces:
                if piece.finished is not None:
                    target = piece.finished.equation.target
                    own = piece.tensor(target.name)
                    self.places.setdefault(own, statement.id)
                    self.targets.setdefault((own, str(target)), statement.id)

    def of(self, part: Part) -> tuple[Mutation, ...]:
        """The mistakes in one part, likely ones first."""
        if part.id not in self.made:
            found = list(self._of(part))
            self.made[part.id] = tuple(sorted(found, key=lambda m: m.rank))
        return self.made[part.id]

    def _of(self, part: Part) -> Iterator[Mutation]:
        if part.kind == "penalty":
            yield from self.penalty(part)
            return
        if part.joined is not None:
            yield from self.system(part, part.joined, part.joined.system, "map")
        yield from self.system(part, part, part.system, "map")
        yield from self.system(part, part, self.raw(part), "raw")
        yield from self.together(part)
        yield from self.paths(part)
        if part.kind == "loss":
            yield from self.slopes(part)

    def system(self, owner: Part, part: Part, system: System, form: str) -> Iterator[Mutation]:
        raw = form == "raw"
        siblings: dict[str, int] = {}
        for written in system.written:
            siblings[written.equation.name] = siblings.get(written.equation.name, 0) + 1
        for number, written in enumerate(system.written):
            equation = written.equation
            where = self.where(part, equation.name, equation)
            if where is None:
                continue
            others = {} if raw else self.elsewhere(part)
            for edit in Edits(part.unit, equation.target, equation.rhs, others, raw).all():
                new = (Written(Equation(equation.target, edit.rhs)),)
                yield self.mutation(owner, system, number, new, where, edit, raw)
            if raw and siblings[equation.name] > 1:
                kind = "truncated" if self.is_back(part, equation) else "missing_path"
                edit = Edit(kind, sp.S.Zero, 0, None, equation.rhs)
                yield self.mutation(owner, system, number, (), where, edit, raw)
            if overlaps(equation):
                edit = Edit("missing_sum", equation.rhs, 1, None, equation.rhs)
                for loop in ("windows", "places"):
                    new = (replace(written, overwrites=loop),)
                    yield self.mutation(owner, system, number, new, where, edit, raw)

    def paths(self, part: Part) -> Iterator[Mutation]:
        """What flows into a tensor from one of several parts that read it."""
        for local in part.outside:
            places = {b.places[local] for b in self.chain.blocks if b.part is part}
            shared = all(len(self.chain.users[place]) > 1 for place in places)
            where = self.where(part, adjoint_name(local))
            numbers = [
                k for k, w in enumerate(part.system.written)
                if w.equation.name == adjoint_name(local)
            ]  # fmt: skip
            if shared and numbers and where is not None:
                equation = part.system.written[numbers[0]].equation
                edit = Edit("missing_path", sp.S.Zero, 0, None, equation.rhs)
                changes = {part.id: part.system.replaced(dict.fromkeys(numbers, ()))}
                yield Mutation("missing_path", where, part, changes, 0, equation, edit)

    def mutation(
        self,
        owner: Part,
        system: System,
        number: int,
        new: tuple[Written, ...],
        where: str,
        edit: Edit,
        raw: bool,
    ) -> Mutation:
        changes = {owner.id: system.replaced({number: new})}
        part = owner.joined if owner.joined and system is owner.joined.system else owner
        equation = system.written[number].equation
        return Mutation(edit.kind, where, part, changes, edit.rank, equation, edit, raw)

    def alike(self, part: Part) -> tuple[Mutation, ...]:
        """Each mistake of a part made in all parts of the same formula, as in a function for them all."""
        if part.id not in self.everyone:
            same = [p for p in self.chain.parts if p.derivation is part.derivation]
            self.everyone[part.id] = tuple(self._alike(part, same)) if len(same) > 1 else ()
        return self.everyone[part.id]

    def _alike(self, part: Part, same: list[Part]) -> Iterator[Mutation]:
        tables = [{_key(m): m for m in self.of(p)} for p in same if p is not part]
        for mutation in self.of(part):
            found = [table.get(_key(mutation)) for table in tables]
            if mutation.edit is not None and None not in found:
                changes = {**mutation.changes}
                for other in found:
                    changes |= other.changes  # type: ignore[union-attr]
                yield replace(mutation, changes=changes)

    def again(self, mutation: Mutation) -> tuple[Mutation, ...]:
        """The mistakes with a second one in the same equation."""
        if mutation not in self.twice:
            equation, edit = mutation.equation, mutation.edit
            if equation is None or edit is None or not edit.rhs.args:
                return ()
            edits = Edits(mutation.part.unit, equation.target, edit.rhs).all()
            likely = [e for e in edits if e.rank <= 1 and e.rhs != equation.rhs]
            self.twice[mutation] = tuple(self.composed(mutation, e) for e in likely)
        return self.twice[mutation]

    def composed(self, mutation: Mutation, edit: Edit) -> Mutation:
        """A mistake in what a mistake made of an equation."""
        assert mutation.equation is not None
        new = (Written(Equation(mutation.equation.target, edit.rhs)),)
        changes: dict[str, Changed | Part] = {}
        for id, change in mutation.changes.items():
            assert isinstance(change, Changed)
            changes[id] = change.system.replaced(dict.fromkeys(change.changes, new))
        return replace(
            mutation, kind=edit.kind, changes=changes, rank=mutation.rank + edit.rank, edit=edit,
            before=mutation,
        )  # fmt: skip

    def raw(self, part: Part) -> System:
        """One raw system for each part, so that mistakes in it can be made together."""
        return self.raws.setdefault(part.id, raw_system(part))

    def together(self, part: Part) -> Iterator[Mutation]:
        """A factor that several contributions of one equation share, changed in all of them."""
        system = self.raw(part)
        groups: dict[str, list[int]] = {}
        for number, c in enumerate(part.derivation.contributions):
            groups.setdefault(c.source, []).append(number)
        for numbers in groups.values():
            rights = {k: system.written[k].equation for k in numbers}
            shared: dict[sp.Expr, list[int]] = {}
            for k, equation in rights.items():
                for factor in shared_factors(equation.rhs):
                    shared.setdefault(factor, []).append(k)
            for factor, users in shared.items():
                if len(users) > 1:
                    yield from self.everywhere(part, system, factor, {k: rights[k] for k in users})

    def everywhere(
        self, part: Part, system: System, factor: sp.Expr, rights: Mapping[int, Equation]
    ) -> Iterator[Mutation]:
        first = next(iter(rights.values()))
        where = self.where(part, first.name, first)
        if where is None:
            return
        for edit in Edits(part.unit, first.target, SHARED * factor, None, True).all():
            idle = edit.wrong is not None and edit.wrong.has(SHARED)
            if idle or not edit.rhs.has(SHARED) or edit.rank > 1 or edit.kind not in FACTORS:
                continue
            new = edit.rhs.xreplace({SHARED: sp.S.One})
            changes = {
                k: (Written(Equation(e.target, e.rhs.xreplace({factor: new}))),)
                for k, e in rights.items()
            }
            yield Mutation(edit.kind, where, part, {part.id: system.replaced(changes)},
                           edit.rank + 1, first, edit, True)  # fmt: skip

    @staticmethod
    def is_back(part: Part, equation: Equation) -> bool:
        names = {adjoint_name(k.back) for k in part.unit.links}
        return any(r.name in names for r in entries(equation.rhs))

    def elsewhere(self, part: Part) -> Mapping[str, tuple[str, ...]]:
        """For inputs and parameters, tensors near by in the network with the same shape: first those of
        the layer that an input comes from."""
        return {local: tuple(self._like(part, local)) for local in part.outside}

    def _like(self, part: Part, local: str) -> list[str]:
        layers = [p for p in self.chain.parts if p.kind == "layer" and p.levels == part.levels]
        order = {p.id: k for k, p in enumerate(layers)}
        here, maker = order.get(part.id, 0), part.names[local]
        layers.sort(key=lambda p: (p.id != maker, abs(order[p.id] - here), order[p.id]))
        shape = part.unit.shape_of(part.unit.letters[local])
        parameter = local in part.unit.parameters
        own, found = set(part.names.values()), []
        for other in layers:
            hidden = {k.back for k in other.unit.links}
            for name, letters in sorted(other.unit.letters.items()):
                kind = name in other.unit.parameters
                tensor = other.names.get(name, "")
                if kind == parameter and name not in hidden and tensor not in own:
                    if other.unit.shape_of(letters) == shape and len(shape):
                        own.add(tensor)
                        found.append(f"{ELSEWHERE}{other.id}:{name}")
        return found[:NEAR]

    # -- losses and penalties -------------------------------------------------------------------

    def losses(self, part: Part) -> tuple[Mutation, ...]:
        """The same network with other losses, and with the other reduction."""
        if part.id not in self.others:
            self.others[part.id] = tuple(sorted(self._losses(part), key=lambda m: m.rank))
        return self.others[part.id]

    def _losses(self, part: Part) -> Iterator[Mutation]:
        head, target = self.heads[part.id]
        assert part.output is not None
        own = part.output.loss
        where = self.where(part, adjoint_name("y"))
        for loss in _others(own):
            output = replace(part.output, loss=loss)
            try:
                other = loss_part(self.program, head, target, output)
            except InputError:
                continue
            kind = "other_reduction" if _same(loss, own) else "other_loss"
            rank = 1 if loss.reduction == own.reduction else 2
            if where is None:
                continue
            changes: dict[str, Changed | Part] = {part.id: other}
            yield Mutation(kind, where, part, changes, rank, loss=loss)
            for diagonal in self.diagonals(part):
                both = {**changes, **diagonal.changes}
                yield Mutation(kind, where, part, both, 3, loss=loss, before=diagonal)

    def diagonals(self, part: Part) -> Iterator[Mutation]:
        """The layer in front of a loss taken entry by entry."""
        if part.joined is not None:
            for mutation in self.of(self.in_front(part)):
                if mutation.kind == "softmax_elementwise" and not mutation.raw:
                    yield mutation

    def in_front(self, part: Part) -> Part:
        return next(p for p in self.chain.parts if p.id == part.names["y"])

    def slopes(self, part: Part) -> Iterator[Mutation]:
        """Where a loss and its layer are one equation, the layer's own derivative once more."""
        if part.joined is None:
            return
        front = self.in_front(part)
        seed = adjoint_name(front.unit.output)
        (local,) = front.inputs
        own = [
            w.equation.rhs for w in front.system.written if w.equation.name == adjoint_name(local)
        ]
        own += [m.edit.rhs for m in self.diagonals(part) if m.edit is not None]
        system = part.joined.system
        for number, written in enumerate(system.written):
            equation = written.equation
            where = self.where(part.joined, equation.name)
            for rhs in own:
                slope = map_entries(rhs, seed, lambda _: sp.S.One)
                if where is None or slope.has(SumOver):
                    continue
                slope = _renamed(slope, front, part.joined, equation)
                edit = Edit("extra_factor", equation.rhs * slope, 0, None, None, slope)
                new = (Written(Equation(equation.target, edit.rhs)),)
                yield self.mutation(part, system, number, new, where, edit, False)

    @cached_property
    def forward(self) -> tuple[Mutation, ...]:
        """The mistakes in the forward pass, likely ones first."""
        return tuple(sorted(forward(self.chain), key=lambda m: m.rank))

    @cached_property
    def heads(self) -> Mapping[str, tuple[Head, str]]:
        pairs = zip(self.program.heads, self.program.targets, strict=True)
        return {f"{target}.loss": (head, target) for head, target in pairs}

    def penalty(self, part: Part) -> Iterator[Mutation]:
        for number, written in enumerate(part.system.written):
            equation = written.equation
            where = self.where(part, equation.name)
            if where is None:
                continue
            batch = Size(sp.Symbol("n", integer=True))
            edits = [Edit("regularization", sp.S.Zero, 0, None, equation.rhs)]
            for factor in (2, sp.Rational(1, 2), -1, 1 / batch):
                wrong = equation.rhs * factor
                kind = "sign" if factor == -1 else "regularization"
                edits.append(Edit(kind, wrong, 1, None, equation.rhs, wrong))
            for edit in edits:
                new = (Written(Equation(equation.target, edit.rhs)),) if edit.wrong else ()
                yield self.mutation(part, part.system, number, new, where, edit, False)

    # -- where ----------------------------------------------------------------------------------

    def where(self, part: Part, local: str, equation: Equation | None = None) -> str | None:
        """The equation of the map that computes an adjoint, or that it is written into; None where no
        parameter needs it. Of several that add to it, the one with the target of ``equation``."""
        own = ADJOINT + part.names.get(local.removeprefix(ADJOINT), "")
        if equation is not None and (own, str(equation.target)) in self.targets:
            return self.targets[own, str(equation.target)]
        seen: set[str] = set()
        waiting = [local]
        while waiting:
            name = waiting.pop(0)
            seen.add(name)
            tensor = ADJOINT + part.names.get(name.removeprefix(ADJOINT), "")
            if tensor in self.places:
                return self.places[tensor]
            for c in part.derivation.contributions:
                target = adjoint_name(c.target.name)
                if target not in seen and any(
                    r.name == name for f in c.factors for r in entries(f)
                ):
                    waiting.append(target)
        if part.kind == "loss" and part.joined is not None:
            return self.where(part.joined, part.joined.system.written[0].equation.name)
        return None


def _key(mutation: Mutation) -> tuple[object, ...]:
    """What is equal for the same mistake in two parts of one formula."""
    rhs = mutation.edit.rhs if mutation.edit is not None else None
    numbers = [n for c in mutation.changes.values() for n in getattr(c, "changes", ())]
    return mutation.kind, mutation.raw, rhs, tuple(sorted(numbers))


def overlaps(equation: Equation) -> bool:
    """Whether several values go to one place of the target."""
    for index in equation.target.indices:
        if any(True for _ in entries(index)) or (index.is_Add and len(index.free_symbols) > 1):
            return True
    return False


def shared_factors(rhs: sp.Expr) -> list[sp.Expr]:
    """The factors of a contribution that are no adjoint, number or size."""
    body = rhs.body if isinstance(rhs, SumOver) else rhs
    return [f for f in sp.Mul.make_args(body) if varies(f)]


def _renamed(slope: sp.Expr, front: Part, joined: Part, equation: Equation) -> sp.Expr:
    """A layer's expression in the names and letters that it has in one with its loss."""
    names = {front.unit.output: "y", front.inputs[0]: joined.inputs[0]}
    letters = dict(zip(front.unit.letters[front.inputs[0]], equation.target.indices, strict=True))
    moved = substitute(slope, letters)
    for old, new in names.items():
        moved = map_entries(moved, old, lambda e, new=new: Entry(f"?{new}", *e.indices))  # type: ignore[misc]
    for new in names.values():
        moved = map_entries(moved, f"?{new}", lambda e, new=new: Entry(new, *e.indices))  # type: ignore[misc]
    return moved


def raw_system(part: Part) -> System:
    """The contributions of the chain rule, each an equation of its own, nothing written shorter."""
    equations = []
    for c in part.derivation.contributions:
        target = Entry(adjoint_name(c.target.name), *c.target.indices)
        rhs = sp.Mul(*c.factors)
        rest = [i for i in c.letters if i not in target.free_symbols and i in rhs.free_symbols]
        rhs = SumOver(rhs, *sorted(rest, key=str)) if rest else rhs
        equations.append(Equation(target, rhs))
    return System(part.machine, tuple(map(Written, equations)), part.derivation.links)


def _others(own: Loss) -> Iterator[Loss]:
    """The same loss reduced in the other way, and every other loss in both."""
    if own.type is None:
        yield replace(own, reduction="sum" if own.reduction == "mean" else "mean")
    for name in sorted(LOSSES.keys() - {"formula"}):
        for reduction in ("sum", "mean"):
            loss = Loss(name, None, own.options if name == own.type else (), reduction)
            if loss != replace(own, line=0):
                yield loss


def _same(loss: Loss, own: Loss) -> bool:
    return (loss.type, loss.formula) == (own.type, own.formula)


__all__ = ["Mutation", "Mutations", "raw_system"]
