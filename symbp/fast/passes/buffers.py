"""Arrays whose lives do not overlap share memory, and a call entry by entry may write over an input that
dies with it (Chaitin 1982, on intervals: Poletto and Sarkar 1999).

Condition: an array that is zero from the start, or that outlives the step, has memory of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from symbp.fast.instructions import Call, Loop, arrays
from symbp.fast.passes.rewriting import Body, fills
from symbp.fast.strides import Array, Count, View


@dataclass
class Slot:
    """Memory for one array at a time."""

    kind: str
    size: Count
    arrays: list[Array] = field(default_factory=list)
    end: int = -1


@dataclass
class _Life:
    array: Array
    start: int
    end: int
    whole: bool  # whether it begins by being filled
    loops: tuple[int, ...]  # those around its first access


def buffers(body: Body, own: frozenset[str]) -> list[Slot]:
    """Slots for all arrays of the workspace; those in ``own`` have one each."""
    found = _Lives()
    found.block(body, ())
    known = arrays(body)
    lives = sorted(
        (found.life(a) for a in known.values() if a.role == "work"),
        key=lambda x: (x.start, x.array.name),
    )
    slots: list[Slot] = []
    for life in lives:
        slot = None if life.array.name in own else _free(slots, life, found, own)
        if slot is None:
            slot = Slot(life.array.kind, life.array.size)
            slots.append(slot)
        if life.array.size.typical > slot.size.typical:
            slot.size = life.array.size
        slot.arrays.append(life.array)
        slot.end = life.end
    return slots


def _free(slots: list[Slot], life: _Life, found: _Lives, own: frozenset[str]) -> Slot | None:
    """The best slot: one of an input that dies here, else the one that was used last of those that are
    large enough, else the largest."""
    free = []
    for slot in slots:
        if slot.end > life.start:
            continue
        last = slot.arrays[-1]
        if slot.kind != life.array.kind or last.name in own:
            continue
        if len(slot.size.terms) != len(life.array.size.terms):
            continue
        if slot.end < life.start or (slot.end == life.start and found.over(life, last)):
            free.append(slot)
    fits = [s for s in free if s.size.typical >= life.array.size.typical]
    if fits:
        return max(fits, key=lambda s: (s.end == life.start, s.end))
    return max(free, key=lambda s: s.size.typical) if free else None


class _Lives:
    """When each array is accessed: positions in the order of the text, loops as spans."""

    def __init__(self) -> None:
        self.now = 0
        self.spans: dict[int, tuple[int, int]] = {}
        self.accesses: dict[str, list[tuple[int, tuple[int, ...], bool]]] = {}
        self.calls: dict[int, Call] = {}

    def block(self, body: Body, loops: tuple[int, ...]) -> None:
        for item in body:
            self.now += 1
            if isinstance(item, Loop):
                number, start = len(self.spans), self.now
                self.spans[number] = (start, start)
                self.block(item.body, (*loops, number))
                self.now += 1
                self.spans[number] = (start, self.now)
                continue
            self.calls[self.now] = item
            for view in item.reads:
                self.note(view.array.name, loops, False)
            self.note(item.out.array.name, loops, fills(item))

    def note(self, name: str, loops: tuple[int, ...], filled: bool) -> None:
        self.accesses.setdefault(name, []).append((self.now, loops, filled))

    def life(self, array: Array) -> _Life:
        mine = self.accesses[array.name]
        start, around, filled = mine[0]
        end = max(place for place, _, _ in mine)
        shared = around
        for _, loops, _ in mine:
            shared = tuple(a for a, b in zip(shared, loops, strict=False) if a == b)
        for _, loops, _ in mine:
            for number in loops:
                if number in shared and filled and around == shared:
                    continue
                low, high = self.spans[number]
                start, end = min(start, low), max(end, high)
        return _Life(array, start, end, filled, around)

    def over(self, life: _Life, dying: Array) -> bool:
        """Whether the call that begins a life may write over an array that dies with it."""
        call = self.calls.get(life.start)
        if call is None or not call.entrywise or not life.whole or not fills(call):
            return False
        inputs = [i for i in call.inputs if isinstance(i, View) and i.array.name == dying.name]
        out = [(d.size, d.stride) for d in call.out.dims]
        return all(
            [(d.size, d.stride) for d in i.dims] == out and not i.moves and i.offset.terms == ()
            for i in inputs
        )
