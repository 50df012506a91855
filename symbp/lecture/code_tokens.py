"""The colours of Python source: which columns of each line are keyword, number, text or remark."""

from __future__ import annotations

from pygments import lex
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

COLOURS = (
    (Comment, "co"),
    (Keyword, "kw"),
    (Operator.Word, "kw"),
    (Number, "nu"),
    (String, "st"),
    (Name.Function, "fn"),
)


def tokens(source: str) -> dict[int, tuple[tuple[int, int, str], ...]]:
    """For each line, counted from 1: start column, stop column and class of what has a colour."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    line, column = 1, 0
    for kind, text in lex(source, PythonLexer(stripnl=False)):
        colour = _colour(kind)
        for k, piece in enumerate(text.split("\n")):
            if k:
                line, column = line + 1, 0
            if piece and colour:
                found.setdefault(line, []).append((column, column + len(piece), colour))
            column += len(piece)
    return {n: tuple(made) for n, made in found.items()}


def _colour(kind: _TokenType) -> str:
    return next((name for known, name in COLOURS if kind in known), "")
