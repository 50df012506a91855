"""A copy of what does not change while the copy is read is no copy: its readers read the original.

Condition: nobody else writes to the copy, all that read it stand behind it in its block, and nothing
writes to the original from the copy to the last of them; every view of the copy is a view of the
original; and where that lies otherwise, reading it so costs less than the copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from symbp.fast.cost import call_cost
from symbp.fast.instructions import Call, Instruction, Loop, calls
from symbp.fast.passes.rewriting import Body, fills, mapped, reads, writes
from symbp.fast.strides import NOTHING, ONE, Dim, View

COPY = "np.copyto({out}, {0})"


def copies(body: Body, kept: frozenset[str]) -> Body:
    """The step without needless copies; ``kept`` are arrays that must stay."""
    while True:
        counts = writes(body), reads(body)
        gone: dict[str, Call] = {}
        views: dict[tuple[str, object], View] = {}
        for block in _blocks(body):
            there = _Block(block, counts, kept)
            for place, item in enumerate(block):
                if not isinstance(item, Call) or item.text != COPY or _touches(item, gone):
                    continue
                found = there.needless(item, place)
                if found is not None:
                    gone[item.out.array.name] = item
                    views |= {(item.out.array.name, key): view for key, view in found.items()}
        if not gone:
            return body

        def moved(view: View, views: Mapping[tuple[str, object], View] = views) -> View:
            return views.get((view.array.name, view.key), view)

        lost = {id(call) for call in gone.values()}
        body = mapped(_without(body, lost), moved)


def _touches(copy: Call, gone: Mapping[str, Call]) -> bool:
    """Whether a copy is made from one that goes, or one that goes is made from it: the next round's."""
    source = copy.inputs[0]
    name = source.array.name if isinstance(source, View) else ""
    own = copy.out.array.name
    return name in gone or any(v.array.name == own for c in gone.values() for v in c.reads)


def _blocks(body: Body) -> list[Body]:
    inner = [b for item in body if isinstance(item, Loop) for b in _blocks(item.body)]
    return [body, *inner]


def _without(body: Body, gone: set[int]) -> Body:
    made: list[Instruction] = []
    for item in body:
        if id(item) not in gone:
            inside = isinstance(item, Loop)
            made.append(replace(item, body=_without(item.body, gone)) if inside else item)  # type: ignore
    return tuple(made)


class _Block:
    """Who reads and writes each array in a block, and where."""

    def __init__(
        self, block: Body, counts: tuple[Counter[str], Counter[str]], kept: frozenset[str]
    ) -> None:
        self.writers, self.readers = counts
        self.kept = kept
        self.reading: dict[str, list[tuple[int, Call]]] = {}
        self.writing: dict[str, list[int]] = {}
        for place, item in enumerate(block):
            for call in calls((item,)):
                self.writing.setdefault(call.out.array.name, []).append(place)
                for name in {v.array.name for v in call.reads}:
                    self.reading.setdefault(name, []).append((place, call))

    def needless(self, copy: Call, place: int) -> dict[object, View] | None:
        """For each view of the copy, that of the original; None where the copy is needed."""
        target, (source,) = copy.out.array, copy.inputs
        if target.role != "work" or target.name in self.kept or not isinstance(source, View):
            return None
        if not fills(copy) or self.writers[target.name] != 1 or source.array.kind != target.kind:
            return None
        stretched = any(d.stride == NOTHING and d.size != ONE for d in source.dims)
        if stretched or source.shape != copy.out.shape:
            return None
        behind = [(k, call) for k, call in self.reading.get(target.name, []) if k > place]
        if len(behind) != self.readers[target.name]:
            return None
        last = max((k for k, _ in behind), default=place)
        if any(place < k <= last for k in self.writing.get(source.array.name, [])):
            return None
        views: dict[object, View] = {}
        for view in (v for _, call in behind for v in call.reads if v.array.name == target.name):
            other = _through(view, copy.out, source)
            if other is None:
                return None
            views[view.key] = other
        if not _same_steps(copy.out, source):
            moved = [replace_views(call, target.name, views) for _, call in behind]
            if sum(map(call_cost, moved)) > sum(map(call_cost, [copy, *(c for _, c in behind)])):
                return None
        return views


def _through(view: View, out: View, source: View) -> View | None:
    """A view of the copy as a view of the original."""
    if view.moves and (source.moves or source.array.role == "given"):
        return None
    if _same_steps(out, source):
        moves = source.moves or view.moves
        return replace(view, array=source.array, offset=view.offset + source.offset, moves=moves)
    if view.offset != NOTHING or view.moves:
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


def replace_views(call: Call, name: str, views: Mapping[object, View]) -> Call:
    """The call with other views for those of one array that it reads."""
    inputs = (views[i.key] if isinstance(i, View) and i.array.name == name else i
              for i in call.inputs)  # fmt: skip
    return replace(call, inputs=tuple(inputs))


def _same_steps(out: View, source: View) -> bool:
    """Whether the original's entries lie as those of the copy do."""
    return all(
        a.stride == b.stride or a.size == ONE for a, b in zip(out.dims, source.dims, strict=True)
    )
