"""The styles of a module by their names."""

from __future__ import annotations

from symbp.writers.package import Writer


def writer(style: str) -> Writer:
    """What writes a module in this style, ``lecture`` or ``fast``."""
    if style == "fast":
        from symbp.fast import module as fast

        return fast.write
    from symbp.writers import module as lecture

    return lecture.write
