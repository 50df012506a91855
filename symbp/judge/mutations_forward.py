"""Mistakes in the forward pass: the backward pass is right, and reads other values."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry
from symbp.judge.evaluate_network import Chain
from symbp.judge.evaluate_parts import Part
from symbp.judge.evaluate_unit import Changed, Written
from symbp.judge.mutations_expression import edits
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.mutations_right import Edit, Right
from symbp.network.graph import Node
from symbp.network.items import Statement, statements
from symbp.network.program import Program

LIKELY = 1  # the highest rank of an edit that is tried


def forward(chain: Chain) -> Iterator[Mutation]:
    """A changed equation of the forward pass, one at a time."""
    where = _places(chain.program)
    nodes = {node.output: node for node in chain.program.graph.nodes}
    for part in chain.parts:
        if part.kind != "layer":
            continue
        system = part.forward_system
        for number, written in enumerate(system.written):
            equation = written.equation
            place = where.get(part.names.get(equation.name, ""))
            if place is None:
                continue
            for edit in _edits(part, equation):
                new = (Written(Equation(equation.target, edit.rhs)),)
                changes = {part.id: system.replaced({number: new})}
                yield Mutation(edit.kind, place, part, {}, edit.rank + 2, equation, edit,
                               forward=changes)  # fmt: skip
        yield from _dropout(part, nodes[part.id], where)


def _edits(part: Part, equation: Equation) -> Iterator[Edit]:
    """A parameter that is added alone is a bias."""
    for edit in edits(Right(part.unit, equation.target, equation.rhs)):
        term = edit.term
        rest = equation.rhs - term if term is not None else None
        if isinstance(term, Entry) and term.name in part.unit.parameters and edit.rhs == rest:
            yield Edit("bias_missing", edit.rhs, 0, edit.site, term)
        elif edit.rank <= LIKELY:
            yield edit
    for term in sp.Add.make_args(equation.rhs):
        if isinstance(term, Entry) and term.name in part.unit.parameters:
            yield Edit("bias_missing", equation.rhs - term, 0, None, term)


def _dropout(part: Part, node: Node, where: dict[str, str]) -> Iterator[Mutation]:
    """Where nothing is dropped, nothing is scaled either: the mask and its scale come together."""
    for rate in node.template.definition.noise.values():
        place = where.get(node.output)
        if place is None:
            continue
        system = part.forward_system
        number = len(system.written) - 1
        equation = system.written[number].equation
        for factor in (1 - rate, 1 / (1 - rate)):
            number_ = sp.Rational(str(round(factor, 12)))
            edit = Edit("dropout_scale", number_ * equation.rhs, 1, None, None, number_)
            ahead = system.replaced({number: (Written(Equation(equation.target, edit.rhs)),)})
            back = part.system.written
            scaled = {
                k: (Written(Equation(w.equation.target, number_ * w.equation.rhs)),)
                for k, w in enumerate(back)
            }
            behind = part.system.replaced(scaled)
            ways: tuple[tuple[dict[str, Changed], dict[str, Changed]], ...] = (
                ({part.id: ahead}, {part.id: behind}),
                ({part.id: ahead}, {}),
                ({}, {part.id: behind}),
            )
            for forwards, changes in ways:
                yield Mutation("dropout_scale", place, part, changes, 1, equation, edit,
                               forward=forwards)  # fmt: skip


def _places(program: Program) -> dict[str, str]:
    """The statement of each tensor of the forward pass."""
    found: dict[str, str] = {}
    for statement in statements(program.forward):
        if isinstance(statement, Statement):
            found.setdefault(statement.defines, statement.id)
    return found
