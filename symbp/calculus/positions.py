"""From the positions of a read, as the parser has them, to index expressions."""

from __future__ import annotations

import sympy as sp

from symbp.calculus.expression import Entry, Group, letter
from symbp.calculus.pullback import axis_size
from symbp.language import tree


def index_of(position: tree.Position, axes: dict[str, str]) -> sp.Expr:
    """What stands in one place of a read; ``axes`` names the axis that each letter runs over."""
    match position:
        case tree.Affine():
            terms = [c * letter(name) for c, name in position.terms]
            sizes = [c * axis_size(letter(name), axes) for c, name in position.sizes]
            return sp.Add(*terms, *sizes, sp.Integer(position.constant))
        case tree.Group():
            return _group([index_of(p, axes) for p in position.parts], axes)
        case tree.Gather(read, sign, rest):
            places = (index_of(p, axes) for p in read.positions)
            return sign * Entry(read.name, *places) + index_of(rest, axes)
    raise AssertionError(position)


def _group(parts: list[sp.Expr], axes: dict[str, str]) -> sp.Expr:
    """``(h, d)``; where the first part is no letter, ``(1, d)`` is the place size(d) + d."""
    first, *rest = parts
    if first.is_Symbol or not all(p.is_Symbol for p in rest):
        return Group(*parts)
    place = first
    for part in rest:
        place = place * axis_size(part, axes) + part
    return sp.expand(place)
