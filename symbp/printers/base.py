"""What all printers share: one method a node class, and brackets where precedence asks for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from symbp.arrays.nodes import Node

ATOM, POWER, PRODUCT, SUM, CONDITION = 3, 2, 1, 0, -1
OPEN, CLOSE = "\ue000", "\ue001"  # around the name of a tensor that an instance fills in
NAME = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
BATCH = "#n"  # the slot of the batch size


def slot(name: str) -> str:
    """A place in finished text that takes the tensor's name in one network."""
    return f"{OPEN}{name}{CLOSE}"


def fill(text: str, names: Mapping[str, str] | Callable[[str], str]) -> str:
    """Finished text with the names of one network in it."""
    look_up = names if callable(names) else names.__getitem__
    return NAME.sub(lambda match: look_up(match[1]), text)


def slots(text: str) -> list[str]:
    """The tensors that a finished text names, each once, in order."""
    return list(dict.fromkeys(NAME.findall(text)))


class Printer:
    """``text, level = method(node)``; ``level`` is how tightly the text holds together."""

    def text(self, node: Node, level: int = CONDITION) -> str:
        """``node`` as text that may stand where ``level`` is asked for."""
        method: Any = getattr(self, type(node).__name__)
        result, own = method(node)
        return self.bracket(result) if own < level else result

    def piece(self, node: Node) -> tuple[str, int]:
        method: Any = getattr(self, type(node).__name__)
        return method(node)

    def bracket(self, text: str) -> str:
        return f"({text})"
