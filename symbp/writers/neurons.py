"""Scalar form, forward: one neuron a layer and one sample, as in a textbook; sums fall away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import sympy as sp

from symbp.arrays.places import is_bare
from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import (
    Entry,
    FirstMax,
    MaxOver,
    Reduction,
    Size,
    SumOver,
    entries,
    letter,
    rebuild,
)
from symbp.network.graph import Node, Repeat
from symbp.network.items import Item, Loop, Piece, statements
from symbp.network.program import Program
from symbp.writers.storage import Storage


class Neurons:
    """Every tensor of one program as one number, in training mode."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.program: Program = storage.program

    # -- whether there is one -------------------------------------------------------------------

    @cached_property
    def degenerate(self) -> tuple[str, ...]:
        """Kinds of layers that one neuron cannot show: softmax, norms, whatever reduces neurons."""
        found: dict[str, None] = {}
        seen: set[tuple[str, int]] = set()  # one look at each formula, however many layers have it
        for node in self.program.graph.nodes:
            key = (node.kind, id(node.template))
            shown = _reduces_neurons(node) or _fills_in_parts(node) or _looks_around(node)
            if key not in seen and shown:
                found[node.kind] = None
            seen.add(key)
        return tuple(found)

    # -- the forward pass -----------------------------------------------------------------------

    @cached_property
    def definitions(self) -> dict[str, sp.Expr]:
        """Tensor -> its scalar right side."""
        made: dict[str, sp.Expr] = {}
        for statement in [*statements(self.program.forward), *statements(self.program.loss)]:
            if statement.mode != "inference" and statement.defines not in made:
                made[statement.defines] = sp.Add(*map(self.right, statement.pieces))
        return made

    def right(self, piece: Piece) -> sp.Expr:
        """A piece's right side; a penalty sums over the copies of its parameter."""
        expr = scalar(piece)
        if piece.whole:
            (name,) = {e.name for e in entries(expr)}
            letters = [letter(v.letter) for v in self.program.tensors[name].levels]
            if letters:
                scale, body = expr.as_coeff_Mul()
                return scale * SumOver(
                    body.xreplace({Entry(name): Entry(name, *letters)}), *letters
                )
        return expr

    @cached_property
    def visible(self) -> frozenset[str]:
        """Tensors that the reader sees; a pre-activation that only its activation reads is written
        out where it stands."""
        graph = self.program.graph
        readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in set(node.names.values()) - {node.output}:
                readers.setdefault(name, []).append(node)
        named = set(self._user_names())
        shown: set[str] = set()
        joined = {h.node.output for h in self.program.heads if h.node is not None}
        for node in graph.nodes:
            use = readers.get(node.output, [])
            hidden = (
                node.kind == "dense"
                and len(use) == 1
                and use[0].kind == "activation"
                and node.output not in named
                and use[0].output not in joined
                and _times_read(use[0], node.output) == 1
            )
            if not hidden:
                shown.add(node.output)
        inner = ("activation", "accumulated")
        shown |= {t.name for t in self.program.tensors.values() if t.role not in inner}
        return frozenset(shown | set(self.storage.repeats))

    def _user_names(self) -> Iterable[str]:
        stack = list(self.program.graph.spec.layers)
        while stack:
            layer = stack.pop()
            stack += layer.layers
            if layer.name and not (dict(layer.options).get("activation")):
                yield layer.name

    def written_out(self, expr: sp.Basic) -> sp.Basic:
        """Every hidden tensor replaced by its definition."""
        if isinstance(expr, Entry):
            name = expr.name
            if name in self.visible or name.startswith(ADJOINT) or name not in self.definitions:
                return expr
            return self.written_out(self.definitions[name])
        if not expr.args:
            return expr
        return rebuild(expr, [self.written_out(a) for a in expr.args])

    @cached_property
    def repeats(self) -> tuple[Repeat, ...]:
        return tuple(self._repeats(self.program.forward))

    def _repeats(self, items: tuple[Item, ...]) -> list[Repeat]:
        found = []
        for item in items:
            if isinstance(item, Loop):
                found += [item.repeat, *self._repeats(item.body)]
        return found


def scalar(piece: Piece) -> sp.Expr:
    """A piece's shown right side with one neuron a layer and one sample."""
    if piece.finished is None:
        return Entry(piece.source)
    return rename(strip(piece.finished.equation.rhs), piece.names)


def strip(expr: sp.Basic) -> sp.Basic:
    """Drop indices, sums and sizes."""
    if isinstance(expr, Entry):
        return Entry(expr.name)
    if isinstance(expr, Size):
        return sp.S.One
    if isinstance(expr, FirstMax):
        return sp.S.One
    if isinstance(expr, Reduction):
        return strip(expr.body)
    if not expr.args:
        return expr
    return rebuild(expr, [strip(a) for a in expr.args])


def rename(expr: sp.Basic, names: Mapping[str, str], marks: bool = True) -> sp.Basic:
    """New names for tensors; with ``marks`` an adjoint follows its tensor."""
    if isinstance(expr, Entry):
        bare = expr.name.lstrip(ADJOINT) if marks else expr.name
        front = ADJOINT * (len(expr.name) - len(bare))
        return Entry(front + names.get(bare, bare), *expr.indices)
    if not expr.args:
        return expr
    return rebuild(expr, [rename(a, names, marks) for a in expr.args])


def _times_read(node: Node, tensor: str) -> int:
    """How often a layer's formula reads a tensor."""
    local = {k for k, v in node.names.items() if v == tensor}
    equations = node.template.training.unit.equations
    return sum(e.name in local for equation in equations for e in entries(equation.rhs))


def _looks_around(node: Node) -> bool:
    """Whether a layer reads its past, neighbours, or places that another tensor names."""
    unit = node.template.training.unit
    return bool(unit.links) or any(not is_bare(i) for r in unit.reads for i in r.indices)


def _reduces_neurons(node: Node) -> bool:
    """Whether a sum or maximum runs over neurons and reads no parameter, or letters count."""
    parameters = set(node.template.definition.parameters)
    equations = node.template.training.unit.equations
    return any(_counts_neurons(equation, parameters) for equation in equations)


def _counts_neurons(equation: Equation, parameters: set[str]) -> bool:
    for found in sp.preorder_traversal(equation.rhs):
        if isinstance(found, MaxOver):
            return True
        if isinstance(found, Reduction) and not {e.name for e in entries(found)} & parameters:
            return True
        if found.is_Symbol and found not in _index_letters(equation.rhs):
            return True
    return False


def _index_letters(expr: sp.Basic) -> set[sp.Symbol]:
    inside: set[sp.Symbol] = set()
    for found in sp.preorder_traversal(expr):
        if isinstance(found, (Entry, Size, Reduction)):
            inside |= {s for a in found.args for s in a.atoms(sp.Symbol)}
    return inside


def _fills_in_parts(node: Node) -> bool:
    """Concatenation: one tensor from several equations, or a composite index."""
    equations = node.template.training.unit.equations
    names = [e.name for e in equations]
    return len(set(names)) < len(names)
