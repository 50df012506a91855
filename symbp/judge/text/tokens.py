"""A formula as tokens that know their place; LaTeX, Unicode and plain signs give the same ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from symbp.judge.text.signs import COMMANDS, COMPOSED, DOUBLE, LOWERED, MARKS, RAISED, SIMPLE

MOST = 3_000  # tokens of one formula
SPACING = frozenset((
    ";", ":", "!", ">", "quad", "qquad", "enspace", "thinspace", "left", "right", "big", "Big",
    "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr",
    "displaystyle", "textstyle", "limits", "nolimits", "nonumber", "notag", "small", "mathop",
    "mathrel", "mathbin", "centering", "noindent", "hfill", "middle", "allowbreak", "break",
    " ", ",",
))  # fmt: skip
WITH_ARGUMENT = frozenset((
    "label", "tag", "hspace", "vspace", "phantom", "vphantom", "hphantom", "color", "begin",
    "end", "ref", "eqref",
))  # fmt: skip
GAPS = frozenset({"quad", "qquad"})
NUMBER = re.compile(r"(?:\d+(?:\.\d+|\.(?=\s*[*/+)-]))?|\.\d+)(?:[eE][+-]?\d+)?")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
SIDES = re.compile(r"\\(left|right)\b\s*(\||\\r?vert\b)?")
PAIRS = ("**", ":=", "<=", ">=", "==", "!=", "->")


class Unreadable(Exception):
    """A place in the text that cannot be read, and what was expected there."""

    def __init__(self, start: int, reason: str) -> None:
        super().__init__(reason)
        self.start, self.reason = start, reason


@dataclass(frozen=True)
class Token:
    """``kind`` is number, word, command (without its backslash), sign, row, gap, text or end."""

    kind: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end of the formula"
        return f"'\\{self.text}'" if self.kind == "command" else f"'{self.text}'"

    def is_(self, *texts: str) -> bool:
        return self.kind in ("sign", "command") and self.text in texts


def tokens(text: str, start: int, end: int) -> list[Token]:
    """The tokens of a piece of the text, spacing left out. Raises Unreadable."""
    made: list[Token] = []
    for token in _Scanner(text, start, end).run():
        made.append(token)
        if len(made) > MOST:
            raise Unreadable(token.start, f"the formula has more than {MOST} signs")
    return made


class _Scanner:
    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.here, self.end = text, start, end
        self.bars: set[int] = set()  # where a \\right| closes a \\left.

    def run(self) -> Iterator[Token]:
        while self.here < self.end:
            char = self.text[self.here]
            if char == "&":
                yield self.token("align", char)
            elif char.isspace() or char in "~$`\u200b\ufeff\u2061\u2062":
                self.here += 1
            elif char == "\\":
                yield from self.command()
            elif char in LOWERED or char in RAISED:
                yield from self.scripts(LOWERED if char in LOWERED else RAISED)
            else:
                yield from self.plain(char)

    def token(self, kind: str, text: str, length: int = 1) -> Token:
        made = Token(kind, text, self.here, self.here + length)
        self.here += length
        return made

    def plain(self, char: str) -> Iterator[Token]:
        """Numbers, words and signs as they are on a keyboard, or in Unicode."""
        number = NUMBER.match(self.text, self.here, self.end)
        word = WORD.match(self.text, self.here, self.end)
        if (char.isdigit() and char.isascii()) or (char == "." and number):
            assert number is not None
            yield self.token("number", number[0], len(number[0]))
        elif word:
            yield self.token("word", word[0], len(word[0]))
            yield from self.mark()
        elif self.text[self.here : self.here + 2] in PAIRS:
            yield self.token("sign", self.text[self.here : self.here + 2], 2)
        elif char in COMPOSED:
            letter, mark = COMPOSED[char]
            yield Token("command", mark, self.here, self.here)
            yield self.token("word", letter)
        elif char in COMMANDS:
            yield self.token("command", COMMANDS[char])
            yield from self.mark()
        elif char in DOUBLE:
            yield Token("sign", "'", self.here, self.here + 1)
            yield self.token("sign", "'")
        elif char in SIMPLE:
            yield self.token("sign", SIMPLE[char])
        elif char.isascii() and char.isprintable():
            yield self.token("sign", char)
        else:
            plain = unicodedata.normalize("NFKC", char)
            if plain != char and len(plain) == 1 and plain.isascii():  # a mathematical letter
                yield self.token("word" if plain.isalpha() else "sign", plain)
            else:
                self.fail(f"'{char}' is no sign of a formula")

    def mark(self) -> Iterator[Token]:
        """A combining accent behind a letter becomes an accent in front, as in LaTeX."""
        if self.here < self.end and self.text[self.here] in MARKS:
            yield self.token("mark", MARKS[self.text[self.here]])

    def scripts(self, table: dict[str, str]) -> Iterator[Token]:
        """A run of small signs as one script in braces."""
        start = self.here
        while self.here < self.end and self.text[self.here] in table:
            self.here += 1
        written = "".join(table[c] for c in self.text[start : self.here])
        yield Token("sign", "_" if table is LOWERED else "^", start, start)
        yield Token("sign", "{", start, start)
        for part in re.findall(r"\d+|[A-Za-z]+|.", written):
            kind = "number" if part.isdigit() else "word" if part.isalpha() else "sign"
            yield Token(kind, part, start, self.here)
        yield Token("sign", "}", start, self.here)

    def command(self) -> Iterator[Token]:
        found = COMMAND.match(self.text, self.here, self.end)
        if found is None:
            self.fail("a backslash at the end")
        name = found[0][1:]
        length = len(found[0])
        if self.here in self.bars:
            yield Token("sign", ")", self.here, self.here)
        if name in ("left", "right") and self.text.startswith(".", self.here + length):
            length += 1
            if name == "left" and self.closed_by_bar(self.here + length):
                yield Token("sign", "(", self.here, self.here)
        if name == "\\":
            yield self.token("row", name, length)
            self.skip_option()
        elif name in GAPS:
            yield self.token("gap", name, length)
        elif name in SPACING:
            self.here += length
        elif name in ("begin", "end") and self.text.startswith("{cases}", self.here + length):
            yield self.token("command", {"begin": "cases", "end": "endcases"}[name], length + 7)
        elif name in WITH_ARGUMENT:
            self.here += length
            self.argument()
        elif name in "{}|_#%&":
            yield self.token("sign", {"{": "(", "}": ")"}.get(name, name), length)
        elif name in ("textcolor", "colorbox", "htmlClass", "htmlData", "style"):
            self.here += length
            self.argument()
        elif name in ("text", "textrm", "textit", "textbf", "mbox", "textnormal"):
            start = self.here
            self.here += length
            yield Token("text", self.argument().strip(), start, self.here)
        elif name.isalpha():
            yield self.token("command", name, length)
        else:
            self.fail(f"'\\{name}' is no sign of a formula")

    def closed_by_bar(self, start: int) -> bool:
        """Whether what a ``\\left.`` opens ends with ``\\right|``, which is noted."""
        depth = 1
        for found in SIDES.finditer(self.text, start, self.end):
            depth += 1 if found[1] == "left" else -1
            if depth == 0:
                self.bars.update([found.start()] if found[2] else [])
                return bool(found[2])
        return False

    def argument(self) -> str:
        """What stands in the braces that follow, without looking into it."""
        while self.here < self.end and self.text[self.here] in " *\t":
            self.here += 1
        start, depth = self.here, 0
        if start < self.end and self.text[start] != "{":
            return ""
        while self.here < self.end:
            depth += {"{": 1, "}": -1}.get(self.text[self.here], 0)
            self.here += 1
            if depth == 0:
                return self.text[start + 1 : self.here - 1]
        self.here = start
        self.fail("the brace is never closed; expected '}'")

    def skip_option(self) -> None:
        """The distance behind a row, as in ``\\\\[4pt]``."""
        option = re.compile(r"\s*\[[-\d.]+\s*[a-z]{2}\]").match(self.text, self.here, self.end)
        if option:
            self.here = option.end()

    def fail(self, reason: str) -> NoReturn:
        raise Unreadable(self.here, f"{reason}; expected a formula")
