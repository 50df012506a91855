"""A layer and the loss behind it as one unit, in names and letters that do not clash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, letter, rebuild
from symbp.calculus.index import base
from symbp.network.graph import Node


def join(node: Node, loss: Unit) -> tuple[Unit, Mapping[str, str]] | None:
    """The layer's equations and the loss as one unit, and how the layer's local names were renamed."""
    unit = node.template.training.unit
    if node.template.training is not node.template.inference or len(unit.inputs) != 1:
        return None
    if unit.links or unit.fills:
        return None
    output = unit.letters[unit.output]
    if not unit.definition(unit.output).target.plain:  # type: ignore[union-attr]
        return None
    moved = _letters(unit, dict(zip(output, loss.letters["y"], strict=True)), loss)
    taken = {*loss.letters, "y", "t", "L"}
    renamed: dict[str, str] = {unit.output: "y"}
    for name in unit.letters:
        if name != unit.output:
            renamed[name] = name if name not in taken else f"{name}_in"
    equations = tuple(
        Equation(_rename(e.target, renamed, moved), _rename(e.rhs, renamed, moved))
        for e in unit.equations
    )
    letters = {renamed[k]: tuple(moved.get(i, i) for i in v) for k, v in unit.letters.items()}
    family = {base(old): base(new) for old, new in moved.items()}
    sizes = {family.get(k, k): v for k, v in unit.sizes.items()}
    axes = {family.get(k, k): family.get(v, v) for k, v in unit.axes.items()}
    united = _unite(axes, dict(loss.axes))
    return replace(
        loss,
        equations=(*equations, *loss.equations),
        inputs=(renamed[unit.inputs[0]],),
        parameters=tuple(renamed[p] for p in unit.parameters),
        letters={**loss.letters, **letters},
        sizes={**sizes, **loss.sizes},
        axes=united,
        parts=frozenset({*loss.parts, *(renamed[p] for p in unit.parts)}),
        cuts=frozenset({*loss.cuts, *(renamed[p] for p in unit.cuts)}),
    ), renamed


def _letters(unit: Unit, known: dict, loss: Unit) -> dict:
    """Letters of the layer in the loss's words; others step aside where the loss uses their name."""
    moved = dict(known)
    used = {*loss.sizes, *(base(i) for i in known.values())}
    for family in unit.sizes:
        index = letter(family)
        if index in moved or family not in used:
            continue
        name = next(c for c in "ijkdefghpqruvw" if c not in used and c not in unit.sizes)
        moved[index] = letter(name)
        used.add(name)
    return moved


def _rename(expr: sp.Basic, names: Mapping[str, str], letters: Mapping) -> sp.Basic:
    """Rename tensors, and letters by family, bound ones too."""
    if isinstance(expr, sp.Symbol):
        _, mark, count = expr.name.partition("_")
        new = letters.get(letter(base(expr)))
        return expr if new is None else letter(new.name + mark + count)
    if isinstance(expr, Entry):
        return Entry(
            names.get(expr.name, expr.name), *(_rename(i, names, letters) for i in expr.indices)
        )
    if not expr.args:
        return expr
    return rebuild(expr, [_rename(a, names, letters) for a in expr.args])


def _unite(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """One axis name for letters that either side puts on one axis."""
    axes = dict(second)
    for family, axis in first.items():
        if family in axes:
            old, new = axis, axes[family]
            first = {k: new if v == old else v for k, v in first.items()}
    return {**first, **axes}
