"""Values that a line would compute twice: they get a line of their own before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from symbp.arrays.nodes import Align, Arange, Const, Node, Ref, Select, children
from symbp.printers.base import SHARED, slot
from symbp.printers.numpy import NumPy


@dataclass(frozen=True)
class Shared:
    """``tree``, which the slot ``name`` of the line stands for, and its code."""

    name: str
    tree: Node
    code: str


def shared(tree: Node, printer: NumPy) -> tuple[Shared, ...]:
    """The largest subtrees whose code occurs more than once, in the order of reading.

    What has the same code has the same value: the code of a line is without side effects.
    """
    counts = Counter(printer.text(node) for node in _subtrees(tree) if _computes(node))
    found: dict[str, Node] = {}

    def visit(node: Node) -> None:
        text = printer.text(node) if _computes(node) else ""
        if counts[text] > 1:
            found.setdefault(text, node)
        else:
            for child in children(node):
                visit(child)

    visit(tree)
    made: list[Shared] = []
    for text, node in found.items():
        hint = "masked" if isinstance(node, Select) else "common"
        again = sum(s.name.startswith(SHARED + hint) for s in made)
        made.append(Shared(f"{SHARED}{hint}{'_' * again}", node, text))
    return tuple(made)


def with_names(printer: NumPy, known: tuple[Shared, ...]) -> NumPy:
    """A printer that writes the names of what is computed before the line."""
    names = {s.code: slot(s.name) for s in known}
    return NumPy(printer.size_of, printer.length, printer.handed_out, names)


def _computes(node: Node) -> bool:
    """Whether a node is more than a read, and an array."""
    if isinstance(node, Align):
        return _computes(node.x)
    return bool(node.axes) and not isinstance(node, (Ref, Const, Arange))


def _subtrees(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _subtrees(child)
