"""Which names a formula defines, reads and uses as letters; no sizes are needed to tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from symbp.language.tree import Affine, Equation, Formula, Name, Read, Reduction, SizeOf


def nodes(root: object) -> Iterator[object]:
    """Every node of a parse tree, in the order written."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(reversed(node))
        elif is_dataclass(node):
            yield node
            stack.extend(getattr(node, part.name) for part in reversed(fields(node)))


def letters(root: object) -> set[str]:
    """The index letters: whatever stands in a position, behind a reduction or in size()."""
    found: set[str] = set()
    for node in nodes(root):
        if isinstance(node, Affine):
            found.update(letter for _, letter in node.terms + node.sizes)
        elif isinstance(node, Reduction):
            found.update(node.letters)
        elif isinstance(node, SizeOf):
            found.add(node.letter)
    return found


def defined(formula: Formula) -> list[str]:
    """The names on the left, each once."""
    return list(dict.fromkeys(equation.name for equation in formula.equations))


def mentioned(root: Equation | object) -> list[str]:
    """Tensors and scalars that are read, each once; letters used as numbers are left out."""
    indices = letters(root)
    found: dict[str, None] = {}
    for node in nodes(root):
        if isinstance(node, Read) or (isinstance(node, Name) and node.name not in indices):
            found[node.name] = None
    return list(found)
