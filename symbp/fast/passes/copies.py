"""A copy of what does not change while the copy is read is no copy: its readers read the original.

Condition: nobody else writes to the copy, all that read it stand behind it in its block, and nothing
writes to the original from the copy to the last of them; and every view of the copy is a view of the
original.
"""

from __future__ import annotations

from dataclasses import replace

from symbp.fast.instructions import Call, Instruction, Loop, calls
from symbp.fast.passes.rewriting import Body, fills, mapped, reads, writes
from symbp.fast.strides import NOTHING, ONE, Dim, View


def copies(body: Body, kept: frozenset[str]) -> Body:
    """The step without needless copies; ``kept`` are arrays that must stay."""
    found = True
    while found:
        found = False
        for block in _blocks(body):
            for place, item in enumerate(block):
                if isinstance(item, Call) and (views := _needless(body, block, place, kept)):
                    target = item.out.array.name

                    def moved(view: View, target: str = target, views: dict = views) -> View:
                        return views[view.key] if view.array.name == target else view

                    body = mapped(_without(body, item), moved)
                    found = True
                    break
            if found:
                break
    return body


def _blocks(body: Body) -> list[Body]:
    inner = [b for item in body if isinstance(item, Loop) for b in _blocks(item.body)]
    return [body, *inner]


def _without(body: Body, gone: Call) -> Body:
    made: list[Instruction] = []
    for item in body:
        if item is gone:
            continue
        made.append(
            replace(item, body=_without(item.body, gone)) if isinstance(item, Loop) else item
        )
    return tuple(made)


def _needless(body: Body, block: Body, place: int, kept: frozenset[str]) -> dict | None:
    """For each view of the copy, that of the original; None where the copy is needed."""
    copy = block[place]
    assert isinstance(copy, Call)
    target = copy.out.array
    if copy.text != "np.copyto({out}, {0})" or target.role != "work" or target.name in kept:
        return None
    (source,) = copy.inputs
    if not isinstance(source, View) or not fills(copy) or writes(body)[target.name] != 1:
        return None
    if source.array.kind != target.kind or any(
        d.stride == NOTHING and d.size != ONE for d in source.dims
    ) or [d.size for d in source.dims] != [d.size for d in copy.out.dims]:  # fmt: skip
        return None
    behind = block[place + 1 :]
    readers = [c for c in calls(behind) if any(v.array.name == target.name for v in c.reads)]
    if len(readers) != reads(body)[target.name]:
        return None
    last = max((k for k, i in enumerate(behind) if _reads(i, target.name)), default=-1)
    if any(c.out.array.name == source.array.name for c in calls(behind[: last + 1])):
        return None
    views = {}
    for call in readers:
        for view in call.reads:
            if view.array.name == target.name:
                other = _through(view, copy.out, source)
                if other is None:
                    return None
                views[view.key] = other
    return views


def _reads(item: Instruction, name: str) -> bool:
    return any(v.array.name == name for c in calls((item,)) for v in c.reads)


def _through(view: View, out: View, source: View) -> View | None:
    """A view of the copy as a view of the original."""
    if view.moves:
        return None
    if _same_steps(out, source):
        return replace(
            view, array=source.array, offset=view.offset + source.offset, moves=source.moves
        )
    if view.offset != NOTHING:
        return None
    pairs = {(a.size, a.stride): b.stride for a, b in zip(out.dims, source.dims, strict=True)}
    dims = []
    for d in view.dims:
        if d.size == ONE or d.stride == NOTHING:
            dims.append(Dim(d.letter, d.size, NOTHING))
        elif (d.size, d.stride) in pairs:
            dims.append(Dim(d.letter, d.size, pairs[d.size, d.stride]))
        else:
            return None
    return View(source.array, tuple(dims), source.offset, source.moves)


def _same_steps(out: View, source: View) -> bool:
    """Whether the original's entries lie as those of the copy do."""
    return all(
        a.stride == b.stride or a.size == ONE for a, b in zip(out.dims, source.dims, strict=True)
    )
