"""Calls whose result nobody reads are left out."""

from __future__ import annotations

from symbp.fast.passes.rewriting import Body, kept, reads


def dead(body: Body, wanted: frozenset[str]) -> Body:
    """Without what neither another call nor ``wanted``, names of arrays, needs.

    Gradients are wanted, whoever reads them."""
    while True:
        known = reads(body)
        found = kept(
            body,
            lambda c: c.out.array.role == "gradient"
            or c.out.array.name in wanted
            or any(known[c.out.array.name] > own for own in [_own(c)]),
        )
        if found == body:
            return body
        body = found


def _own(call: object) -> int:
    """Reads of the output by the call itself count for nothing: only one that stands elsewhere does."""
    del call
    return 0
