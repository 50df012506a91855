"""A loop that adds what it carries to an array that is zero but where its first turn reads it: what is
carried starts with that part instead of zero, and nothing is added.

Condition: the array is emptied and then written in the first turn's part alone; the loop's turns cover
it, and add what is carried, which starts at zero, before they read the one or write the other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from symbp.fast.instructions import Call, Instruction, Loop, calls
from symbp.fast.passes.copies import COPY
from symbp.fast.passes.rewriting import Body, fills, reads
from symbp.fast.strides import Count, View

FILL = "{out}.fill(0)"
ADD = "np.add({out}, {0}, {out})"


@dataclass(frozen=True)
class _Start:
    """Places in a block: where the array is emptied and its part is written, where what is carried is
    emptied, and the loop; ``add`` is the place of the addition in the loop."""

    empty: int
    part: int
    carried: int
    loop: int
    add: int


def starts(body: Body, kept: frozenset[str]) -> Body:
    """The step with loops that begin with what their first turn would add; ``kept`` must stay."""
    return _block(body, reads(body), kept)


def _block(block: Body, readers: Counter[str], kept: frozenset[str]) -> Body:
    for place, item in enumerate(block):
        if isinstance(item, Loop):
            found = _found(block, place, item)
            if found is not None:
                return _block(_rewritten(block, found, readers, kept), readers, kept)
    return tuple(
        replace(item, body=_block(item.body, readers, kept)) if isinstance(item, Loop) else item
        for item in block
    )


def _found(block: Body, place: int, loop: Loop) -> _Start | None:
    for add, item in enumerate(loop.body):
        if isinstance(item, Call) and item.text == ADD and isinstance(item.inputs[0], View):
            turn, carried = item.out, item.inputs[0]
            names = (turn.array.name, carried.array.name)
            if turn.letters != carried.letters or turn.by_stride() != carried.by_stride():
                continue
            if any(_touches(x, names) for x in loop.body[:add]) or not _covers(turn, loop):
                continue
            if any(c.out.array.name == names[0] for c in calls(loop.body) if c is not item):
                continue
            before = [k for k in range(place) if _touches(block[k], (names[0],))]
            emptied = [k for k in range(place) if _touches(block[k], (names[1],))]
            if len(before) < 2 or not emptied:
                continue
            found = _Start(before[-2], before[-1], emptied[-1], place, add)
            if _fits(block, found, turn, carried, loop):
                return found
    return None


def _fits(block: Body, found: _Start, turn: View, carried: View, loop: Loop) -> bool:
    empty, part, zero = block[found.empty], block[found.part], block[found.carried]
    if not (isinstance(empty, Call) and isinstance(part, Call) and isinstance(zero, Call)):
        return False
    if not (empty.text == FILL == zero.text and fills(empty) and fills(zero)):
        return False
    if part.text != COPY or not isinstance(part.inputs[0], View) or found.part > found.carried:
        return False
    source = part.inputs[0].array.name
    between = (c for c in calls(block[found.part : found.carried]))
    if any(c.out.array.name == source for c in between) or source == carried.array.name:
        return False
    letters = part.out.letters
    if len(set(letters)) < len(letters):
        return False
    return _same(part.out, _first(turn, loop)) and _shape(part.out) == _shape(carried)


def _touches(item: Instruction, names: tuple[str, ...]) -> bool:
    return any(v.array.name in names for c in calls((item,)) for v in (*c.reads, c.out))


def _covers(turn: View, loop: Loop) -> bool:
    """Whether the turns together are all of the array."""
    moves = turn.moves.get(loop.variable)
    return (
        moves == turn.size
        and set(turn.moves) == {loop.variable}
        and Count.of(loop.size) * turn.size == turn.array.size
    )


def _first(turn: View, loop: Loop) -> View:
    """What the first turn sees."""
    steps = Count.of(loop.size - 1 if loop.reverse else 0)
    return replace(turn, offset=turn.offset + steps * turn.moves[loop.variable], moves={})


def _same(a: View, b: View) -> bool:
    """Whether two views of an array are the same entries, their axes in whatever order."""
    dims = [sorted((str(d.stride), str(d.size)) for d in v.dims) for v in (a, b)]
    return a.offset == b.offset and not a.moves and dims[0] == dims[1]


def _shape(view: View) -> list[str]:
    """The sizes of the axes, in the order in which they lie."""
    return [str(view.dim(x).size) for x in view.by_stride()]


def _rewritten(block: Body, found: _Start, readers: Counter[str], kept: frozenset[str]) -> Body:
    part, loop, zero = block[found.part], block[found.loop], block[found.carried]
    assert isinstance(part, Call) and isinstance(loop, Loop) and isinstance(zero, Call)
    add = loop.body[found.add]
    assert isinstance(add, Call)
    made = list(block)
    made[found.carried] = replace(
        part, inputs=(_lying(part),), out=zero.out.ordered(zero.out.by_stride())
    )
    inside = _direct(loop.body[found.add + 1 :], add)
    name = add.out.array.name
    beyond = readers[name] - reads(loop.body)[name]
    if beyond or reads(inside)[name] or name in kept:
        inside = (replace(add, text=COPY, adds=False), *inside)
    made[found.loop] = replace(loop, body=(*loop.body[: found.add], *inside))
    return tuple(x for k, x in enumerate(made) if k not in (found.empty, found.part))


def _lying(part: Call) -> View:
    """What the first turn reads, its axes as they lie in the array."""
    source = part.inputs[0]
    assert isinstance(source, View)
    order = [part.out.letters.index(x) for x in part.out.by_stride()]
    return replace(source, dims=tuple(source.dims[k] for k in order))


def _direct(rest: Body, add: Call) -> Body:
    """Readers of the turn's part read what is carried, as long as that is as it was; the first of them
    computes the equation of the addition as well."""
    turn, carried = add.out, add.inputs[0]
    assert isinstance(carried, View)
    made: list[Instruction] = []
    for k, item in enumerate(rest):
        if not isinstance(item, Call):
            return (*made, *rest[k:])
        inputs = tuple(carried if isinstance(i, View) and i.key == turn.key else i
                       for i in item.inputs)  # fmt: skip
        also = item.also if k else (*item.also, (add.task, add.formula), *add.also)
        made.append(replace(item, inputs=inputs, also=also))
        if item.out.array.name == carried.array.name:
            return (*made, *rest[k + 1 :])
    return tuple(made)
