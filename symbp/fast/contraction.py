"""Sums of products as matrix products that write where their result belongs."""

from __future__ import annotations

from collections.abc import Sequence

from symbp.calculus.expression import Letter
from symbp.fast.builder import Builder
from symbp.fast.places import Unplanned
from symbp.fast.strides import NOTHING, ONE, Count, View, product

Letters = tuple[Letter | None, ...]


def contract(build: Builder, a: View, b: View, over: Sequence[Letter], out: View) -> View:
    """``out`` = sum over letters of a times b."""
    both = set(a.letters) & set(b.letters)
    inner = [x for x in a.by_stride() if x in both and x in over]
    batch = [x for x in out.by_stride() if x in both and x not in over]
    rows = [x for x in out.by_stride() if x in a.letters and x not in both]
    columns = [x for x in out.by_stride() if x in b.letters and x not in both]
    if any(x in over and x not in both for x in (*a.letters, *b.letters)):
        raise Unplanned("a sum over a letter of one factor")
    if columns and rows and out.by_stride().index(columns[0]) < out.by_stride().index(rows[0]):
        a, b, rows, columns = b, a, columns, rows
    if batch:
        return _stack(build, a, b, (batch, rows, inner, columns), out)
    whole = out.merged(rows, columns) if rows and columns else out.merged(rows or columns)
    if whole is None:
        made = like(build, out, (*rows, *columns))
        contract(build, a, b, over, made)
        return copied(build, made, out)
    first = two(build, a, rows, inner)
    second = two(build, b, columns, inner, swapped=True)
    if not rows or not columns:
        first, second = (_flat(v, g) for v, g in ((first, rows), (second, columns)))
    name = "np.dot" if whole.dense else "np.matmul"
    build.call(f"{name}({{0}}, {{1}}, {{out}})", (first, second), whole)
    return out


def _flat(view: View, group: Sequence[Letter | None]) -> View:
    """Without the axis of length one that stands for no letters."""
    if group:
        return view
    kept = tuple(d for d in view.dims if d.letter != "none")
    return View(view.array, kept, view.offset, view.moves)


def two(
    build: Builder, view: View, free: Sequence[Letter | None], inner: Sequence[Letter | None],
    swapped: bool = False,
) -> View:  # fmt: skip
    """(free, inner), or (inner, free) where ``swapped``, copied where its axes do not merge."""
    found = view.merged(free, inner)
    if found is None:
        view = copied(build, view, like(build, view, (*free, *inner)))
        found = view.merged(free, inner)
        assert found is not None
    rows, columns = found.dims
    named = ("none" if not free else None, None)
    dims = tuple(
        type(d)(letter, d.size, d.stride)  # type: ignore[arg-type]
        for d, letter in zip((rows, columns), named, strict=True)
    )
    return View(view.array, dims[::-1] if swapped else dims, view.offset, view.moves)


def _stack(build: Builder, a: View, b: View, groups: tuple[list, list, list, list],
           out: View) -> View:  # fmt: skip
    """One matrix product for each value of the batch letters."""
    batch, rows, inner, columns = groups
    singles = [[x] for x in batch]
    whole = out.merged(*singles, rows, columns)
    if whole is None:
        made = like(build, out, (*batch, *rows, *columns))
        contract(build, a, b, inner, made)
        return copied(build, made, out)
    first = _whole(build, a, singles, rows, inner)
    second = _whole(build, b, singles, inner, columns)
    build.call("np.matmul({0}, {1}, {out})", (first, second), whole)
    return out


def _whole(build: Builder, view: View, batch: list, first: list, second: list) -> View:
    found = view.merged(*batch, first, second)
    if found is None or not _blasable(found):
        order = [x for g in batch for x in g] + [*first, *second]
        view = copied(build, view, like(build, view, order))
        found = view.merged(*batch, first, second)
        assert found is not None
    return found


def _blasable(view: View) -> bool:
    """Whether a stack of matrices can be handed to BLAS without a copy."""
    return any(d.stride == ONE or d.size == ONE for d in view.dims[-2:])


def like(build: Builder, view: View, letters: Sequence[Letter | None]) -> View:
    """A new array for the same letters, lying in this order."""
    sizes = [view.dim(x).size for x in letters]
    return build.temporary(letters, sizes)


def copied(build: Builder, source: View, out: View) -> View:
    """The values of ``source`` in ``out``, letter by letter."""
    build.call("np.copyto({out}, {0})", (source.ordered(out.letters),), out, entrywise=True)
    return out


def summed(build: Builder, x: View, over: Sequence[Letter], out: View, factor: str) -> View:
    """``out`` = factor * sum of x over letters; a product with a constant vector where that works."""
    kept = list(out.by_stride())
    inner = [k for k in x.by_stride() if k in over]
    length = product(x.dim(k).size for k in inner)
    for first in (True, False):
        groups = (kept, inner) if first else (inner, kept)
        found = x.merged(*(g for g in groups if g))
        target = out.merged(kept) if kept else out
        if found is None or target is None or not _blasable_or_flat(found):
            continue
        vector = ones(build, length, factor)
        if not kept:
            build.call("np.dot({0}, {1}, {out})", (found, vector), target)
            return out
        pair = (found, vector) if first else (vector, found)
        name = "np.dot" if target.dense else "np.matmul"
        build.call(f"{name}({{0}}, {{1}}, {{out}})", pair, target)
        return out
    order = x.by_stride()
    axes = tuple(k for k, letter in enumerate(order) if letter in over)
    target = out.ordered([k for k in order if k not in over])
    text = f"np.add.reduce({{0}}, {axes}, None, {{out}})"
    build.call(text, (x.ordered(order),), target)
    if factor != "1.0":
        build.call("np.multiply({0}, {1}, {out})", (target, factor), target, entrywise=True)
    return out


def _blasable_or_flat(view: View) -> bool:
    return len(view.dims) < 2 or _blasable(view)


def ones(build: Builder, length: Count, value: str) -> View:
    """A vector of one number, made once."""
    return build.constant(f"np.full({length}, {value})", [None], [length])


__all__ = ["NOTHING", "contract", "copied", "like", "ones", "summed", "two"]
