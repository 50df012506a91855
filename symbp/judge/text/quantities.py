"""What a name stands for in an answer: what the answer defines, else what the network knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from symbp.judge.text.activations import Activations
from symbp.judge.text.indices import beside
from symbp.judge.text.names import Names
from symbp.judge.text.scene import Read, Scene
from symbp.judge.text.tree import Node, Partial, Symbol
from symbp.judge.text.values import Misfit, Value, scalar

Body = tuple[str, Node]  # of a function that the answer defines: its argument, its right side


class Quantities:
    """``defined(id)`` gives what the answer defines, None where it does not; ``sizes`` say how far the
    letters of a statement run; ``borrowed`` becomes true where a derivative is used that only the
    network knows."""

    def __init__(
        self,
        scene: Scene,
        names: Names,
        defined: Callable[[tuple[str, str]], Value | None],
        bodies: Mapping[str, Body],
        sizes: Mapping[str, int],
    ) -> None:
        self.sizes = sizes
        self.scene, self.names, self.defined, self.bodies = scene, names, defined, bodies
        self.activations = Activations(names)
        self.borrowed = False
        self.bound: dict[str, Value] = {}

    def symbol(self, node: Symbol) -> Value:
        if node.key in self.bound:
            return self.bound[node.key]
        meaning = self.names.find(node.key)
        if meaning is None or meaning.kind == "delta":
            found = self.defined(("delta" if meaning else "own", node.key))
            if found is None and node.key in self.sizes:  # an index as a number
                return Value(np.arange(float(self.sizes[node.key])), (node.key,))
            if found is None:
                raise Misfit(f"{node.key} is not defined in the answer", node.start, "unknown")
            name = meaning.name if meaning else ""
            return self.indexed(found, node.indices, node.start, name)
        if meaning.kind == "size":
            return scalar(self.scene.batch)
        if meaning.kind == "constant":
            return scalar(float(meaning.name))
        if meaning.kind == "loss":
            raise Misfit("the loss itself is in no gradient", node.start, "unknown")
        for wanted in (("own", node.key), (meaning.kind, meaning.name + beside(node.indices))):
            found = self.defined(wanted)
            if found is not None:
                return self.indexed(found, node.indices, node.start, meaning.name)
        if meaning.kind == "adjoint":
            return self.true_adjoint(meaning.name, node)
        return self.scene.tensor(meaning.name, Read(node.indices, self.sizes, node.start))

    def indexed(self, found: Value, indices: tuple[str, ...], start: int, name: str) -> Value:
        """What the answer defined, read at indices: the samples of a matrix, or both of its axes;
        what was defined entry by entry may be read as a matrix, too."""
        if self.scene.scalar or (not indices and not found.labels):
            return found
        if not indices:
            known = name in self.names.program.tensors
            return self.scene.matrix(name, found.data) if known and not found.matrix else found
        if found.labels:
            if len(found.labels) != len(indices):
                raise Misfit(f"there are {len(found.labels)} indices, not {len(indices)}", start)
            return replace(found, labels=indices)
        data = found.data.T if self.scene.columns else found.data
        if not found.matrix or len(indices) > 2:
            raise Misfit("there are no such indices", start)
        if len(indices) == 2:
            return Value(data, indices)
        if data.shape[1] == 1:
            return Value(data[:, 0], indices)
        rows = data[:, :, None] if self.scene.columns else data[:, None, :]
        return Value(rows, indices, True)

    def true_adjoint(self, name: str, node: Symbol) -> Value:
        if name in {p.name for p in self.names.program.graph.parameters}:
            text = f"the gradient of {name} is used, but not defined before"
            raise Misfit(text, node.start, "unknown")
        self.borrowed = True
        return self.scene.adjoint(name, Read(node.indices, self.sizes, node.start))

    def partial(self, node: Partial) -> Value:
        lower = self.names.find(node.lower.key)
        if lower is None or lower.kind != "tensor":
            raise Misfit(f"{node.lower.key} is no tensor of the network", node.start, "unknown")
        if node.upper is None:
            found = self.defined(("adjoint", lower.name + beside(node.lower.indices)))
            if found is not None:
                return self.indexed(found, node.lower.indices, node.start, lower.name)
            return self.true_adjoint(lower.name, node.lower)
        found = self.defined(("partial", f"d{node.upper.key}/d{node.lower.key}"))
        if found is not None:
            indices = tuple(dict.fromkeys((*node.upper.indices, *node.lower.indices)))
            return found if not found.labels else self.relabelled(found, indices, node)
        upper = self.names.find(node.upper.key)
        if upper is None or upper.kind != "tensor":
            raise Misfit(f"{node.upper.key} is no tensor of the network", node.start, "unknown")
        self.borrowed = True
        return self.scene.partial(upper.name, lower.name, node.start)

    def relabelled(self, found: Value, indices: tuple[str, ...], node: Partial) -> Value:
        """A local derivative with the letters of the place where it is used."""
        if len(indices) != len(found.labels):
            raise Misfit("the derivative was defined with other indices", node.start, "unknown")
        return replace(found, labels=indices)
