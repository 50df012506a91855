"""What no turn of a loop hands to the next is computed before the loop, for all turns at once.

Condition: the call works entry by entry; nothing in the loop writes to what it reads, unless that is
moved out as well; nobody else writes to its result, and all that read a result of one turn stand in the
loop. Large arrays stay inside, where they are read while they are still in the cache.
"""

from __future__ import annotations

from dataclasses import replace

from symbp.fast.instructions import Call, Input, Instruction, Loop, arrays, calls
from symbp.fast.naming import fresh
from symbp.fast.passes.rewriting import Body, mapped, reads, writes
from symbp.fast.strides import NOTHING, ONE, Array, Count, Dim, View

LARGE = 16_384  # entries of one turn, above which a call's own cost is nothing beside its work


def hoisting(body: Body, kept: frozenset[str]) -> Body:
    """The step with its loops relieved; ``kept`` are arrays that must stay."""
    made: list[Instruction] = []
    for item in body:
        if isinstance(item, Loop):
            before, inside = _Loop(item, body, kept).split()
            made += before
            made += [replace(item, body=inside)] if inside else []
        else:
            made.append(item)
    return tuple(made)


class _Loop:
    def __init__(self, loop: Loop, body: Body, kept: frozenset[str]) -> None:
        self.loop = loop
        self.turns = Count.of(loop.size)
        self.kept = kept
        self.writers = writes(body)
        self.readers = reads(body)
        self.inside = reads(loop.body)
        self.written = {call.out.array.name for call in calls(loop.body)}
        self.known = arrays(body)
        self.largest = max((a.size.typical for a in self.known.values()), default=0)
        self.wide: dict[str, Array] = {}  # results of one turn -> arrays for all turns

    def split(self) -> tuple[list[Instruction], Body]:
        before: list[Instruction] = []
        inside: list[Instruction] = []
        for item in self.loop.body:
            if isinstance(item, Call) and self.moves_out(item):
                before.append(self.for_all_turns(item))
                self.written.discard(item.out.array.name)
            else:
                inside.append(item)
        return before, mapped(tuple(inside), self.one_turn)

    def moves_out(self, call: Call) -> bool:
        array = call.out.array
        variable = self.loop.variable
        if not call.entrywise or call.adds or self.writers[array.name] != 1 or array.role != "work":
            return False
        if any(v.array.name in self.written for v in call.reads) or call.out.size.typical > LARGE:
            return False
        if not any(variable in v.moves or v.array.name in self.wide for v in call.reads):
            return False
        if set(call.out.moves) - {variable}:
            return False
        if variable in call.out.moves:
            return True
        alone = self.inside[array.name] == self.readers[array.name]
        fits = (array.size * self.turns).typical <= self.largest
        return alone and fits and call.out.size == array.size and array.name not in self.kept

    def for_all_turns(self, call: Call) -> Call:
        array, variable = call.out.array, self.loop.variable
        if variable not in call.out.moves:
            name = fresh(f"{array.name}_all", self.known)
            wide = replace(array, name=name, shape=(self.turns, *array.shape))
            self.wide[array.name] = wide
            out = View(wide, (Dim(None, self.turns, array.size), *call.out.dims))
        else:
            out = self.all_turns(call.out)
        inputs: tuple[Input, ...] = tuple(
            self.all_turns(i) if isinstance(i, View) else i for i in call.inputs
        )
        return replace(call, inputs=inputs, out=out)

    def all_turns(self, view: View) -> View:
        """A view of one turn as one of all of them, with an axis more in front."""
        if view.array.name in self.wide:
            wide = self.wide[view.array.name]
            return View(wide, (Dim(None, self.turns, view.array.size), *view.dims), view.offset)
        moves = {k: v for k, v in view.moves.items() if k != self.loop.variable}
        stride = view.moves.get(self.loop.variable, NOTHING)
        size = self.turns if stride != NOTHING else ONE
        return View(view.array, (Dim(None, size, stride), *view.dims), view.offset, moves)

    def one_turn(self, view: View) -> View:
        """What stays in the loop reads one turn of what was moved out."""
        if view.array.name not in self.wide:
            return view
        wide = self.wide[view.array.name]
        return View(wide, view.dims, view.offset, {self.loop.variable: view.array.size})
