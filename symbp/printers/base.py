"""What all printers share: one method a node class, brackets by precedence, slots for names.

Finished text holds slots instead of tensor names, so that one text serves all layers of one formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Self

from symbp.arrays.nodes import Node
from symbp.printers.marks import mark
from symbp.printers.meaning import Meaning, Reader
from symbp.printers.naming import carrying

ATOM, POWER, PRODUCT, SUM, CONDITION = 3, 2, 1, 0, -1
OPEN, CLOSE, BAR = "\ue000", "\ue001", "\ue002"
SLOT = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")  # an innermost one: indices may hold slots
BATCH = "#n"  # the slot of the batch size
LOOP = "#:"  # begins the slot of a loop variable
SHARED = "#="  # begins the slot of a value that is computed on a line before
TERM = "#%"  # begins the slot of a term's key
CAST = "#cast"  # the slot behind an array that is float64 whatever the inputs are


def slot(name: str, index: str = "", label: str = "", mark: str = "") -> str:
    """A place in finished text for a tensor's name, with its index and label.

    ``mark`` is "T" where the tensor is transposed, "^" where an exponent follows.
    """
    rest = BAR.join([index, label, mark]) if index or label or mark else ""
    return f"{OPEN}{name}{BAR + rest if rest else ''}{CLOSE}"


def raised(text: str) -> str:
    """The base of a power: a slot learns that an exponent follows."""
    match = SLOT.fullmatch(text)
    if not match:
        return text
    name, index, label, _ = (match[1].split(BAR) + ["", "", ""])[:4]
    return slot(name, index, label, "^")


Fill = Callable[[str, str, str, bool], str]  # name, index, label, transposed


def fill(text: str, write: Fill) -> str:
    """Finished text with the names of one network in it."""

    def replace(match: re.Match[str]) -> str:
        name, index, label, mark = (match[1].split(BAR) + ["", "", ""])[:4]
        written = write(name, index, label, mark == "T")
        return carrying(written) if mark == "^" else written

    while OPEN in text:
        text = SLOT.sub(replace, text)
    return text


def slots(text: str) -> list[str]:
    """The tensors that a finished text names, each once, in order."""
    return list(dict.fromkeys(re.findall(f"{OPEN}([^{OPEN}{CLOSE}{BAR}]*)", text)))


class Printer:
    """``text, level = method(node)``; ``level`` says how tightly the text holds together.

    ``terms`` are the keys of what should be marked, as ``reader`` reads it; by default nothing.
    """

    terms: Mapping[Meaning, str] = {}
    reader = Reader()

    def marking(self, terms: Mapping[Meaning, str], reader: Reader | None = None) -> Self:
        """The printer, which marks these terms from now on."""
        self.terms, self.reader = terms, reader or self.reader
        return self

    def text(self, node: Node, level: int = CONDITION) -> str:
        """``node`` as text that may stand where ``level`` is asked for."""
        result, own = self.piece(node)
        return self.bracket(result) if own < level else result

    def piece(self, node: Node) -> tuple[str, int]:
        method: Any = getattr(self, type(node).__name__)
        text, level = method(node)
        return self.marked(node, text), level

    def marked(self, node: Node, text: str) -> str:
        """The text of a node as a term, where it is one."""
        return mark(self.terms.get(self.reader.meaning(node), ""), text) if self.terms else text

    def bracket(self, text: str) -> str:
        return f"({text})"
