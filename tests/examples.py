"""The built-in networks, each built once for all tests: nothing that a test does changes one."""

from __future__ import annotations

from functools import cache

import symbp


@cache
def example(name: str) -> symbp.Network:
    return symbp.load(name)
