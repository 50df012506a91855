"""Formula text -> equations still as text, harmless enough to hand to Python's parser.

Everything that could hurt that parser is refused here: characters outside ASCII (Python would
quietly turn look-alikes into ASCII), keywords, long texts, deep brackets, rows of minus signs.
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass
from typing import NoReturn

from symbp.errors import InputError
from symbp.language.names import reserved

MAX_LENGTH = 10_000  # characters in a formula
MAX_EQUATIONS = 500  # in a formula
MAX_TOKENS = 2_000  # in an equation
MAX_BRACKETS = 40  # inside each other
MAX_MINUSES = 20  # in a row
MAX_POWERS = 100  # in an equation

TOO_DEEP = "the formula is nested too deeply; give its parts equations of their own"

TOKEN = re.compile(
    r"(?P<space>[ \t\r]+)"
    r"|(?P<wrong>//|:=|&&|\|\||<<|>>|->|\*\*=|[-*/%@&|^~]=)"
    r"|(?P<operator>\.\.\.|\*\*|<=|>=|==|!=|\+=|[-+*/()\[\],<>=])"
    r"|(?P<number>(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<other>.)",
    re.ASCII,
)
OPENING = {")": "(", "]": "["}
CORRECTION = {
    "^": "write **",
    "//": "write /",
    "&": "write and",
    "&&": "write and",
    "|": "write or",
    "||": "write or",
    ":=": "write =",
    "-=": "write += and a minus sign behind it",
    "@": "write the sum, such as sum(x[n,i]*W[i,j], i)",
    "!": "turn the comparison round",
    ";": "write one equation a line",
    ":": "write a letter for each axis",
    ".": "write names without dots",
    "\\": "continue a line inside brackets",
}


@dataclass(frozen=True)
class Source:
    """One line of mathematics and where it stands, for pointing at mistakes in it."""

    text: str
    file: str | None
    line: int

    def fail(self, message: str) -> NoReturn:
        raise InputError(message, self.file, self.line)


@dataclass(frozen=True)
class Statement:
    """``target operator expression``; a bare expression has no target."""

    target: str
    operator: str  # = or +=, or nothing
    expression: str
    text: str
    line: int  # 1 is the formula's first line


def statements(text: str, file: str | None = None, line: int = 1) -> list[Statement]:
    """Split a formula into its equations: one a line, and longer inside brackets.

    Raises InputError, at the equation's line, for whatever is no token of the language.
    """
    if len(text) > MAX_LENGTH:
        problem = f"the formula has {len(text)} characters; at most {MAX_LENGTH}"
        raise InputError(problem, file, line)
    found: list[Statement] = []
    rows: list[str] = []
    depth = start = 0
    for number, row in enumerate(text.split("\n"), start=1):
        code = row.split("#", 1)[0].strip()
        _check_characters(row, code, Source(row, file, line + number - 1))
        if not code:
            continue
        start = start if rows else number
        rows.append(code)
        depth += sum(code.count(sign) for sign in "([") - sum(code.count(sign) for sign in ")]")
        if depth <= 0:
            found.append(_scan(Source(" ".join(rows), file, line + start - 1), start))
            rows, depth = [], 0
    if rows:
        _scan(Source(" ".join(rows), file, line + start - 1), start)
    if not found:
        raise InputError("the formula is empty; write one such as x*sigmoid(x)", file, line)
    if len(found) > MAX_EQUATIONS:
        problem = f"the formula has {len(found)} equations; at most {MAX_EQUATIONS}"
        raise InputError(problem, file, line)
    return found


def _check_characters(row: str, code: str, source: Source) -> None:
    for character in row:
        if (ord(character) < 32 and character not in "\t\r") or character == "\x7f":
            source.fail(f"control character {character!a} in the formula; remove it")
    for character in code:
        if not character.isascii():
            shown = character if character.isprintable() else ascii(character)
            source.fail(f"'{shown}' (U+{ord(character):04X}) is not ASCII; write it in ASCII")


def _scan(source: Source, start: int) -> Statement:
    """The statement in ``source``, each of its tokens checked."""
    brackets: list[str] = []
    assignments: list[re.Match[str]] = []
    previous = ""  # the token before, nothing at the start
    minuses = powers = 0
    tokens = [token for token in TOKEN.finditer(source.text) if token.lastgroup != "space"]
    if len(tokens) > MAX_TOKENS:
        source.fail(f"the equation has {len(tokens)} words and signs; at most {MAX_TOKENS}")
    for token in tokens:
        word = token.group()
        _check_token(token, previous, source)
        minuses = minuses + 1 if word == "-" else 0
        powers += word == "**"
        if word in "([":
            brackets.append(word)
        elif word in OPENING:
            _close(word, brackets, source)
        elif word in ("=", "+="):
            assignments.append(token)
            if brackets:
                source.fail(f"'{word}' inside brackets; close '{brackets[-1]}', or compare by ==")
        if len(brackets) > MAX_BRACKETS or minuses > MAX_MINUSES or powers > MAX_POWERS:
            source.fail(TOO_DEEP)
        previous = word
    if brackets:
        source.fail(f"'{brackets[-1]}' is never closed")
    return _statement(source, assignments, start)


def _close(word: str, brackets: list[str], source: Source) -> None:
    if not brackets:
        source.fail(f"'{word}' closes nothing; remove it")
    opened = brackets.pop()
    if opened != OPENING[word]:
        source.fail(f"'{opened}' is closed by '{word}'; make them a pair")


def _check_token(token: re.Match[str], previous: str, source: Source) -> None:
    word, kind = token.group(), token.lastgroup
    rest = source.text[token.end() :]
    if kind in ("wrong", "other"):
        if word in ("'", '"', "`"):
            source.fail("a formula holds no text in quotes; remove it")
        hint = CORRECTION.get(word, "the operators are + - * / **")
        source.fail(f"'{word}' is not an operator; {hint}")
    if kind == "name" and keyword.iskeyword(word) and word not in ("and", "or"):
        source.fail(reserved(word) or "")
    glued = re.match(r"[\w.]+", rest, re.ASCII) if kind == "number" else None
    if glued:
        shown = word + glued.group()
        if re.match(r"0[xob]|.*[_.]", shown, re.IGNORECASE) or not glued.group()[0].isalpha():
            source.fail(f"'{shown}' is no number; write digits, a point and an exponent")
        source.fail(f"'{shown}' lacks an operator; write {word}*{glued.group()}")
    words = kind in ("name", "number") and re.search(r"[\w)\]]$", previous, re.ASCII)
    if words and not {word, previous} & {"and", "or"}:
        source.fail(f"'{previous} {word}' lacks an operator; write {previous}*{word}")


def _statement(source: Source, assignments: list[re.Match[str]], start: int) -> Statement:
    text = source.text
    if not assignments:
        return Statement("", "", text, text, start)
    if len(assignments) > 1:
        source.fail(f"'{shorten(text)}' has two '='; write one equation a line")
    sign = assignments[0]
    target, expression = text[: sign.start()].strip(), text[sign.end() :].strip()
    if not target or not expression:
        source.fail(f"'{shorten(text)}' lacks a side; write name[indices] = expression")
    return Statement(target, sign.group(), expression, text, start)


def shorten(text: str) -> str:
    """At most 60 characters of a text, for a message."""
    return text if len(text) <= 60 else f"{text[:57]}..."


def segment(node: ast.AST, source: Source, whole: bool = False) -> str:
    """The text of a node of Python's tree, shortened for a message unless ``whole``."""
    start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
    return source.text[start:end] if whole else shorten(source.text[start:end])
