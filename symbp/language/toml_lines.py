"""The line on which each key of a TOML text stands, which ``tomllib`` does not tell.

The scanner is linear in the text. It refuses what would make ``tomllib`` slow or exhaust its stack
(endless dotted keys, arrays in arrays, numbers of thousands of digits), so it runs first. Where the
text is no TOML it simply stops: ``tomllib`` then says why.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

from symbp.errors import InputError

Path = tuple[str | int, ...]  # ("layer", 2, "units"); list items count from 0

MAX_KEY_PARTS = 16
MAX_DEPTH = 64
MAX_SCALAR = 400  # characters of a number or date

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_NUMBERS = re.compile(r"(?:[0-9eE.+_-]{1,40},[ \t]*)+")  # many items of an array at once
_STRINGS = [  # the long forms first: '""' opens one of them
    re.compile(r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""(?:"{0,2})', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
    re.compile(r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'),
    re.compile(r"'[^'\n]*'"),
]
_TEXT_START = re.compile(r"(?:\"\"\"\n?(?:\\[ \t]*\n\s*)*)|(?:'''\n?)")


@dataclass(frozen=True)
class Lines:
    """Line numbers, from 1, by key path."""

    keys: dict[Path, int] = field(default_factory=dict)
    texts: dict[Path, int] = field(default_factory=dict)  # where a string's own first line stands

    def of(self, path: Path) -> int | None:
        """The line of a key; for a missing key, that of the closest table around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.keys:
                return self.keys[path[:end]]
        return 1 if self.keys else None

    def of_text(self, path: Path) -> int | None:
        """The line on which the text of a string begins, behind an opening ``\"\"\"``."""
        return self.texts.get(path, self.of(path))


class _LostError(Exception):
    """The text is no TOML from here on."""


class Scanner:
    def __init__(self, text: str, file: str | None) -> None:
        self.text = text
        self.file = file
        self.position = 0
        self.line = 1
        self.lines = Lines()
        self.counts: dict[Path, int] = {}  # tables so far in each [[array]]

    def scan(self) -> Lines:
        table: Path = ()
        try:
            while self.blank():
                if self.at("["):
                    table = self.header()
                else:
                    self.pair(table, 0)
        except _LostError:
            pass
        return self.lines

    # moving on

    def at(self, start: str) -> bool:
        return self.text.startswith(start, self.position)

    def take(self, pattern: re.Pattern[str]) -> str:
        """The match of a pattern here ("" where there is none), moving behind it."""
        match = pattern.match(self.text, self.position)
        if not match:
            return ""
        self.line += self.text.count("\n", self.position, match.end())
        self.position = match.end()
        return match[0]

    def expect(self, mark: str) -> None:
        if not self.at(mark):
            raise _LostError
        self.position += len(mark)

    def blank(self) -> bool:
        """Skip white space, line ends and comments; False at the end of the text."""
        self.take(_BLANK)
        return self.position < len(self.text)

    def string(self) -> str:
        return next((token for token in map(self.take, _STRINGS) if token), "")

    # what TOML is made of

    def header(self) -> Path:
        line = self.line
        several = self.at("[[")
        self.expect("[[" if several else "[")
        *outer, last = self.key()
        self.expect("]]" if several else "]")
        path: Path = ()
        for part in outer:
            path += (part,)
            if path in self.counts:
                path += (self.counts[path] - 1,)
        path += (last,)
        self.note(path, line)
        if several:
            index = self.counts.get(path, 0)
            self.counts[path] = index + 1
            path += (index,)
            self.note(path, line)
        return path

    def key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self.take(_SPACE)
            part = self.take(_BARE_KEY)
            if not part:
                quoted = self.string()
                if not quoted:
                    raise _LostError
                part = _unquote(quoted)
            parts.append(part)
            if len(parts) > MAX_KEY_PARTS:
                raise InputError(
                    f"a key has at most {MAX_KEY_PARTS} parts between dots", self.file, self.line
                )
            self.take(_SPACE)
            if not self.at("."):
                return parts
            self.position += 1

    def pair(self, table: Path, depth: int) -> None:
        line = self.line
        path = table
        for part in self.key():
            path += (part,)
            self.note(path, line)
        self.expect("=")
        self.take(_SPACE)
        self.value(path, depth)

    def value(self, path: Path, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise InputError(f"values nest at most {MAX_DEPTH} deep", self.file, self.line)
        if self.at("["):
            self.items("[", "]", path, depth)
        elif self.at("{"):
            self.items("{", "}", path, depth)
        elif self.at('"') or self.at("'"):
            self.words(path)
        else:
            scalar = self.take(_SCALAR)
            if not scalar:
                raise _LostError
            if len(scalar.strip()) > MAX_SCALAR:
                raise InputError("not valid TOML: a number is too long", self.file, self.line)

    def items(self, opening: str, closing: str, path: Path, depth: int) -> None:
        """An array, or an inline table."""
        self.expect(opening)
        index = 0
        while self.blank() and not self.at(closing):
            if opening == "{":
                self.pair(path, depth + 1)
            elif numbers := self.take(_NUMBERS):
                index += numbers.count(",")
                continue
            else:
                item = (*path, index)
                if self.line != self.lines.of(path):
                    self.note(item, self.line)
                self.value(item, depth + 1)
            index += 1
            self.blank()
            if not self.at(closing):
                self.expect(",")
        self.expect(closing)

    def words(self, path: Path) -> None:
        start = _TEXT_START.match(self.text, self.position)
        if start:
            self.lines.texts[path] = self.line + start[0].count("\n")
        if not self.string():
            raise _LostError

    def note(self, path: Path, line: int) -> None:
        self.lines.keys.setdefault(path, line)


def _unquote(key: str) -> str:
    try:
        return str(tomllib.loads(f"key = {key}")["key"]) if "\\" in key else key[1:-1]
    except tomllib.TOMLDecodeError:
        raise _LostError from None
