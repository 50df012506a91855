"""Walking over a parse tree, rebuilding it, and writing parts of it as the user would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from symbp.language.tree import (
    Affine,
    Binary,
    Call,
    Compare,
    Condition,
    Ellipsis_,
    Equation,
    Expr,
    Gather,
    Group,
    Logical,
    Negative,
    Pad,
    Position,
    Read,
    Reduction,
    StopGradient,
    Where,
)

Node = Expr | Condition


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below, in the order written; the positions of a read hold its gathers."""
    match node:
        case Read(positions=positions):
            return tuple(gather.read for p in positions for gather in gathers(p))
        case Pad(read=read, value=value):
            return (read,) if value is None else (read, value)
        case StopGradient(body=body) | Negative(body=body):
            return (body,)
        case Binary(left=left, right=right) | Compare(left=left, right=right):
            return (left, right)
        case Call(arguments=arguments):
            return arguments
        case Reduction(body=body, condition=condition):
            return (body,) if condition is None else (body, condition)
        case Where(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Logical(parts=parts):
            return parts
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, from the top down, from left to right."""
    yield node
    for child in children(node):
        yield from walk(child)


def indices(position: Position) -> tuple[Affine | Gather, ...]:
    """The parts of a group, or the position itself; nothing for an ellipsis."""
    if isinstance(position, Ellipsis_):
        return ()
    return position.parts if isinstance(position, Group) else (position,)


def gathers(position: Position) -> Iterator[Gather]:
    """Every gather of a position."""
    for index in indices(position):
        while isinstance(index, Gather):
            yield index
            index = index.rest


def affine(index: Affine | Gather) -> Affine:
    """An index without what it gathers."""
    while isinstance(index, Gather):
        index = index.rest
    return index


def letters(position: Position) -> tuple[str, ...]:
    """The letters that move a position, in the order written; those inside gathers left out."""
    found = (letter for index in indices(position) for _, letter in affine(index).terms)
    return tuple(dict.fromkeys(found))


def rebuild(node: Any, change: Callable[[Any], Any]) -> Any:
    """The tree with ``change`` applied to every node and position, from the bottom up."""

    def go(old: Any) -> Any:
        if isinstance(old, tuple):
            return tuple(go(part) for part in old)
        if not is_dataclass(old):
            return old
        new = {part.name: go(getattr(old, part.name)) for part in fields(old)}
        return change(replace(old, **new))  # type: ignore[type-var]

    return go(node)


def show(thing: Position | Read | Equation) -> str:
    """A position, a read or a left side as a user would write it, without blanks."""
    match thing:
        case Ellipsis_():
            return "..."
        case Group(parts=parts):
            return f"({','.join(show(part) for part in parts)})"
        case Gather(read=read, sign=sign, rest=rest):
            tail = "" if rest == Affine() else show(rest)
            return _join(["-" * (sign < 0) + show(read), tail])
        case Affine(terms=terms, constant=constant, sizes=sizes):
            parts_ = [f"{_factor(c)}{letter}" for c, letter in terms]
            parts_ += [f"{_factor(c)}size({letter})" for c, letter in sizes]
            return _join(parts_ + [str(constant)] * bool(constant or not parts_))
    positions = ",".join(show(position) for position in thing.positions)
    return f"{thing.name}[{positions}]" if positions else thing.name


def _factor(coefficient: int) -> str:
    return {1: "", -1: "-"}.get(coefficient, f"{coefficient}*")


def _join(parts: list[str]) -> str:
    return "+".join(part for part in parts if part).replace("+-", "-")
