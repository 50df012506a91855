"""The terms of the loss: that of each output, joined with its layer where the two must be derived as
one, and the penalties on weights.

The adjoint of an output through ``log(y)`` has a pole at y = 0, which the layer in front cancels:
softmax and cross-entropy, sigmoid and binary cross-entropy. Derived as one unit, the pole never appears.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbp.calculus.derive import Derivation
from symbp.calculus.equation import Equation
from symbp.calculus.expression import entries
from symbp.calculus.stable_logs import stable_gradient, stable_logs
from symbp.language.parser import parse
from symbp.language.spec import Output
from symbp.language.tree import Formula
from symbp.layers.definition import Definition
from symbp.network.graph import Graph, Node
from symbp.network.join import join
from symbp.network.loss_unit import LossUnit, loss_inputs, loss_unit
from symbp.network.template import Library, Place, Shape
from symbp.network.unit_text import UnitText, unit_text
from symbp.printers.finished import Finished


@dataclass(frozen=True, eq=False)
class Head:
    """The loss of one output. ``node`` is the layer that was joined with it, if any; then the unit's
    input is that layer's input."""

    output: Output
    source: str  # the tensor that is judged
    text: UnitText
    node: Node | None
    forward: tuple[Finished, ...]  # the equations of the loss alone
    names: Mapping[str, str]  # local -> tensor names
    target_shape: Shape


def head(graph: Graph, output: Output, source: str, target: str, value: str) -> Head:
    """Derive the loss of one output; raises InputError where the loss does not suit its shape."""
    library = graph.library
    loss = loss_unit(graph, output, graph.tensors[source].shape)
    others = {local: graph.named[name] for local, name in loss_inputs(output.loss)}
    names = {"y": source, "t": target, loss.unit.output: value, **others}
    node = next((n for n in graph.nodes if n.output == source and not n.levels), None)
    derivation = library.derive(loss.unit, seed=False)
    joined = _joined(library, node, loss) if node is not None and _has_pole(derivation) else None
    if node is None or joined is None:
        text = unit_text(loss.unit, derivation, loss.order)
        return Head(output, source, text, None, text.forward, names, loss.target_shape)
    text, forward, renamed = joined
    names = {**{renamed[k]: v for k, v in node.names.items() if k in renamed}, **names}
    return Head(output, source, text, node, forward, names, loss.target_shape)


def _joined(
    library: Library, node: Node, loss: LossUnit
) -> tuple[UnitText, tuple[Finished, ...], Mapping[str, str]] | None:
    """The layer and the loss derived as one: its text, the equations of the loss alone in stable form,
    and the layer's local names; None where they cannot be joined."""
    joined = join(node, loss.unit)
    if joined is None:
        return None
    unit, renamed = joined
    layer_order = node.template.training.order
    order = {**{renamed.get(k, k): v + 5000 for k, v in layer_order.items()}, **loss.order}
    text = unit_text(unit, library.derive(unit, seed=False), order)
    unit = text.unit
    before_loss = {renamed.get(e.name) for e in node.template.training.unit.equations}
    own = [Finished(e, unit, order) for e in unit.equations if e.name not in before_loss]
    stable = stable_logs(unit)
    if stable is not None:
        before, rhs = stable
        order |= {e.name: 6000 + k for k, e in enumerate(before)}
        sizes = {**unit.letters, **{e.name: e.target.indices for e in before}}
        unit = replace(unit, letters=sizes)
        last = loss.unit.equations[-1]
        own[-1] = Finished(last, unit, order, Equation(last.target, rhs))
        own = [*(Finished(e, unit, order) for e in before), *own]
        gradient = stable_gradient(text.unit, before, rhs)
        if gradient is not None:
            text = replace(text, unit=unit, order=order, runs={gradient.name: gradient})
    return text, tuple(own), renamed


def _has_pole(derivation: Derivation) -> bool:
    """Whether the adjoint of y divides by something that depends on y."""
    adjoint = derivation.adjoint("y")
    if adjoint is None:
        return False
    for equation in adjoint.equations:
        for node in sp.preorder_traversal(equation.rhs):
            if node.is_Pow and node.exp.could_extract_minus_sign():
                if any(r.name == "y" for r in entries(node.base)):
                    return True
    return False


def penalty(
    library: Library, rank: int, l2: float, l1: float, file: str | None
) -> tuple[UnitText, str]:
    """``l2/2 sum(W**2) + l1 sum(|W|)`` for a parameter with ``rank`` axes."""
    letters = ",".join("ijklpqrs"[:rank])
    read = f"W[{letters}]" if rank else "W"
    over = f", {letters.replace(',', ', ')}" if rank else ""

    def total(body: str) -> str:
        return f"sum({body}{over})" if rank else body

    terms = []
    if l2:
        terms.append(f"{l2!r}/2*{total(f'{read}**2')}")
    if l1:
        terms.append(f"{l1!r}*{total(f'abs({read})')}")
    formula: Formula = parse("R = " + " + ".join(terms))
    sizes = {letter: 2 for letter in letters.split(",") if letter}
    definition = Definition(
        formula=formula,
        inputs=(),
        output="R",
        parameters={"W": tuple(letters.split(",")) if rank else ()},
        sizes=sizes,
    )
    unit, _, order, _ = library.unit(definition, formula, Place((), file), True)
    return unit_text(unit, library.derive(unit, seed=False), order), "W"
