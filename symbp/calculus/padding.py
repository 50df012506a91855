"""``pad(x[..])``: the tensor with a border, as an equation of its own, ``x_pad[n,i+1] = x[n,i]``.

Reads inside the border are then reads like any other, and so are their gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, Letter, letter
from symbp.calculus.parts import Parts
from symbp.language import tree
from symbp.language.walk import affine, walk

Shape = tuple[int | None, ...]
Key = tuple[str, tree.Expr | None]  # a tensor, and what stands around it
ZERO = tree.Number(Fraction(0))
LETTERS = "ijklpqrsabcdefghvwuyxzot"


@dataclass(frozen=True)
class Padding:
    """A tensor with ``low`` entries of ``fill`` in front of each axis and ``high`` behind it."""

    low: tuple[int, ...]
    high: tuple[int, ...]
    fill: sp.Expr


def paddings(
    equations: tuple[tree.Equation, ...],
    sizes: Mapping[str, int | None],
    shapes: Mapping[str, Shape],
) -> dict[Key, Padding]:
    """The borders that hold every padded read of a tensor; reads around one value share one."""
    found: dict[Key, Padding] = {}
    for equation in equations:
        for node in walk(equation.rhs):
            if isinstance(node, tree.Pad):
                key = (node.read.name, border(node))
                known = found.get(key)
                low, high = _reach(node.read, sizes, shapes[node.read.name])
                if known:
                    low = tuple(map(max, low, known.low))
                    high = tuple(map(max, high, known.high))
                found[key] = Padding(low, high, number(key[1]))
    return found


def border(node: tree.Pad) -> tree.Expr | None:
    """What stands around the tensor; None is zero."""
    return None if node.value in (None, ZERO) else node.value


def number(value: tree.Expr | None) -> sp.Expr:
    """A border's value; TypeError where it is no number."""
    match value:
        case None:
            return sp.S.Zero
        case tree.Number(fraction):
            return sp.Rational(fraction.numerator, fraction.denominator)
        case tree.Constant(name):
            return sp.pi if name == "pi" else sp.oo
        case tree.Negative(body):
            return -number(body)
    raise TypeError("the value of a pad(...) must be a number")


def _reach(
    read: tree.Read, sizes: Mapping[str, int | None], shape: Shape
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How far a read goes beyond each axis, below and above; ValueError where nothing says."""
    low, high = [], []
    for position, size in zip(read.positions, shape, strict=True):
        if isinstance(position, tree.Gather):
            raise ValueError("a pad(...) of a position that is read from a tensor")
        if not isinstance(position, tree.Affine) or position.letter or size is None:
            low.append(0)
            high.append(0)
            continue
        place = affine(position)
        first = last = place.constant + sum(c * (sizes[i] or 0) for c, i in place.sizes)
        for count, index in place.terms:
            reach = count * ((sizes[index] or 1) - 1)
            first, last = first + min(reach, 0), last + max(reach, 0)
        low.append(max(0, -first))
        high.append(max(0, last - size + 1))
    return tuple(low), tuple(high)


class Borders:
    """The tensors with a border that were needed so far, each with the equation that makes it."""

    def __init__(
        self,
        paddings: Mapping[Key, Padding],
        sizes: Mapping[str, int | None],
        shapes: Mapping[str, Shape],
        bare: Mapping[tuple[str, int], str],
    ) -> None:
        self.paddings = paddings
        self.given = sizes
        self.shapes = shapes
        self.bare = bare  # the first bare letter of an axis
        self.names: dict[Key, str] = {}
        self.sizes: dict[str, int | None] = {}  # of new letters
        self.letters: dict[str, tuple[Letter, ...]] = {}
        self.fills: dict[str, sp.Expr] = {}  # what is not zero

    def read(self, node: tree.Pad, places: list[sp.Expr], parts: Parts) -> Entry:
        """The same place of the tensor with a border, which is defined where it is first read."""
        key = (node.read.name, border(node))
        padding = self.paddings[key]
        if not any(padding.low + padding.high):
            return Entry(node.read.name, *places)
        if key not in self.names:
            self.names[key] = self._define(node.read, padding, parts)
        moved = (p + k for p, k in zip(places, padding.low, strict=True))
        return Entry(self.names[key], *moved)

    def _define(self, read: tree.Read, padding: Padding, parts: Parts) -> str:
        shape = self.shapes[read.name]
        own = self._own_letters(read, shape)
        name = parts.take(f"{read.name}_pad")
        letters: list[Letter] = []
        for index, low, high, size in zip(own, padding.low, padding.high, shape, strict=True):
            if not low + high:
                letters.append(index)
                continue
            letters.append(self._fresh((size or 0) + low + high))
        self.letters[name] = tuple(letters)
        if padding.fill != 0:
            self.fills[name] = padding.fill
        target = Entry(name, *(i + low for i, low in zip(own, padding.low, strict=True)))
        parts.out.append(Equation(target, Entry(read.name, *own)))
        return name

    def _own_letters(self, read: tree.Read, shape: Shape) -> tuple[Letter, ...]:
        """Letters that run over the whole of the tensor that is read."""
        chosen: list[Letter] = []
        for axis, (position, size) in enumerate(zip(read.positions, shape, strict=True)):
            terms = position.terms if isinstance(position, tree.Affine) else ()
            wishes = [self.bare.get((read.name, axis)), *(i for c, i in terms if c == 1)]
            known = [letter(w) for w in wishes if w and self.given[w] == size]
            fits = [w for w in known if w not in chosen] if len(terms) <= 1 else []
            chosen.append(fits[0] if fits else self._fresh(size))
        return tuple(chosen)

    def _fresh(self, size: int | None) -> Letter:
        """A letter that nothing else has."""
        names = [*LETTERS, *(f"{i}{k}" for k in range(1, 100) for i in LETTERS)]
        family = next(i for i in names if i not in self.given and i not in self.sizes)
        self.sizes[family] = size
        return letter(family)
