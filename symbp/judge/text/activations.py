"""Which function f or sigma is: the answer's generic name for a layer's activation."""

from __future__ import annotations

import re

import numpy as np

from symbp.calculus.equation import ADJOINT
from symbp.judge.text.functions import apply, is_function
from symbp.judge.text.names import Names
from symbp.judge.text.scene import Read, Scene
from symbp.judge.text.tree import Call, Node, Symbol
from symbp.judge.text.values import Array, Misfit, Value
from symbp.language.tree import Formula
from symbp.layers.activations import ACTIVATIONS


class Activations:
    """The activation behind each pre-activation of one network: a function by name, or a layer."""

    def __init__(self, names: Names) -> None:
        nodes = [n for n in names.program.graph.nodes if n.kind == "activation"]
        self.layers = {n.names[n.template.definition.inputs[0]]: n.output for n in nodes}
        self.named = {
            n.names[n.template.definition.inputs[0]]: _named(n.template.definition.formula)
            for n in nodes
        }
        self.names = names
        self.logistic = any(self._has_logistic(n.template.definition.formula) for n in nodes)

    @staticmethod
    def _has_logistic(formula: str | Formula) -> bool:
        return "sigmoid" in (formula if isinstance(formula, str) else repr(formula))

    def value(self, node: Call, argument: Value, scene: Scene) -> Value:
        """The function, or its derivative, of the argument. Raises Misfit."""
        name = node.key
        generic = not is_function(name) or (name == "sigmoid" and not self.logistic and self.named)
        if not generic:
            return Value(apply(name, node.primes, argument.data), argument.labels, argument.matrix)
        source = self._source(node, argument, scene)
        named = self.named[source]
        if named is not None:
            return Value(apply(named, node.primes, argument.data), argument.labels, argument.matrix)
        return _through(scene, source, self.layers[source], node, argument)

    def _source(self, node: Call, argument: Value, scene: Scene) -> str:
        """The pre-activation of the layer that is meant: by the argument's name, the function's
        number, the argument's value, or because all layers have the same."""
        found = self._by_name(node.arguments[0])
        number = re.sub(r"\D", "", node.key)
        if found is None and number:
            found = self.names.tensor(f"z{number}")
        if found in self.layers:
            return str(found)
        for source in self.layers:
            known = scene.tensor(source, Read(start=node.start))
            same = known.data.shape == argument.data.shape
            if same and np.allclose(known.data, argument.data, rtol=1e-12):
                return source
        if len(set(self.named.values())) == 1 and None not in self.named.values():
            return next(iter(self.layers))
        reason = f"which layer's function '{node.key}' is cannot be told; write its name"
        raise Misfit(reason, node.start, "unknown")

    def _by_name(self, node: Node) -> str | None:
        return self.names.tensor(node.key) if isinstance(node, Symbol) else None


def _named(formula: str | Formula) -> str | None:
    """``sigmoid`` of the formula ``sigmoid(x)``, ``silu`` of x*sigmoid(x)."""
    shown = {f"{name}(x)": name for name in ACTIVATIONS}
    shown |= {known.formula: name for name, known in ACTIVATIONS.items()}
    return shown.get(formula) if isinstance(formula, str) else None


def _through(scene: Scene, source: str, output: str, node: Call, argument: Value) -> Value:
    """A layer's own formula at other values of its input, or its adjoint of ones."""
    number = next(k for k, b in enumerate(scene.chain.blocks) if b.output == (output, ()))
    block, shape = scene.chain.blocks[number], np.shape(scene.state.values[source, ()])
    if argument.labels or node.primes > 1 or argument.data.size != np.prod(shape):
        raise Misfit(f"'{node.key}' is known only at {source}", node.start, "unknown")
    turned = argument.matrix and scene.columns
    data = (argument.data.T if turned else argument.data).reshape(shape)
    local = next(name for name, place in block.places.items() if place == (source, ()))
    found = block.part.forward_system.run({**_outside(scene, number), local: data})
    result: Array = found[block.part.unit.output]
    if node.primes:
        ones = {ADJOINT + block.part.unit.output: np.ones(shape)}
        result = block.part.system.run({**found, **ones})[ADJOINT + local]
    result = result.reshape(argument.data.T.shape).T if turned else result
    return Value(result.reshape(argument.data.shape), (), argument.matrix)


def _outside(scene: Scene, number: int) -> dict[str, Array]:
    """What a block reads, without what it computes."""
    part = scene.chain.blocks[number].part
    made = {e.name for e in part.unit.equations}
    return {k: v for k, v in scene.state.forward[number].items() if k not in made}
