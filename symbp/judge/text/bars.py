"""A bar behind an expression: ``\\left. .. \\right|_{z = z_2}`` says where it is taken, and behind the
derivative of the loss which way the derivative goes."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from itertools import pairwise
from typing import Any

from symbp.judge.text.atoms import Atoms
from symbp.judge.text.tokens import Token
from symbp.judge.text.tree import Call, Node, Partial, Symbol

BAR = ("|", "rvert", "vert")
SPECIAL = frozenset("deT")  # letters that are more than a name


class Bars(Atoms):
    """Reads what a bar says of the expression in front of it."""

    def at_bar(self) -> bool:
        return not self.inside_bars and self.now.is_(*BAR) and self.after.is_("_")

    def at_a_place(self, found: Node) -> Node:
        """The expression with what the bar puts in; the share of a derivative by a name of its own."""
        bar = self.take()
        self.take()
        group = self.group() if self.now.is_("{") else [self.take()]
        for part in _cut(group, ","):
            sides = _cut(part, "=")
            if len(sides) == 2 and all(sides):
                name, value = self._name(sides[0]), self.inner(sides[1])
                found = found if isinstance(found, Partial) else put(found, name.key, value)
            elif isinstance(found, Partial):
                found = found if found.upper is not None else self._share(found, part)
            elif isinstance(found, Call) and _is_name(found.arguments):
                found = replace(found, arguments=(self.inner(part),))
            else:
                self.fail("what takes which value below the bar, as in |_{z = z_2}", bar)
        return found

    def _share(self, whole: Partial, way: list[Token]) -> Symbol:
        return Symbol(f"d{whole.lower.key}|{self.written(way)}", whole.lower.indices, whole.start)

    def _name(self, group: list[Token]) -> Symbol:
        parser = type(self)(group, self.names, self.own, True)
        token = parser.now
        base = parser.base()
        return parser.resolve(base, parser.scripts(base), token)

    def inner(self, group: list[Token]) -> Node:
        """The expression in a group that was taken already."""
        parser = type(self)(group, self.names, self.own, self.free)
        parser.functions, parser.depth, parser.latex = self.functions, self.depth, self.latex
        return parser.whole()

    def whole(self) -> Node:
        raise AssertionError


def put(node: Any, key: str, value: Node) -> Any:
    """The tree with a value for a name; what a derivative is taken by stays."""
    if isinstance(node, Symbol):
        return value if node.key == key and not node.indices else node
    if isinstance(node, tuple):
        return tuple(put(n, key, value) for n in node)
    if isinstance(node, Partial) or not is_dataclass(node) or isinstance(node, type):
        return node
    made: Any = node
    return replace(made, **{f.name: put(getattr(made, f.name), key, value) for f in fields(made)})


def placed(side: tuple[Token, ...]) -> frozenset[str]:
    """Letters that are names in front of a bar: all of a side that has one."""
    bars = any(a.is_(*BAR) and b.is_("_") for a, b in pairwise(side))
    letters = {t.text for t in side if t.kind == "word" and len(t.text) == 1}
    return frozenset(letters) - SPECIAL if bars else frozenset()


def _is_name(arguments: tuple[Node, ...]) -> bool:
    return len(arguments) == 1 and isinstance(arguments[0], Symbol)


def _cut(group: list[Token], sign: str) -> list[list[Token]]:
    """Cut at a sign outside brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in group:
        depth += token.is_("(", "[", "{") - token.is_(")", "]", "}")
        if depth == 0 and token.is_(sign):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
