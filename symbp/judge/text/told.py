"""What an answer says at one point, as the network would say it: names, shapes, samples as rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symbp.judge.outcome import Array, Outcome, Problem
from symbp.judge.text.names import Names
from symbp.judge.text.scene import Scene
from symbp.judge.text.statements import Target
from symbp.judge.text.values import Misfit, Value, transpose

LineOf = Callable[[int], int]  # of an offset into the text


class Told:
    """Collects gradients and other quantities."""

    def __init__(self, scene: Scene, names: Names, line: LineOf) -> None:
        self.scene, self.names, self.line = scene, names, line
        self.sides: dict[str, list[Array]] = {}
        self.chains: dict[str, list[Array]] = {}
        self.problems: dict[str, Problem] = {}
        self.others: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.params = {p.name: p.key for p in names.program.graph.parameters}

    def outcome(self) -> Outcome:
        sides = {key: tuple(values) for key, values in self.sides.items()}
        chains = {key: tuple(values) for key, values in self.chains.items()}
        return Outcome(self.gradients, self.others, self.problems, sides, chains)

    def claim(self, target: Target, value: Value, borrowed: bool) -> None:
        """A right side is a claim, unless it only repeats the chain rule."""
        if target.kind == "adjoint" and target.name in self.params:
            found = self.shaped(value, target.name)
            if isinstance(found, np.ndarray):
                claims = self.chains if borrowed else self.sides
                claims.setdefault(self.params[target.name], []).append(found)

    def tell(self, target: Target, value: Value | None, problem: Misfit | None) -> None:
        if target.kind == "adjoint" and target.name in self.params:
            self.tell_gradient(target.name, None if problem else value, problem)
        elif value is not None and target.kind in ("adjoint", "delta", "tensor", "loss"):
            front = "d" if target.kind in ("adjoint", "delta") else ""
            name = target.name if target.kind != "loss" else "loss"
            self.others[front + name] = self.rows(value, target.name).data

    def tell_gradient(self, name: str, value: Value | None, problem: Misfit | None) -> None:
        key = self.params[name]
        found = problem if value is None else self.shaped(value, name)
        self.problems.pop(key, None)
        self.gradients.pop(key, None)
        if isinstance(found, np.ndarray):
            self.gradients[key] = found
        elif found is not None:
            own = None if value is None else self.rows(value, name).data
            line = self.line(found.start) if found.start else None
            self.problems[key] = Problem(found.kind, found.reason, line, own)

    def rows(self, value: Value, name: str) -> Value:
        """As the network has it, with samples as rows."""
        known = name in self.names.program.tensors
        turned = self.scene.turned(name) if known else self.scene.columns
        return transpose(value) if turned and not value.labels else value

    def shaped(self, value: Value, name: str) -> Array | Misfit:
        """A gradient in its parameter's shape, or why it has another."""
        key = self.params[name]
        shape = np.shape(self.scene.point.params[key])
        value = self.rows(value, name)
        swapped = len(value.labels) == 2 and not value.matrix and self.scene.turned(name)
        data = value.data.T if swapped else value.data
        if value.matrix and (value.labels or len(shape) == 1):  # a row or a column is a vector
            core = tuple(size for size in value.core if size > 1)
            flat = data.reshape((*data.shape[: len(value.labels)], *core))
            data = flat if flat.shape == shape else data
        if data.shape == shape or (data.size == 1 and int(np.prod(shape)) == 1):
            return np.array(data.reshape(shape))
        kept = "x".join(map(str, data.shape)) or "1"
        wanted = "x".join(map(str, shape)) or "1"
        return Misfit(f"the result has the shape {kept}; {key} has {wanted}")
