"""What two calls compute alike is computed once: forward pass and loss share their exponentials.

Condition: same call, same inputs, none of them written in between, and nobody else writes to either
result.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from symbp.fast.instructions import Call, Instruction, Loop, calls
from symbp.fast.passes.rewriting import Body, fills, mapped, writes
from symbp.fast.strides import Array, View

Key = tuple[object, ...]


def common(body: Body) -> Body:
    """The step with every value computed once."""
    finder = _Finder(writes(body))
    made = finder.block(body, {})

    return mapped(made, finder.root)


class _Finder:
    def __init__(self, writers: Counter[str]) -> None:
        self.writers = writers
        self.versions: Counter[str] = Counter()
        self.same: dict[str, Array] = {}

    def block(self, body: Body, known: dict[Key, Call]) -> Body:
        made: list[Instruction] = []
        for item in body:
            if isinstance(item, Loop):
                self.spoil(item.body)
                made.append(replace(item, body=self.block(item.body, dict(known))))
                self.spoil(item.body)
                continue
            key = self.key(item)
            earlier = known.get(key) if key else None
            if earlier is not None:
                self.same[item.out.array.name] = earlier.out.array
                continue
            self.versions[item.out.array.name] += 1
            if key:
                known[key] = item
            made.append(item)
        return tuple(made)

    def spoil(self, body: Body) -> None:
        """What a loop writes is another value in its next turn, and behind it."""
        for call in calls(body):
            self.versions[call.out.array.name] += 1

    def key(self, call: Call) -> Key | None:
        """The same for calls with the same value; None where it may not be shared."""
        array = call.out.array
        alone = self.writers[array.name] == 1 and fills(call) and array.role == "work"
        if not alone or "rng" in call.text:
            return None
        inputs = tuple(
            (*self.root(i).key, self.versions[self.root(i).array.name])
            if isinstance(i, View)
            else i
            for i in call.inputs
        )
        own = tuple((d.size, d.stride) for d in call.out.dims)
        return (call.text, inputs, array.shape, array.kind, own)

    def root(self, view: View) -> View:
        array = view.array
        while array.name in self.same:
            array = self.same[array.name]
        return view if array is view.array else replace(view, array=array)
