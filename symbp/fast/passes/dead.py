"""Calls whose result nobody reads are left out."""

from __future__ import annotations

from symbp.fast.instructions import Call, calls
from symbp.fast.passes.rewriting import Body, kept


def dead(body: Body, wanted: frozenset[str]) -> Body:
    """Without what no other call needs, but for gradients and the arrays in ``wanted``."""
    while True:
        read = {
            view.array.name
            for call in calls(body)
            for view in call.reads
            if view.array.name != call.out.array.name
        }

        def needed(call: Call, read: set[str] = read) -> bool:
            array = call.out.array
            return array.role == "gradient" or array.name in wanted | read

        found = kept(body, needed)
        if found == body:
            return body
        body = found
