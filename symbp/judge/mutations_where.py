"""Where a mistake stands: the equation of the formula-to-code map that it changes."""

from __future__ import annotations

from symbp.calculus.equation import ADJOINT, Equation, adjoint_name
from symbp.calculus.expression import entries
from symbp.judge.evaluate_parts import Part
from symbp.network.items import statements
from symbp.network.program import Program


class Where:
    """The statements of a program's adjoints, by the names of their tensors, and by target."""

    def __init__(self, program: Program) -> None:
        self.places: dict[str, str] = {}
        self.targets: dict[tuple[str, str], str] = {}
        made = list(statements(program.backward))
        for statement in made:
            self.places.setdefault(statement.defines, statement.id)
        for statement in made:
            for piece in statement.pieces:
                if piece.finished is not None:
                    target = piece.finished.equation.target
                    own = piece.tensor(target.name)
                    self.places.setdefault(own, statement.id)
                    self.targets.setdefault((own, str(target)), statement.id)

    def of(self, part: Part, local: str, equation: Equation | None = None) -> str | None:
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
            return self.of(part.joined, part.joined.system.written[0].equation.name)
        return None
