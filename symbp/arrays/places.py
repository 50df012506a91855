"""Index expressions: which letters they hold, and what places they reach together."""

from __future__ import annotations

from collections.abc import Callable, Collection

import sympy as sp

from symbp.calculus.expression import Entry, Group, Letter, Size, entries


def has_gather(index: sp.Expr) -> bool:
    """Whether a position is read from a tensor."""
    return any(True for _ in entries(index))


def is_bare(index: sp.Expr) -> bool:
    """Whether a position is a letter, or letters that split an axis."""
    parts = index.parts if isinstance(index, Group) else (index,)
    return all(part.is_Symbol for part in parts)


def letters_of(index: sp.Expr) -> tuple[Letter, ...]:
    """The letters of an index expression, the one with the largest stride first."""
    if index.is_Symbol:
        return (index,)
    if isinstance(index, (Group, Entry)):
        parts = index.parts if isinstance(index, Group) else index.indices
        return tuple(dict.fromkeys(x for part in parts for x in letters_of(part)))
    terms = index.as_ordered_terms()
    if has_gather(index):
        read = [r for t in terms for r in entries(t)]
        plain = sorted(index.free_symbols, key=lambda s: s.name)
        return tuple(dict.fromkeys([x for r in read for x in letters_of(r)] + plain))
    found = sorted(index.free_symbols, key=lambda s: s.name)

    def stride_first(s: Letter) -> tuple[sp.Expr, int]:
        stride = index.coeff(s)
        return -abs(stride), terms.index(stride * s)

    return tuple(sorted(found, key=stride_first))


def part_of(index: sp.Expr, size_of: Callable[[Letter], int | None]) -> Group | None:
    """``3*size(j) + j``, which is part 3 of an axis that is split in parts, as ``(3, j)``."""
    letters, sizes = sorted(index.free_symbols, key=str), list(index.atoms(Size))
    if not index.is_Add or len(letters) != 1 or len(sizes) != 1:
        return None
    part = (index - letters[0]) / sizes[0]
    own = size_of(sizes[0].letter) == size_of(letters[0])
    return Group(part, letters[0]) if own and part.is_Integer and part > 0 else None


def is_window(index: sp.Expr, fixed: Collection[Letter] = ()) -> bool:
    """Whether several letters move one position, as in ``2*p + u``."""
    several = len([x for x in letters_of(index) if x not in fixed]) > 1
    return several and not isinstance(index, Group) and not has_gather(index)


def shared_places(
    indices: tuple[sp.Expr, ...], fixed: Collection[Letter] = ()
) -> tuple[int, int] | None:
    """The span of positions, as a slice, around those that are read from a tensor, count down or have
    a letter in common: they are one block of advanced indices."""
    places: dict[Letter, list[int]] = {}
    several = [k for k, i in enumerate(indices) if has_gather(i) or _is_twisted(i, fixed)]
    for k, index in enumerate(indices):
        for x in letters_of(index):
            if x not in fixed:
                places.setdefault(x, []).append(k)
    several += [k for found in places.values() if len(found) > 1 for k in found]
    return (min(several), max(several) + 1) if several else None


def _is_twisted(index: sp.Expr, fixed: Collection[Letter]) -> bool:
    """Whether a window is none that slices say: with a letter that counts down, or of three letters."""
    if not is_window(index, fixed):
        return False
    letters = [x for x in letters_of(index) if x not in fixed]
    return len(letters) > 2 or any(index.coeff(x) < 0 for x in letters)


def may_repeat(indices: tuple[sp.Expr, ...]) -> bool:
    """Whether different letters may go to one place: some letter stands in what is read alone."""
    alone = {x for index in indices if not has_gather(index) for x in letters_of(index)}
    return any(has_gather(i) and set(letters_of(i)) - alone for i in indices)
