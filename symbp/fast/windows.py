"""Windows ``x[2*p + u]``: reductions, products and additions whose views overlap.

A product over windows copies one row of windows at a time to where BLAS can read it; no array is
larger than a row of them, or, where that is more than the largest tensor, than one window.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from symbp.arrays import nodes
from symbp.calculus.expression import Letter
from symbp.fast import contraction
from symbp.fast.builder import Builder
from symbp.fast.places import Unplanned
from symbp.fast.strides import Dim, View, product

if TYPE_CHECKING:
    from symbp.fast.sums import Sums

FEW = 32  # offsets in a window that are written out


def overlapping(view: View) -> bool:
    """Whether several letters reach the same entry."""
    dims = sorted((d for d in view.dims if d.size.typical > 1), key=lambda d: d.stride.typical)
    reach = 0
    for d in dims:
        if d.stride.typical <= reach:
            return True
        reach += d.stride.typical * (d.size.typical - 1)
    return False


def small(view: View, over: Sequence[Letter]) -> bool:
    """Whether a reduction over windows is a few operations on whole arrays."""
    sizes = [view.dim(k).size for k in over]
    few = all(len(s.terms) == 1 for s in sizes) and product(sizes).typical <= FEW
    moved = any(_share(view.dim(k), d) for k in over for d in view.dims if d.letter not in over)
    strided = len(over) > 1 and view.merged(over) is None
    return few and (moved or strided) and len(view.dims) > len(over)


def parts(view: View, over: Sequence[Letter]) -> list[View]:
    """The view at each value of some letters, in row-major order."""
    found = []
    for values in itertools.product(*(range(view.dim(k).size.typical) for k in over)):
        part = view
        for letter, value in zip(over, values, strict=True):
            part = part.at(letter, value)
        found.append(part)
    return found


def reduced(own: Sums, x: View, node: nodes.Reduce, out: View | None) -> View:
    """A maximum or a sum over letters, by whole arrays where they are few."""
    kept = [k for k in x.by_stride() if k not in node.over]
    sizes = [x.dim(k).size for k in kept]
    fits = out is not None and set(out.letters) == set(kept)
    target = out if fits and out is not None else own.build.temporary(kept, sizes)
    name = {"max": "np.maximum", "sum": "np.add", "mean": "np.add"}[node.op]
    if not small(x, node.over):
        order = x.by_stride()
        axes = tuple(k for k, letter in enumerate(order) if letter in node.over)
        axis = str(axes[0]) if len(axes) == 1 else str(axes)
        place = target.ordered([k for k in order if k not in node.over])
        own.build.call(f"{name}.reduce({{0}}, {axis}, None, {{out}})", (x.ordered(order),), place)
        return target
    pieces = parts(x, node.over)
    total: View = pieces[0]
    for k, piece in enumerate(pieces[1:]):
        total = own.apply(name, (total, piece), target if k == len(pieces) - 2 else None)
    if len(pieces) == 1:
        contraction.copied(own.build, total, target)
    if node.op == "mean":
        own.build.call("np.multiply({0}, {1}, {out})", (target, repr(1 / len(pieces))), target,
                       entrywise=True)  # fmt: skip
    return target


def first_max(own: Sums, node: nodes.FirstMaxMask, out: View | None) -> View:
    """1 at the first maximum of each window, else 0: each offset is compared with the maximum, and
    left out where an earlier one was it."""
    x = own.value(node.x)
    if not isinstance(x, View) or not all(len(x.dim(k).size.terms) == 1 for k in node.over):
        raise Unplanned("a maximum over the batch")
    if product(x.dim(k).size for k in node.over).typical > FEW:
        raise Unplanned("a maximum over many places")
    best = reduced(own, x, nodes.Reduce("max", node.x, node.over, ()), None)
    kept = best.by_stride()
    sizes = [best.dim(k).size for k in kept]
    counts = [x.dim(k).size for k in node.over]
    letters = [*node.over, *kept]
    fits = out is not None and set(out.letters) == set(letters)
    mask = out if fits and out is not None else own.build.temporary(letters, [*counts, *sizes])
    seen = own.build.temporary(kept, sizes, "bool")
    flag = own.build.temporary(kept, sizes, "bool")
    spots = parts(mask, node.over)
    for k, (piece, spot) in enumerate(zip(parts(x, node.over), spots, strict=True)):
        own.apply("np.equal", (piece, best), flag if k else seen, "bool")
        place = spot.ordered(kept)
        if k == 0:
            own.build.call("np.copyto({out}, {0})", (seen,), place)
            continue
        text = 'np.greater({0}, {1}, {out}, casting="unsafe")'
        own.build.call(text, (flag, seen), place)
        if k < len(spots) - 1:
            own.apply("np.logical_or", (seen, flag), seen, "bool")
    return mask


def contract(build: Builder, a: View, b: View, over: Sequence[Letter], out: View) -> View:
    """A product with windows, row of windows by row of windows."""
    if overlapping(a):
        a, b = b, a
    if overlapping(a):
        raise Unplanned("a product of windows with windows")
    row = row_of(b)
    if row is None:
        raise Unplanned("windows that no row runs through")
    size = b.dim(row).size
    if len(size.terms) != 1:
        raise Unplanned("windows along the batch")
    step = build.variable(str(row))
    adds = row in over
    inside = b.fixed(row, step)
    other = a.fixed(row, step) if row in a.letters else a
    place = out if adds else out.fixed(row, step)
    if adds:
        build.call("{out}.fill(0)", (), _dense(out))
        total = contraction.like(build, out, out.by_stride())
    with build.loop(step, size.typical):
        rest = [x for x in over if x != row]
        if overlapping(inside) and product(d.size for d in inside.dims).typical > build.most:
            contract(build, other, inside, rest, total if adds else place)
        else:
            _patched(build, other, inside, rest, total if adds else place)
        if adds:
            build.call("np.add({out}, {0}, {out})", (total.ordered(out.letters),), out, adds=True)
    return out


def _patched(build: Builder, a: View, windows: View, over: Sequence[Letter], out: View) -> None:
    """A product with windows, all of them copied at once."""
    order = _patch_order(a, windows, out, over)
    patch = contraction.copied(build, windows, contraction.like(build, windows, order))
    contraction.contract(build, a, patch, over, out)


def _dense(view: View) -> View:
    ordered = view.ordered(view.by_stride())
    if not ordered.dense:
        raise Unplanned("a part of an array to be filled")
    return ordered


def row_of(view: View) -> Letter | None:
    """The letter along which windows are taken one by one: of the outermost two that move along one
    axis, the longer one."""
    known = [e for e in twins(view) if len(e.size.terms) == 1 and e.letter is not None]
    return max(known, key=lambda e: e.size.typical).letter if known else None


def twins(view: View) -> list[Dim]:
    """The outermost letters that move along one axis."""
    for d in sorted(view.dims, key=lambda d: -d.stride.typical):
        found = [e for e in view.dims if e.letter != d.letter and _share(d, e)]
        if found:
            return [d, *found]
    return []


def _share(d: Dim, e: Dim) -> bool:
    """Whether two letters reach the same entries along one axis."""
    far, near = (d, e) if d.stride.typical >= e.stride.typical else (e, d)
    whole = near.stride.typical and far.stride.typical % near.stride.typical == 0
    return bool(whole) and near.stride.typical * (near.size.typical - 1) >= far.stride.typical


def _patch_order(
    other: View, windows: View, out: View, over: Sequence[Letter]
) -> list[Letter | None]:
    """An order of the copy's axes in which both factors and the result merge."""
    inner = [x for x in other.by_stride() if x in windows.letters and x in over]
    free = [x for x in out.by_stride() if x in windows.letters and x not in over]
    by_stride = windows.by_stride()
    if by_stride and by_stride[-1] in inner:
        return [*free, *inner]
    return [*inner, *free]


__all__ = ["contract", "first_max", "overlapping", "reduced", "small"]
