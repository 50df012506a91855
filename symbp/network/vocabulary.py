"""Tensors of whole numbers that index others, and how large their numbers may be."""

from __future__ import annotations

from symbp.calculus.equation import Unit
from symbp.calculus.expression import Entry, Group, Size, entries
from symbp.calculus.index import base


def bounds(unit: Unit) -> dict[str, int]:
    """Of each tensor that indexes others the number that none of its entries reaches."""
    found: dict[str, int] = {}
    for read in unit.reads:
        own = unit.letters[read.name.lstrip("∂")]
        for axis, index in zip(own, read.indices, strict=True):
            for inner in entries(index):
                size = unit.size_of(axis)
                if size is not None and inner.name != read.name:
                    bound = size - _rest(unit, index, inner)
                    found[inner.name] = min(found.get(inner.name, bound), bound)
    return found


def _rest(unit: Unit, index: object, inner: Entry) -> int:
    """The largest value of what is added to a position that is read from a tensor."""
    if isinstance(index, Group):
        return 0
    rest = index - index.coeff(inner) * inner  # type: ignore[attr-defined]
    sizes = {s: unit.size_of(s.letter) or 0 for s in rest.atoms(Size)}
    rest = rest.xreplace(sizes)
    top = {i: (unit.sizes[base(i)] or 1) - 1 for i in rest.free_symbols}
    return int(rest.xreplace({i: v if rest.coeff(i) > 0 else 0 for i, v in top.items()}))
