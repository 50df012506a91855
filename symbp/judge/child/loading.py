"""An answer's definitions as a live namespace; runs in the child alone.

Files with an answer in them often train and print, too. Definitions and imports are what is asked for:
loops and bare calls at the top level are left out, and what else fails there matters only if the
gradient needs it.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.util
import linecache
import sys
import traceback
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

NAME = "answer"
LEFT_OUT = (ast.For, ast.While, ast.With, ast.Expr, ast.AsyncFor, ast.AsyncWith)
NEEDED = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)


class Refused(Exception):
    """The answer cannot be run: why, and on which line and column if that is known."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


class _Definitions(importlib.abc.InspectLoader):
    """Hands the definitions of an answer to the import system."""

    def __init__(self, code: CodeType, source: str) -> None:
        self.code, self.source = code, source

    def get_code(self, fullname: str) -> CodeType:
        return self.code

    def get_source(self, fullname: str) -> str:
        return self.source


def load(path: Path) -> dict[str, Any]:
    """The namespace after the definitions of the file ran. Raises Refused."""
    source = path.read_text(encoding="utf-8")
    try:
        code = compile(_definitions(ast.parse(source, str(path))), str(path), "exec")
    except SyntaxError as error:
        raise Refused(f"Python cannot read it: {error.msg}", error.lineno, error.offset) from None
    except (ValueError, RecursionError, MemoryError):
        raise Refused("Python cannot read it") from None
    linecache.cache[str(path)] = (len(source), None, source.splitlines(True), str(path))
    spec = importlib.util.spec_from_loader(NAME, _Definitions(code, source))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise Refused(*said(error, path)) from None
    return vars(module)


def _definitions(tree: ast.Module) -> ast.Module:
    """Without what is left out; statements that may fail stand in a ``try`` of their own."""
    tree.body = [s for s in tree.body if not isinstance(s, LEFT_OUT)]
    tree.body = [s if _bare(s) else _tried(s) for s in tree.body]
    return ast.fix_missing_locations(tree)


def _bare(statement: ast.stmt) -> bool:
    future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    return future or isinstance(statement, NEEDED)


def _tried(statement: ast.stmt) -> ast.stmt:
    names = ast.Tuple([ast.Name(n, ast.Load()) for n in ("Exception", "SystemExit")], ast.Load())
    handler = ast.ExceptHandler(names, None, [ast.Pass()])
    return ast.copy_location(ast.Try([statement], [handler], [], []), statement)


def said(error: BaseException, path: Path) -> tuple[str, int | None]:
    """The error as its message and the line of the answer on which it happened."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text[:300], line_of(error.__traceback__, path)


def line_of(trace: TracebackType | None, path: Path) -> int | None:
    lines = [f.lineno for f in traceback.extract_tb(trace) if f.filename == str(path)]
    return lines[-1] if lines else None
