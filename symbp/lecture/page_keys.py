"""The keys under which the page knows tensors: those that formulas and code carry."""

from __future__ import annotations

from collections.abc import Sequence

from symbp.calculus.equation import ADJOINT
from symbp.network.items import statements
from symbp.network.program import Program
from symbp.printers.naming import Name
from symbp.writers.equations import Entry
from symbp.writers.storage import plan


class Keys:
    """Keys, names and equations of a program's tensors."""

    def __init__(self, program: Program, entries: Sequence[Entry]) -> None:
        self.program = program
        self.storage = plan(program)
        self.defined: dict[str, list[str]] = {}
        for entry in entries:
            back = entry.part == "backward"
            name = ADJOINT + entry.defines[1:] if back else entry.defines
            self.defined.setdefault(name, []).append(entry.id)
        items = (*program.forward, *program.loss, *program.backward, *program.updates)
        self.read = {name for statement in statements(items) for name in statement.reads}

    def variable(self, tensor: str) -> str:
        """The variable of the code that holds a tensor; adjoint marks stand in front of its name."""
        return self.storage.code(tensor).partition("[")[0]

    def key(self, tensor: str) -> str:
        return f"t.{self.variable(tensor)}"

    def name(self, tensor: str) -> Name:
        return self.storage.name(tensor)

    def equations(self, tensor: str) -> tuple[str, ...]:
        """The equations that define it, by id; of a parameter, its update."""
        return tuple(self.defined.get(tensor, ()))

    def is_used(self, tensor: str) -> bool:
        """Whether an equation defines or reads it."""
        return tensor in self.defined or tensor in self.read
