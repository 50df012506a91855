"""The statements of an answer at one point: gradients, other quantities, and what went wrong."""

from __future__ import annotations

import numpy as np

from symbp.judge.evaluate_network import Chain
from symbp.judge.outcome import Outcome, Point
from symbp.judge.text.evaluate import Evaluator
from symbp.judge.text.names import Names
from symbp.judge.text.quantities import Body
from symbp.judge.text.scene import Layout, Read, Scene
from symbp.judge.text.statements import Statement, Target
from symbp.judge.text.told import LineOf, Told
from symbp.judge.text.tree import Node, Partial, Symbol, symbols
from symbp.judge.text.values import Misfit, Value, spread, transpose

Id = tuple[str, str]
SHAPES = ("shape", "sum")  # kinds of problems


def outcome(
    statements: tuple[Statement, ...],
    chain: Chain,
    names: Names,
    point: Point,
    *,
    layout: Layout,
    line: LineOf,
) -> Outcome:
    """What the answer says at a point."""
    with np.errstate(all="ignore"):
        return _Run(statements, Scene(chain, point, layout), names, line).outcome()


def fit(
    statements: tuple[Statement, ...], chain: Chain, names: Names, point: Point, layout: Layout
) -> tuple[int, int]:
    """How badly a layout suits an answer: shapes that do not fit, and claims that are not true (by a
    minus sign those that are), the gravest first."""
    scene = Scene(chain, point, layout)
    with np.errstate(all="ignore"):
        run = _Run(statements, scene, names, lambda start: 0)
        found = run.outcome()
        shapes = sum(p.kind in SHAPES for p in found.problems.values()) + run.failed
        true = chain.gradients(scene.state, {})
    keys = {p.key: p.name for p in names.program.graph.parameters}
    agree = [np.allclose(g, true[keys[k]], rtol=1e-9) for k, g in found.gradients.items()]
    return shapes, -sum(agree)


class _Run:
    def __init__(
        self, statements: tuple[Statement, ...], scene: Scene, names: Names, line: LineOf
    ) -> None:
        self.statements, self.scene, self.names = statements, scene, names
        self.known: dict[Id, Value] = {}
        self.open: set[int] = set()  # statements that are being evaluated
        self.done: set[int] = set()
        self.failed = 0  # sides whose shapes do not fit
        self.told = Told(scene, names, line)
        self.bodies = self._bodies()

    def _bodies(self) -> dict[str, Body]:
        found: dict[str, Body] = {}
        for statement in self.statements:
            if statement.target.kind == "function":
                found[statement.target.key] = (statement.target.argument, statement.sides[-1])
        return found

    def outcome(self) -> Outcome:
        for number in range(len(self.statements)):
            self.evaluate(number)
        return self.told.outcome()

    # -- one statement --------------------------------------------------------------------------

    def evaluate(self, number: int) -> None:
        """All right sides of a statement; the last that has a value is what it defines."""
        statement = self.statements[number]
        if number in self.done or number in self.open or statement.target.kind == "function":
            return
        self.open.add(number)
        targets = [statement.target, *self.aliases(statement)]
        sides = statement.sides[len(targets) - 1 :] or statement.sides
        problem: Misfit | None = None
        result: Value | None = None
        for side in sides:
            try:
                value, borrowed = self.side(side, statement)
            except Misfit as misfit:
                problem = misfit
                self.failed += misfit.kind in SHAPES
                continue
            result, problem = value, None
            self.told.claim(statement.target, value, borrowed)
        self.open.discard(number)
        self.done.add(number)
        for target in targets:
            if result is not None:
                self.known[self.place(target, result)] = result
            self.told.tell(target, result, problem)

    def place(self, target: Target, value: Value) -> Id:
        """Where a definition is kept. One that has another shape than the tensor which usually has
        its name is a name of the answer's own."""
        if target.kind == "tensor" and not value.labels:
            try:
                usual = self.scene.tensor(target.name, Read()).data.shape
            except Misfit:
                return target.id
            if usual != value.data.shape:
                return "own", target.key
        return target.id

    def side(self, side: Node, statement: Statement) -> tuple[Value, bool]:
        """A right side's value, and whether it rests on derivatives that only the network knows."""
        target, sizes = statement.target, self.sizes(statement)
        evaluator = Evaluator(self.scene, self.names, self.defined, self.bodies, sizes)
        try:
            value = evaluator.solid(side)
        except RecursionError:
            raise Misfit("the formula is nested too deeply", side.start, "unknown") from None
        if target.turned:
            value = transpose(value)
        if not np.all(np.isfinite(value.data)):
            raise Misfit("the result is not a finite number", side.start, "number")
        if (value.labels or target.kind == "partial") and not self.scene.scalar:
            value = self.ordered(value, target, side.start)
        return value, evaluator.borrowed

    def sizes(self, statement: Statement) -> dict[str, int]:
        """How far the letters of a statement run, told by the tensors that they are indices of."""
        found: dict[str, int] = {}
        if self.scene.scalar:
            return found
        target = statement.target
        reads = [(target.name, target.indices)] if target.name else []
        for symbol in (s for side in statement.sides for s in symbols(side)):
            meaning = self.names.find(symbol.key)
            if meaning is not None and meaning.kind in ("tensor", "adjoint", "delta"):
                reads.append((meaning.name, symbol.indices))
        for name, indices in reads:
            found = {**self.scene.history.sizes(name, indices), **found}
        return found

    @staticmethod
    def ordered(value: Value, target: Target, start: int) -> Value:
        """Open indices in the order of the left side; a local derivative may lack some of them."""
        spare = [i for i in value.labels if i not in target.indices]
        lacking = [i for i in target.indices if i not in value.labels]
        if spare:
            raise Misfit(
                f"the index {spare[0]} is neither summed over nor on the left", start, "sum"
            )
        if lacking and target.kind != "partial":
            raise Misfit(f"the index {lacking[0]} of the left side is not on the right", start)
        return spread(value, target.indices)

    def aliases(self, statement: Statement) -> list[Target]:
        """Right sides in front that only give the left side another name: delta_2 = dL/dz_2 = .."""
        found: list[Target] = []
        defined = {s.target.id for s in self.statements}
        for side in statement.sides[:-1]:
            target = None
            if isinstance(side, (Partial, Symbol)):
                target = self.alias(side)
            if target is None or target.id in defined or target.id == statement.target.id:
                break
            found.append(target)
        return found

    def alias(self, side: Partial | Symbol) -> Target | None:
        symbol = side.lower if isinstance(side, Partial) else side
        meaning = self.names.find(symbol.key)
        if meaning is None or (isinstance(side, Partial) and side.upper is not None):
            return None
        if isinstance(side, Partial) and meaning.kind == "tensor":
            return Target("adjoint", symbol.key, meaning.name, symbol.indices)
        if isinstance(side, Symbol) and meaning.kind in ("delta", "adjoint"):
            return Target(meaning.kind, symbol.key, meaning.name, symbol.indices)
        return None

    # -- what is known --------------------------------------------------------------------------

    def defined(self, wanted: Id) -> Value | None:
        """What the answer defines, here or further down; a delta and its derivative are one."""
        for one in self.same(wanted):
            if one in self.known:
                return self.known[one]
        for one in self.same(wanted):
            for number, statement in enumerate(self.statements):
                if statement.target.id == one and number not in self.open | self.done:
                    if len(self.open) > 100:
                        raise Misfit("definitions lean on each other too deeply", kind="unknown")
                    self.evaluate(number)
                    if one in self.known:
                        return self.known[one]
        return None

    def same(self, wanted: Id) -> list[Id]:
        found = [wanted]
        if wanted[0] == "delta":
            meaning = self.names.find(wanted[1])
            found += [("adjoint", meaning.name)] if meaning else []
        elif wanted[0] == "adjoint":
            targets = [s.target for s in self.statements]
            found += [t.id for t in targets if t.kind == "delta" and t.name == wanted[1]]
        return list(dict.fromkeys(found))
