"""Local names of directional derivatives, beside those of the tensors: in units and in loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symbp.arrays.scan import Inside, Stored
from symbp.calculus.equation import Link, Unit
from symbp.network.items import split_marks

TANGENT = "ℛ"  # no user name can hold it


def tangent_name(local: str) -> str:
    """The local name of a directional derivative; adjoint marks stay in front."""
    marks, bare = split_marks(local)
    return marks + TANGENT + bare


def doubled_unit(unit: Unit) -> Unit:
    """The unit with letters for directional derivatives."""
    letters = {**unit.letters, **{TANGENT + k: v for k, v in unit.letters.items()}}
    links = (*unit.links, *(_twin_link(link) for link in unit.links))
    parameters = (*unit.parameters, *(TANGENT + p for p in unit.parameters))
    return replace(unit, equations=(), letters=letters, links=links, parameters=parameters)


def doubled(inside: Inside) -> Inside:
    """How a loop writes tensors, their directional derivatives too."""
    drop = {**inside.drop, **{tangent_name(k): v for k, v in inside.drop.items()}}
    rename = {
        **inside.rename,
        **{tangent_name(k): tangent_name(v) for k, v in inside.rename.items()},
    }
    return Inside(inside.letter, drop, rename)


def doubled_stored(stored: Stored, moves: Callable[[str], bool]) -> Stored:
    """The arrays of a loop, and those of the directional derivatives of what ``moves`` in it."""
    histories = [
        replace(
            h,
            base=tangent_name(h.base),
            views=tuple((tangent_name(v), lag) for v, lag in h.views),
            starts=tuple(tangent_name(s) if s and moves(s) else None for s in h.starts),
        )
        for h in stored.histories
        if moves(h.base)
    ]
    whole = [tangent_name(n) for n in stored.whole if moves(n)]
    carried = [
        (tangent_name(name), tangent_name(base), axis)
        for name, base, axis in stored.carried
        if moves(name)
    ]
    return Stored(
        doubled(stored.inside),
        (*stored.histories, *histories),
        (*stored.whole, *whole),
        (*stored.carried, *carried),
    )


def _twin_link(link: Link) -> Link:
    return replace(
        link, name=TANGENT + link.name, base=TANGENT + link.base, back=TANGENT + link.back
    )
