"""Which calls compute the equations whose own calls a pass removed.

A call that is gone was computed already by one that is alike, or copied what another call wrote, or has
become part of the call that reads it: that call is credited with its equation, so that every formula
still stands beside the code that computes it.
"""

from __future__ import annotations

from dataclasses import replace

from symbp.fast.instructions import Call, Instruction, Loop, calls
from symbp.fast.passes.rewriting import Body
from symbp.fast.strides import View

Key = tuple[str, str]  # an equation's id and the name of an array


def credited(before: Body, after: Body) -> Body:
    """``after``, a pass's result, with calls that know all equations that they compute."""
    found = list(calls(before))
    left = {_key(call) for call in calls(after)}
    gone = [k for k, call in enumerate(found) if call.task and _key(call) not in left]
    if not gone:
        return after
    finder = _Finder(found, set(gone))
    more: dict[Key, list[tuple[str, str]]] = {}
    for k in gone:
        heir = finder.heir(k)
        while heir in finder.gone:
            heir = finder.heir(heir)
        if heir is not None:
            mine = ((found[k].task, found[k].formula), *found[k].also)
            more.setdefault(_key(found[heir]), []).extend(mine)
    return tuple(_with(item, more) for item in after)


def _key(call: Call) -> Key:
    return call.task, call.out.array.name


def _with(item: Instruction, more: dict[Key, list[tuple[str, str]]]) -> Instruction:
    if isinstance(item, Loop):
        return replace(item, body=tuple(_with(inner, more) for inner in item.body))
    known = dict([*item.also, *more.get(_key(item), ())])
    known.pop(item.task, None)
    return replace(item, also=tuple(known.items())) if known else item


class _Finder:
    """The heirs of the calls that are gone; an heir that is gone itself has one in its turn."""

    def __init__(self, found: list[Call], gone: set[int]) -> None:
        self.found, self.gone = found, gone
        self.same: dict[str, str] = {}  # arrays that hold what an earlier one holds
        self.twin: dict[int, int] = {}
        first: dict[object, int] = {}
        for k, call in enumerate(found):
            value = self.value(call)
            earlier = first.setdefault(value, k)
            if k in gone and earlier != k:
                self.twin[k] = earlier
                self.same[call.out.array.name] = self.root(found[earlier].out.array.name)

    def value(self, call: Call) -> object:
        inputs = tuple(
            (self.root(i.array.name), *i.key[1:]) if isinstance(i, View) else i for i in call.inputs
        )
        return call.text, inputs, call.out.key[1:]

    def root(self, name: str) -> str:
        return self.same.get(name, name)

    def heir(self, k: int) -> int | None:
        """The call that is alike, else that which wrote what a copy read, else the next reader."""
        call = self.found[k]
        if k in self.twin:
            return self.twin[k]
        if "copyto" in call.text and len(call.inputs) == 1 and isinstance(call.inputs[0], View):
            source = call.inputs[0].array.name
            writers = [j for j in range(k) if self.found[j].out.array.name == source]
            if writers and not self.gone.intersection(writers):
                return writers[-1]
        name = call.out.array.name
        later = range(k + 1, len(self.found))
        return next(
            (j for j in later if any(v.array.name == name for v in self.found[j].reads)), None
        )
