"""Names and code for views: each is made once, before the first step; in a loop, one for each turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symbp.fast.strides import NOTHING, ONE, View, product, whole

WIDTH = 88


@dataclass
class Names:
    """``code`` are the lines that make a view, by its name; ``loops`` the sizes of the loops"""

    loops: Mapping[str, int]
    taken: set[str]
    code: dict[str, list[str]] = field(default_factory=dict)
    known: dict[object, str] = field(default_factory=dict)

    def name(self, view: View) -> str:
        """How a step writes the view."""
        turns = [v for v in self.loops if view.moves.get(v, NOTHING) != NOTHING]
        key = view.key
        if key not in self.known:
            self.known[key] = self.new(view, turns)
        return self.known[key] + "".join(f"[{v}]" for v in turns)

    def new(self, view: View, turns: list[str]) -> str:
        text = _text(view, turns)
        base = view.array.name
        if text == base:
            self.taken.add(base)
            return base
        wish = base + ("T" if text == f"{base}.T" else "s" if turns else "v")
        name, number = wish, 1
        while name in self.taken:
            number += 1
            name = f"{wish}{number}"
        self.taken.add(name)
        self.code[name] = _made(name, text, [] if text.startswith("list(") else turns, self.loops)
        return name


def _made(name: str, text: str, turns: list[str], loops: Mapping[str, int]) -> list[str]:
    """The lines that make a view, or one for each turn of the loops."""
    clauses = [f"for {v} in range({loops[v]})" for v in turns]
    whole = text
    for clause in reversed(clauses):
        whole = f"[{whole} {clause}]"
    if len(f"{name} = {whole}") <= WIDTH or not clauses:
        return [f"{name} = {whole}"]
    outer, inner = clauses[0], text
    for clause in reversed(clauses[1:]):
        inner = f"[{inner} {clause}]"
    return [f"{name} = [", f"    {inner}", f"    {outer}", "]"]


def _text(view: View, turns: list[str]) -> str:
    array = view.array
    own = whole(array, range(len(array.shape)))  # type: ignore[arg-type]
    shape = "(" + ", ".join(map(str, view.shape)) + ("," if len(view.shape) == 1 else "") + ")"
    if not turns and view.offset == NOTHING and product(array.shape) == view.size:
        if view.dense:
            return array.name if view.shape == array.shape else f"{array.name}.reshape{shape}"
        if len(own.dims) == 2 and [(d.size, d.stride) for d in view.dims] == [
            (d.size, d.stride) for d in own.dims[::-1]
        ]:
            return f"{array.name}.T"
    rest = own.dims[1:]
    if len(turns) == 1 and view.offset == NOTHING and own.dims:
        same = [(d.size, d.stride) for d in view.dims] == [(d.size, d.stride) for d in rest]
        if same and view.moves[turns[0]] == own.dims[0].stride and own.dims[0].size.terms:
            return f"list({array.name})"
    strides = ", ".join(str(d.stride if d.size != ONE else NOTHING) for d in view.dims)
    if len(view.dims) == 1:
        strides += ","
    offset = "" if view.offset == NOTHING else str(view.offset)
    for v in turns:
        move = str(view.moves[v])
        move = f"({move})" if "+" in move else move
        offset += (
            f"{' + ' if offset else ''}{v} * {move}"
            if move != "1"
            else f"{' + ' if offset else ''}{v}"
        )
    return f"_view({array.name}, {shape}, ({strides}), {offset or '0'})"
