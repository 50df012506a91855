"""Values that a line would compute twice: they get a line of their own before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from symbp.arrays.nodes import Align, Arange, Const, Node, Ref, Select, children
from symbp.printers.base import SHARED, slot
from symbp.printers.marks import unmarked
from symbp.printers.numpy import NumPy


@dataclass(frozen=True)
class Shared:
    """``tree``, which the slot ``name`` of the line stands for, its code, and what that goes to."""

    name: str
    tree: Node
    code: str
    target: str


def shared(tree: Node, printer: NumPy) -> tuple[Shared, ...]:
    """The largest subtrees whose code occurs more than once, in the order of reading.

    What has the same code has the same value: the code of a line is without side effects.
    """

    def code(node: Node) -> str:
        return unmarked(printer.text(node)) if _computes(node) else ""

    counts = Counter(code(node) for node in _subtrees(tree) if _computes(node))
    found: dict[str, Node] = {}

    def visit(node: Node) -> None:
        text = code(node)
        if counts[text] > 1:
            found.setdefault(text, node)
        else:
            for child in children(node):
                visit(child)

    visit(tree)
    made: list[Shared] = []
    for node in found.values():
        hint = "masked" if isinstance(node, Select) else "common"
        again = sum(s.name.startswith(SHARED + hint) for s in made)
        name = f"{SHARED}{hint}{'_' * again}"
        made.append(Shared(name, node, printer.text(node), printer.marked(node, slot(name))))
    return tuple(made)


def with_names(printer: NumPy, known: tuple[Shared, ...]) -> NumPy:
    """A printer that writes the names of what is computed before the line."""
    names = {unmarked(s.code): slot(s.name) for s in known}
    made = NumPy(printer.size_of, printer.length, printer.handed_out, names)
    return made.marking(printer.terms, printer.reader)


def _computes(node: Node) -> bool:
    """Whether a node is more than a read, and an array."""
    if isinstance(node, Align):
        return _computes(node.x)
    return bool(node.axes) and not isinstance(node, (Ref, Const, Arange))


def _subtrees(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from _subtrees(child)
