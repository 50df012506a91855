"""symbp: backpropagation derived symbolically, written as NumPy, and proved.

>>> import symbp
>>> network = symbp.load("article")
>>> print(network.derive(notation="scalar").text())     # doctest: +SKIP
>>> print(network.generate())                           # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from symbp.errors import InputError

if TYPE_CHECKING:
    from symbp.api import Network, check, derive, generate, load, verify

__version__ = "0.1.0"
__all__ = ["InputError", "Network", "check", "derive", "generate", "load", "verify"]

_HOME = dict.fromkeys(("Network", "check", "derive", "generate", "load", "verify"), "symbp.api")


def __getattr__(name: str) -> Any:
    """Import the engine when it is first used: ``import symbp`` itself stays fast."""
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'symbp' has no attribute {name!r}")
