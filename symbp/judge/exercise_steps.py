"""The steps of an exercise: each a formula, and the number that it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbp.calculus.equation import ADJOINT
from symbp.judge.exercise_network import Small, backward, forward
from symbp.judge.exercise_numbers import Numbers
from symbp.judge.outcome import Array
from symbp.network.items import Statement
from symbp.printers.dialect import LATEX
from symbp.writers.formulas import Formulas
from symbp.writers.scalar import Scalar
from symbp.writers.storage import plan


@dataclass(frozen=True, eq=False)
class Step:
    """``left = right`` in LaTeX, and its ``value``; ``id`` is the equation's in the map, and
    ``defines`` the name that it has in the generated module: ``dz2``."""

    id: str
    defines: str
    left: str
    right: str
    value: Array | None = None

    @property
    def formula(self) -> str:
        return f"{self.left} = {self.right}"


class Writing:
    """Writes the statements of a small network as steps."""

    def __init__(self, small: Small) -> None:
        self.small = small
        self.program = small.program
        self.storage = plan(self.program)
        self.formulas = Formulas(self.storage)
        self.scalar = Scalar(self.storage)

    def symbol(self, name: str) -> str:
        """A tensor in the notation of the exercise."""
        if self.small.notation == "scalar":
            return self.scalar.symbol(name, LATEX)
        return self.storage.name(name).latex()

    def sides(self, statement: Statement) -> tuple[str, str]:
        """Left and right side; in indices where there is no form in matrices."""
        if self.small.notation == "scalar":
            return self.symbol(statement.defines), self.scalar.right_side(statement)
        for notation in ("matrix", "index"):
            text = self.formulas.formula(statement, LATEX, notation)
            if text:
                break
        left, _, right = text.partition(" = ")
        return left, right

    def step(self, statement: Statement, numbers: Numbers) -> Step:
        name = code_name(statement.defines)
        return Step(statement.id, name, *self.sides(statement), numbers.values.get(name))

    def forward(self, numbers: Numbers) -> tuple[Step, ...]:
        return tuple(self.step(s, numbers) for s in forward(self.program))

    def backward(self, numbers: Numbers) -> tuple[Step, ...]:
        return tuple(self.step(s, numbers) for s in backward(self.program))

    def loss(self) -> Iterator[str]:
        """The loss as the textbook has it, one formula for each of its terms."""
        tensors = self.program.tensors
        for item in self.program.loss:
            if isinstance(item, Statement) and tensors[item.defines].role == "loss":
                yield " = ".join(self.sides(item))


def code_name(defines: str) -> str:
    """``dz2`` for the adjoint of ``z2``."""
    bare = defines.lstrip(ADJOINT)
    return "d" * (len(defines) - len(bare)) + bare
