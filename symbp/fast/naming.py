"""Names and code for views: each is made once, before the first step; in a loop, one for each turn."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

from symbp.fast.strides import NOTHING, ONE, Count, View, product, whole
from symbp.writers.layout import WIDTH

# Words of a Trainer's own; an array of that name gets an underscore behind.
RESERVED = ("self", "x", "t", "B", "P", "G", "np", "dtype", "names", "params", "rate")
INSIDE = 8  # columns in front of a line of a method


def fresh(wish: str, taken: Container[str]) -> str:
    """The name wished for, or the nearest that is free."""
    while wish in taken:
        wish += "_"
    return wish


@dataclass
class Names:
    """``code`` are the lines that make a view, by its name, ``base`` its array; ``loops`` the sizes of
    the loops, ``shown`` their variables as they are written."""

    loops: Mapping[str, int]
    taken: set[str]
    shown: Mapping[str, str] = field(default_factory=dict)
    code: dict[str, list[str]] = field(default_factory=dict)
    base: dict[str, str] = field(default_factory=dict)
    known: dict[object, str] = field(default_factory=dict)

    def name(self, view: View) -> str:
        """How a step writes the view."""
        turns = [v for v in self.loops if view.moves.get(v, NOTHING) != NOTHING]
        key = view.key
        if key not in self.known:
            self.known[key] = self.new(view, turns)
        return self.known[key] + "".join(f"[{self.variable(v)}]" for v in turns)

    def variable(self, loop: str) -> str:
        return self.shown.get(loop, loop)

    def new(self, view: View, turns: list[str]) -> str:
        text = _text(view, turns, self.variable)
        base = view.array.name
        if text == base:
            self.taken.add(base)
            return base
        wish = f"{base}{'T' if text == f'{base}.T' else _kind(view, turns)}"
        name, number = wish, 1
        while name in self.taken:
            number += 1
            name = f"{wish}{number}"
        self.taken.add(name)
        self.base[name] = base
        spans = [] if text.startswith("list(") else turns
        clauses = [f"for {self.variable(v)} in range({self.loops[v]})" for v in spans]
        self.code[name] = _made(name, text, clauses)
        return name


def _kind(view: View, turns: list[str]) -> str:
    """What a view is of its array: ``_at`` each turn, a ``_part``, or all of it as a ``_row`` .."""
    if turns:
        return "_at"
    if view.size != view.array.size:
        return "_part"
    if not view.dense:
        return "_turned"
    long = [k for k, size in enumerate(view.shape) if size != ONE]
    if len(long) == 1 and len(view.shape) > 1:
        return "_row" if long[0] == len(view.shape) - 1 else "_column"
    return {1: "_flat", 2: "_matrix"}.get(len(view.shape), "_split")


def _made(name: str, text: str, clauses: list[str]) -> list[str]:
    """The lines that make a view, or one for each turn of the loops."""
    whole = text
    for clause in reversed(clauses):
        whole = f"[{whole} {clause}]"
    if len(f"{name} = {whole}") <= WIDTH - INSIDE or not clauses:
        return [f"{name} = {whole}"]
    return [*_nested(f"{name} = [", text, clauses)]


def _nested(head: str, text: str, clauses: list[str]) -> list[str]:
    """Lists in lists, a line for each bracket and each clause: none has to be broken within one."""
    outer, *rest = clauses
    inner = _nested("[", text, rest) if rest else [text]
    return [head, *(f"    {line}" for line in (*inner, outer)), "]"]


def shaped(shape: tuple[Count, ...]) -> str:
    """A shape as code: ``(8, B)``."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def reshaped(array: str, shape: tuple[Count, ...]) -> str:
    """An array in another shape, as code: ``z1.reshape(8, B)``."""
    return f"{array}.reshape({', '.join(map(str, shape))})" if shape else f"{array}.reshape(())"


def _text(view: View, turns: list[str], variable: Callable[[str], str]) -> str:
    array = view.array
    own = whole(array, range(len(array.shape)))  # type: ignore[arg-type]
    if not turns and view.offset == NOTHING and product(array.shape) == view.size:
        if view.dense:
            return array.name if view.shape == array.shape else reshaped(array.name, view.shape)
        if len(own.dims) == 2 and [(d.size, d.stride) for d in view.dims] == [
            (d.size, d.stride) for d in own.dims[::-1]
        ]:
            return f"{array.name}.T"
    rest = own.dims[1:]
    if len(turns) == 1 and view.offset == NOTHING and rest:  # entries of a list are no arrays
        same = [(d.size, d.stride) for d in view.dims] == [(d.size, d.stride) for d in rest]
        if same and view.moves[turns[0]] == own.dims[0].stride and own.dims[0].size.terms:
            return f"list({array.name})"
    strides = shaped(tuple(d.stride if d.size != ONE else NOTHING for d in view.dims))
    offset = "" if view.offset == NOTHING else str(view.offset)
    for v in turns:
        move = str(view.moves[v])
        move = f"({move})" if "+" in move else move
        step = f"{variable(v)} * {move}" if move != "1" else variable(v)
        offset += f" + {step}" if offset else step
    return f"_view({array.name}, {shaped(view.shape)}, {strides}, {offset or '0'})"
