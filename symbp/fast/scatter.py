"""Additions to windows and to rows of an array, whose places may overlap."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from symbp.arrays.nodes import Align, Contract, Node, Ref
from symbp.fast import contraction, windows
from symbp.fast.evaluation import Evaluator
from symbp.fast.places import Unplanned
from symbp.fast.reads import gathered, read
from symbp.fast.strides import View

MOST = 4_000_000  # entries whose places are counted
SAMPLES = 2  # batch size at which they are


def covered(places: Sequence[View]) -> bool:
    """Whether no entry is reached twice, by counting."""
    found: list[np.ndarray] = []
    total = 0
    for view in places:
        spot = np.array([view.offset.at(SAMPLES)])
        total += view.size.at(SAMPLES)
        if total > MOST:
            return False
        for d in view.dims:
            steps = np.arange(d.size.at(SAMPLES)) * d.stride.at(SAMPLES)
            spot = (spot[:, None] + steps).reshape(-1)
        found.append(spot)
    every = np.concatenate(found)
    return len(np.unique(every)) == len(every)


def add_windows(own: Evaluator, tree: Node, place: View) -> None:
    """``place`` += tree, where letters of ``place`` reach the same entries."""
    if not windows.overlapping(place):
        value = own.value(tree)
        if not isinstance(value, View):
            raise Unplanned("a number that is added to windows")
        own.build.call("np.add({out}, {0}, {out})", (value.ordered(place.letters),), place,
                       entrywise=True, adds=True)  # fmt: skip
        return
    while isinstance(tree, Align):
        tree = tree.x
    row = windows.row_of(place)
    if row is None or not isinstance(tree, Contract):
        value = own.value(tree)
        if not isinstance(value, View):
            raise Unplanned("a number that is added to windows")
        _apart(own, value, place)
        return
    step = own.build.variable(str(row))
    size = place.dim(row).size.typical
    a, b = own.value(tree.a), own.value(tree.b)
    if not isinstance(a, View) or not isinstance(b, View):
        raise Unplanned("a number in a product")
    with own.build.loop(step, size):
        inside = [v.fixed(row, step) if row in v.letters else v for v in (a, b)]
        target = place.fixed(row, step)
        rows, columns = ([x for x in v.by_stride() if x in target.letters] for v in inside)
        order = [*rows, *columns] if target.by_stride()[-1] in columns else [*columns, *rows]
        made = contraction.like(own.build, target, order)
        contraction.contract(own.build, inside[0], inside[1], tree.over, made)
        _apart(own, made, target)


def _apart(own: Evaluator, value: View, place: View) -> None:
    """Add for each value of the letters that overlap others, one after the other."""
    loops: list = []
    rest = place
    while windows.overlapping(rest):
        pairs = windows.twins(rest)
        near = min(pairs, key=lambda d: d.size.typical)
        loops.append(near.letter)
        rest = rest.at(near.letter, 0)  # type: ignore[arg-type]
    sizes = [range(place.dim(x).size.typical) for x in loops]
    for values in itertools.product(*sizes):
        part, source = place, value
        for letter, k in zip(loops, values, strict=True):
            part = part.at(letter, k)
            source = source.at(letter, k) if letter in source.letters else source
        own.build.call("np.add({out}, {0}, {out})", (source.ordered(part.letters),), part,
                       entrywise=True, adds=True)  # fmt: skip


def add_rows(own: Evaluator, tree: Node, place: Ref, table: View) -> None:
    """Rows of a table += tree, where rows may repeat; ``place`` says which."""
    rows = gathered(place.index)
    assert rows is not None
    letters = [*rows.indices, *place.index[1:]]
    places = read(own.view(rows.name), rows.indices, own.size_of, own.loops)
    value = own.value(tree)
    if not isinstance(value, View) or set(value.letters) != set(letters):
        raise Unplanned("rows that are added to by less than rows")
    inputs = (value.ordered(letters), places.ordered(rows.indices))
    own.build.call("add_at({out}, {1}, {0})", inputs, table, adds=True)
