"""Where a Python answer computes what: found in its text, before anything runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from symbp.judge.child import functions
from symbp.judge.child.steps import BACKWARD
from symbp.judge.outcome import Kind, Unusable


def kind_of(source: str, path: Path) -> Kind:
    """Whether the file defines a function or a class. Raises Unusable for neither."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        text = (error.text or "").rstrip("\n") or None
        reason = f"Python cannot read it: {error.msg}"
        raise Unusable(reason, path, error.lineno, error.offset, text) from None
    except (ValueError, RecursionError, MemoryError):
        raise Unusable("Python cannot read it", path) from None
    defined = {s.name for s in tree.body if isinstance(s, (ast.FunctionDef, ast.ClassDef))}
    defined |= {n for s in tree.body if isinstance(s, ast.Assign) for n in _targets(s)}
    if defined & set(functions.NAMES):
        return "function"
    if any(isinstance(statement, ast.ClassDef) for statement in tree.body) or defined & set(
        BACKWARD
    ):
        return "class"
    expected = (
        "gradients(params, x, t), or a class with forward(X) and backward(X, y, learning_rate)"
    )
    raise Unusable(f"defines no gradient; expected {expected}", path)


def places(source: str, known: Callable[[str], str | None]) -> dict[str, tuple[int, str]]:
    """Quantity -> line and text of its last assignment, gradients before updates.

    ``known`` maps the answer's names to ours; a gradient's begin with a d.
    """
    lines = source.splitlines()
    found: dict[tuple[bool, str], int] = {}
    for node in ast.walk(ast.parse(source)):
        for name, computed in _assigned(node):
            key = known(name)
            if key is not None:
                place = (computed, key)
                found[place] = max(found.get(place, 0), getattr(node, "lineno", 1))
    chosen = {key: line for (_, key), line in sorted(found.items())}
    return {key: (line, lines[line - 1].strip()) for key, line in chosen.items()}


def _assigned(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """Names that a statement or a dict gives a value to, and whether it is computed there: an update
    is not; ``grads["W1"]`` is ``dW1``."""
    if isinstance(node, ast.AugAssign):
        yield from ((f"d{name}", False) for name in _targets(node))
    elif isinstance(node, ast.Assign):
        read = {_word(inner) for inner in ast.walk(node.value)}
        for name in _targets(node):
            updated = name in read
            yield f"d{name}" if updated else name, not updated
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            named = isinstance(key, ast.Constant) and isinstance(key.value, str)
            if named and not isinstance(value, (ast.Name, ast.Attribute)):
                yield "d" + str(key.value), True  # type: ignore[union-attr]


def _word(node: ast.AST) -> str:
    """``W1`` and ``self.W1`` are W1."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _targets(node: ast.Assign | ast.AugAssign) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            if _word(part):
                yield _word(part)
            elif isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
                yield f"d{part.slice.value!s}"
