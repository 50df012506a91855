"""The layers, losses and penalties of a program as parts that can be run one by one.

A loss and the layer that the map derives with it are parts of their own here, so that a mistake in
either can be made; the two as one are a third part that stands for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from symbp.calculus.derive import Derivation
from symbp.calculus.equation import Unit
from symbp.calculus.expression import entries
from symbp.judge.evaluate import Array
from symbp.judge.evaluate_machine import Machine, Written
from symbp.judge.evaluate_unit import System
from symbp.language.spec import Output
from symbp.network.graph import Level, Node
from symbp.network.heads import Head, penalty
from symbp.network.loss_unit import loss_unit
from symbp.network.program import Program

BATCH = "n"  # the letter of the batch


@dataclass(frozen=True, eq=False)
class Part:
    """A layer, a loss or a penalty: its unit, and the unit's adjoint equations; copies share it.

    ``inputs`` are the local names of what comes from other parts. ``joined`` stands for a loss together
    with the layer in front of it.
    """

    id: str
    layer: str
    kind: str  # layer | loss | penalty
    sized: Unit  # the unit with the sizes of this network, which a derivation does not depend on
    derivation: Derivation
    names: Mapping[str, str]  # local -> tensor names
    inputs: tuple[str, ...]
    levels: tuple[Level, ...] = ()
    constants: Mapping[str, Array] = field(default_factory=dict)
    order: Mapping[str, int] = field(default_factory=dict)  # in which a product names its factors
    drops: bool = False  # whether training puts a random mask here
    joined: Part | None = None
    output: Output | None = None  # of the network, that the loss judges

    @cached_property
    def unit(self) -> Unit:
        return replace(self.derivation.unit, sizes=self.sized.sizes)

    @cached_property
    def machine(self) -> Machine:
        return Machine(self.unit)

    @cached_property
    def system(self) -> System:
        """The adjoint equations as the map shows them."""
        equations = [e for a in self.derivation.adjoints for e in a.equations]
        return System(self.machine, tuple(map(Written, equations)), self.derivation.links)

    @cached_property
    def forward_system(self) -> System:
        """The unit's own equations."""
        return System(self.machine, tuple(map(Written, self.unit.equations)), self.unit.links)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Local names that come from outside: inputs, parameters, buffers, masks, targets."""
        made = {e.name for e in self.unit.equations} | {k.name for k in self.unit.links}
        found = {r.name for e in self.unit.equations for r in entries(e.rhs)}
        return tuple(sorted(found - made))

    @property
    def outside(self) -> tuple[str, ...]:
        """Local names whose adjoints leave the part."""
        return (*self.inputs, *self.unit.parameters)


def parts(program: Program, training: bool) -> tuple[Part, ...]:
    """The layers in the order in which they run, then the losses and the penalties."""
    layers = [_layer(node, training) for node in program.graph.nodes]
    return (*layers, *_losses(program), *_penalties(program))


def _layer(node: Node, training: bool) -> Part:
    text = node.template.training if training else node.template.inference
    definition = node.template.definition
    return Part(
        node.output, node.layer, "layer", text.unit, text.derivation, node.names,
        definition.inputs, node.levels, order=text.order, drops=bool(definition.noise),
    )  # fmt: skip


def loss_part(program: Program, head: Head, target: str, output: Output) -> Part:
    """The loss of an output, or another one in its place, as a part."""
    graph = program.graph
    loss = loss_unit(graph, output, graph.tensors[head.source].shape)
    derivation = graph.library.derive(loss.unit, seed=False)
    names = {**head.names, "y": head.source, "t": target, loss.unit.output: head.names["L"]}
    options = dict(output.loss.options)
    constants = {k: np.array(v, float) for k, v in options.get("constants", ())}  # type: ignore[call-overload]
    return Part(
        f"{target}.loss", "loss", "loss", loss.unit, derivation, names, loss.unit.inputs,
        constants=constants, order=loss.order, output=output,
    )  # fmt: skip


def _losses(program: Program) -> Iterator[Part]:
    for head, target in zip(program.heads, program.targets, strict=True):
        part = loss_part(program, head, target, head.output)
        if head.node is None:
            yield part
            continue
        own = head.text
        joined = Part(
            f"{target}.joined", "loss", "loss", own.unit, own.derivation, part.names,
            own.unit.inputs, constants=part.constants, order=own.order, output=head.output,
        )  # fmt: skip
        yield replace(part, joined=joined)


def _penalties(program: Program) -> Iterator[Part]:
    spec, graph = program.graph.spec, program.graph
    if not spec.l2 and not spec.l1:
        return
    for name in graph.regularized:
        tensor = program.tensors[name]
        text, local = penalty(graph.library, len(tensor.shape), spec.l2, spec.l1, spec.file)
        names = {local: name, text.unit.output: "loss"}
        letters = text.unit.letters[local]  # its formula is written for any sizes
        sizes = {i.name: size for i, size in zip(letters, tensor.shape, strict=True)} | {
            BATCH: None
        }
        yield Part(
            f"{name}.penalty", name, "penalty", replace(text.unit, sizes=sizes), text.derivation,
            names, (), tensor.levels, order=text.order,
        )  # fmt: skip
