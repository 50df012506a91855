"""A maximum before the activation instead of behind it: max(f(u)) is f(max(u)) where f never falls.

f then runs over as many entries as there are windows. Condition: f is, piece by piece, its argument or
a constant, and never falls. It rounds nothing then: where the first maximum moves, because f made
several entries equal, f is constant and no gradient flows. Nothing else may read what f gives.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import sympy as sp

from symbp.calculus.expression import Entry, FirstMax, MaxOver, Where
from symbp.calculus.functions import U
from symbp.calculus.unary import Apply
from symbp.fast.functions import FAR, values
from symbp.network import program as programs
from symbp.network.graph import Graph, Node, Repeat
from symbp.network.program import Program
from symbp.network.template import Place, named_bodies


def commuted(program: Program) -> Program:
    """The program of the same network with maxima before activations, where that is the same."""
    graph = program.graph
    found = _commuted(graph)
    return program if found is graph else programs.build(found)


def _commuted(graph: Graph) -> Graph:
    users = Counter(name for node in graph.nodes for name in set(node.names.values()))
    outputs = {name for _, name in graph.outputs}
    items: list[Node | Repeat] = list(graph.items)
    for k, (first, second) in enumerate(pairwise(tuple(items))):
        if not (isinstance(first, Node) and isinstance(second, Node)):
            continue
        alone = users[first.output] == 2 and first.output not in outputs
        if alone and second.names.get("x") == first.output and _fits(first, second):
            items[k : k + 2] = _swapped(graph, first, second)
    if tuple(items) == graph.items:
        return graph
    tensors = dict(graph.tensors)
    for node in items:
        if isinstance(node, Node) and node.output in tensors:
            shape = node.template.output_shape
            tensors[node.output] = replace(tensors[node.output], shape=shape)
    return replace(graph, items=tuple(items), tensors=tensors)


def _fits(activation: Node, pool: Node) -> bool:
    return (
        activation.template.definition.inputs == pool.template.definition.inputs == ("x",)
        and not activation.levels
        and is_step(activation)
        and is_maximum(pool)
    )


def is_maximum(node: Node) -> bool:
    """Whether a layer is a maximum over windows of its input, and nothing else."""
    unit = node.template.training.unit
    if node.template.training is not node.template.inference or unit.parameters:
        return False
    for equation in unit.equations:
        body = equation.rhs
        if not isinstance(body, (MaxOver, FirstMax)) or not isinstance(body.body, Entry):
            return False
    return True


def is_step(node: Node) -> bool:
    """Whether a layer's function is its argument or a constant, piece by piece, and never falls."""
    template = node.template
    equations = template.training.unit.equations
    if template.training is not template.inference or len(equations) != 1:
        return False
    body = equations[0].rhs
    read = list(body.atoms(Entry))
    if template.definition.parameters or len(read) != 1:
        return False
    if list(read[0].indices) != list(equations[0].target.indices):
        return False
    form = (
        named_bodies().get(body.function)
        if isinstance(body, Apply)
        else body.xreplace({read[0]: U})
    )
    if form is None or not _in_pieces(form):
        return False
    return bool((np.diff(values(form, np.array(FAR))) >= 0).all())


def _in_pieces(form: sp.Expr) -> bool:
    if isinstance(form, Where):
        return all(_in_pieces(part) for part in form.args[1:])
    return form == U or bool(form.is_number)


def _swapped(graph: Graph, activation: Node, pool: Node) -> list[Node]:
    """The maximum first; it takes the place of what the activation gave."""
    file = graph.spec.file
    source = activation.names["x"]
    here = replace(
        pool,
        layer=activation.layer,
        names={**pool.names, "x": source, pool.template.definition.output: activation.output},
        output=activation.output,
    )
    template = graph.library.template(
        activation.template.definition, Place((pool.template.output_shape,), file)
    )
    there = replace(
        activation,
        layer=pool.layer,
        template=template,
        names={**activation.names, "x": activation.output, "y": pool.output},
        output=pool.output,
    )
    return [here, there]
