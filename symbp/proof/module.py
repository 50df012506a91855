"""Generated source as a live module, in memory."""

from __future__ import annotations

import importlib.abc
import importlib.util
from functools import lru_cache
from types import CodeType, ModuleType


class _Source(importlib.abc.InspectLoader):
    """Hands generated source to the import system."""

    def __init__(self, source: str) -> None:
        self.source = source

    def get_source(self, fullname: str) -> str:
        return self.source

    def get_code(self, fullname: str) -> CodeType:
        return _code(self.source)


@lru_cache(maxsize=4)
def _code(source: str) -> CodeType:
    """Compiled once for the two modules, real and complex, in each mode of a proof."""
    return importlib.abc.InspectLoader.source_to_code(source)


def load(source: str, name: str = "generated") -> ModuleType:
    """The module of a source that symbp generated; nothing is written to disk.

    Only text that symbp wrote itself may come here: user text is never executed.
    """
    spec = importlib.util.spec_from_loader(name, _Source(source))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
