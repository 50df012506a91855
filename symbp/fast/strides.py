"""Strided views of arrays, with sizes that may depend on the batch size.

A view is an offset and, for each letter, a size and a stride, all counted in entries; slices, windows,
groups, transposes, diagonals and broadcasts differ in these numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce

from symbp.calculus.expression import Letter

TYPICAL = 64  # the batch size at which sizes are compared


@dataclass(frozen=True)
class Count:
    """A polynomial in the batch size: ``terms[k]`` is the coefficient of its k-th power."""

    terms: tuple[int, ...] = ()

    @classmethod
    def of(cls, size: int | None) -> Count:
        """A size; None is the batch size itself."""
        return BATCH_SIZE if size is None else cls((size,) if size else ())

    def __add__(self, other: Count) -> Count:
        longest = max(len(self.terms), len(other.terms))
        a, b = (x.terms + (0,) * (longest - len(x.terms)) for x in (self, other))
        return _trimmed([p + q for p, q in zip(a, b, strict=True)])

    def __mul__(self, other: Count) -> Count:
        if self.terms == (1,):
            return other
        if other.terms == (1,):
            return self
        found = [0] * (len(self.terms) + len(other.terms))
        for i, p in enumerate(self.terms):
            for j, q in enumerate(other.terms):
                found[i + j] += p * q
        return _trimmed(found)

    def at(self, batch: int) -> int:
        return sum(c * batch**k for k, c in enumerate(self.terms))

    @cached_property
    def typical(self) -> int:
        return self.at(TYPICAL)

    def __str__(self) -> str:
        parts = []
        for k, c in enumerate(self.terms):
            power = ["", "B", "B * B", "B * B * B"][k]
            if c:
                parts.append(power if c == 1 and power else f"{c} * {power}" if power else str(c))
        return " + ".join(parts) or "0"


def _trimmed(terms: Sequence[int]) -> Count:
    found = list(terms)
    while found and not found[-1]:
        found.pop()
    return Count(tuple(found))


ONE, BATCH_SIZE = Count((1,)), Count((0, 1))
NOTHING = Count()


def product(counts: Iterable[Count]) -> Count:
    return reduce(Count.__mul__, counts, ONE)


@dataclass(frozen=True)
class Array:
    """Memory of its own, row by row. ``role`` is work, parameter, gradient, given (by the user) or constant;
    ``kind`` is float, bool or int; ``start`` is the code of a constant's value."""

    name: str
    shape: tuple[Count, ...]
    role: str = "work"
    kind: str = "float"
    start: str = ""

    @cached_property
    def size(self) -> Count:
        return product(self.shape)


@dataclass(frozen=True)
class Dim:
    letter: Letter | None
    size: Count
    stride: Count


@dataclass(frozen=True)
class View:
    """Part of an array; ``moves`` says by how much a loop's variable moves its offset."""

    array: Array
    dims: tuple[Dim, ...]
    offset: Count = NOTHING
    moves: Mapping[str, Count] = field(default_factory=dict)

    @cached_property
    def letters(self) -> tuple[Letter | None, ...]:
        return tuple(d.letter for d in self.dims)

    @cached_property
    def shape(self) -> tuple[Count, ...]:
        return tuple(d.size for d in self.dims)

    @cached_property
    def size(self) -> Count:
        return product(self.shape)

    @cached_property
    def key(self) -> tuple[object, ...]:
        moves = tuple(sorted((k, v) for k, v in self.moves.items()))
        return (self.array.name, self.offset, moves, tuple((d.size, d.stride) for d in self.dims))

    def dim(self, letter: Letter | None) -> Dim:
        return next(d for d in self.dims if d.letter == letter)

    def ordered(self, letters: Sequence[Letter | None]) -> View:
        """Transposed; letters that the view does not have are broadcast, with stride 0 and size 1."""
        if tuple(letters) == self.letters:
            return self
        known = {d.letter: d for d in self.dims}
        dims = tuple(known.get(x, Dim(x, ONE, NOTHING)) for x in letters)
        return replace(self, dims=dims)

    def fixed(self, letter: Letter, variable: str) -> View:
        """At one value of a letter, a loop's variable."""
        gone = self.dim(letter)
        dims = tuple(d for d in self.dims if d.letter != letter)
        step = self.moves.get(variable, NOTHING) + gone.stride
        return replace(self, dims=dims, moves={**self.moves, variable: step})

    def at(self, letter: Letter, value: int) -> View:
        gone = self.dim(letter)
        dims = tuple(d for d in self.dims if d.letter != letter)
        return replace(self, dims=dims, offset=self.offset + Count.of(value) * gone.stride)

    def by_stride(self) -> tuple[Letter | None, ...]:
        """The letters in the order in which they lie in memory."""
        return tuple(d.letter for d in sorted(self.dims, key=lambda d: -d.stride.typical))

    def merged(self, *groups: Sequence[Letter | None]) -> View | None:
        """Each group of letters as one axis, where no copy is needed for that."""
        dims = []
        for group in groups:
            found = Dim(None, ONE, ONE)
            for d in (self.dim(x) for x in group):
                if found.size == ONE or d.size == ONE:
                    found = d if found.size == ONE else found
                elif found.stride == d.size * d.stride:
                    found = Dim(None, found.size * d.size, d.stride)
                else:
                    return None
            dims.append(replace(found, letter=None))
        return replace(self, dims=tuple(dims))

    @property
    def dense(self) -> bool:
        """Whether its entries lie row by row without gaps."""
        step = ONE
        for d in reversed(self.dims):
            if d.size != ONE and d.stride != step:
                return False
            step = step * d.size
        return True


def whole(array: Array, letters: Sequence[Letter | None]) -> View:
    """All of an array, its axes called by these letters."""
    dims: list[Dim] = []
    step = ONE
    for letter, size in zip(reversed(letters), reversed(array.shape), strict=True):
        dims.insert(0, Dim(letter, size, step))
        step = step * size
    return View(array, tuple(dims))
