"""A program whose formulas and code have their compound terms marked."""

from __future__ import annotations

from dataclasses import replace

from symbp.network.items import Item, Loop, Piece, Scan, Statement
from symbp.network.program import Program
from symbp.printers.base import TERM


def with_terms(program: Program) -> Program:
    """The same program; each equation's terms are ``e.ID.1``, ``e.ID.2``, .. in the order in which its
    formula is read."""
    return replace(
        program,
        forward=_items(program.forward),
        loss=_items(program.loss),
        backward=_items(program.backward),
        updates=_items(program.updates),
    )


def _items(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(map(_item, items))


def _item(item: Item) -> Item:
    if isinstance(item, Loop):
        return replace(item, body=_items(item.body))
    if isinstance(item, Scan):
        return replace(item, body=tuple(map(_statement, item.body)))
    return _statement(item) if isinstance(item, Statement) else item


def _statement(statement: Statement) -> Statement:
    """Numbered one behind the other, through all pieces."""
    pieces: list[Piece] = []
    count = 0
    for piece in statement.pieces:
        if piece.finished is not None:
            own = len(piece.finished.terms.nodes)
            keys = {f"{TERM}{k}": f"e.{statement.id}.{count + k}" for k in range(1, own + 1)}
            piece = replace(piece, finished=piece.finished.marked, keys=keys)
            count += own
        pieces.append(piece)
    return replace(statement, pieces=tuple(pieces))
