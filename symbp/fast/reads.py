"""A read ``x[n, 2*p + u]`` as a strided view, its axes called by letters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from symbp.calculus.expression import Entry, Group, Letter, Size, entries
from symbp.fast.places import Unplanned
from symbp.fast.strides import NOTHING, Count, Dim, View

SizeOf = Callable[[Letter], int | None]


def read(
    view: View,
    index: tuple[sp.Expr, ...],
    size_of: SizeOf,
    loops: Mapping[Letter, str],
    short: tuple[int, ...] = (),
) -> View:
    """The part of ``view`` (one dim an axis) at ``index``; the letters in ``loops`` are variables of
    loops around it, those at the axes in ``short`` cover the beginning alone. Raises Unplanned for
    places that are read from a tensor."""
    if len(index) != len(view.dims):
        raise Unplanned("an array with other axes than its formula")
    dims: dict[Letter, Dim] = {}
    offset, moves = view.offset, dict(view.moves)

    def move(position: sp.Expr, stride: Count) -> None:
        nonlocal offset
        if any(True for _ in entries(position)):
            raise Unplanned("a place that is read from a tensor")
        for term in sp.Add.make_args(sp.expand(_sized(position, size_of))):
            factor, rest = term.as_coeff_Mul()
            if rest == 1:
                offset = offset + Count.of(int(factor)) * stride
                continue
            if not rest.is_Symbol or not factor.is_Integer:
                raise Unplanned(f"the place {position}")
            step = Count((int(factor),)) * stride
            if rest in loops:
                moves[loops[rest]] = moves.get(loops[rest], NOTHING) + step
            elif rest in dims:
                dims[rest] = Dim(rest, dims[rest].size, dims[rest].stride + step)
            else:
                dims[rest] = Dim(rest, Count.of(size_of(rest)), step)

    for k, (position, dim) in enumerate(zip(index, view.dims, strict=True)):
        if position.is_Symbol and position not in {*loops, *dims} and k not in short:
            dims[position] = Dim(position, dim.size, dim.stride)
        elif isinstance(position, Group):
            stride = dim.stride
            for part in reversed(position.parts):
                move(part, stride)
                letters = [x for x in part.free_symbols if x not in loops]
                if part is not position.parts[0]:
                    stride = stride * Count.of(size_of(letters[0]) if letters else 1)
        else:
            move(position, dim.stride)
    return View(view.array, tuple(dims.values()), offset, moves)


def _sized(position: sp.Expr, size_of: SizeOf) -> sp.Expr:
    found = {}
    for size in position.atoms(Size):
        value = size_of(size.letter)
        if value is None:
            raise Unplanned("a place that depends on the batch size")
        found[size] = sp.Integer(value)
    return position.xreplace(found)


def gathered(index: tuple[sp.Expr, ...]) -> Entry | None:
    """The tensor that the first place is read from, where all other places are letters."""
    if not index or not isinstance(index[0], Entry):
        return None
    plain = all(i.is_Symbol for i in (*index[0].indices, *index[1:]))
    return index[0] if plain else None
