"""About how wide LaTeX math prints, in points at 10 pt: enough to know where a line must break."""

from __future__ import annotations

import re
from functools import lru_cache

TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\s+|.", re.DOTALL)
SMALL = 0.72  # indices and exponents
WIDE = {"\\sum": 15.0, "\\odot": 12.0, "\\oslash": 12.0, "\\leftarrow": 16.0, "\\cdot": 7.5,
        "\\quad": 10.0, "\\dots": 12.0, "\\top": 8.0, "\\le": 13.0, "\\ge": 13.0, "\\ne": 13.0,
        "\\max": 19.0, "\\left": 2.5, "\\right": 2.5, "\\operatorname": 0.0, "\\mathrm": 0.0,
        "\\mathit": 0.0, "\\mathbf": 0.0, "\\text": 0.0, "\\hat": 0.0, "\\tilde": 0.0,
        "\\prime": 3.0, "\\phantom": 0.0, "\\small": 0.0,
        "\\sqrt": 9.0}  # fmt: skip
WORDS = ("\\log", "\\exp", "\\tanh", "\\sin", "\\cos", "\\tan", "\\sinh", "\\cosh")
SIGNS = {"=": 14.0, "+": 13.0, "-": 13.0, "<": 14.0, ">": 14.0, "(": 4.0, ")": 4.0, "[": 3.0,
         "]": 3.0, "|": 3.0, ",": 5.0, "'": 3.0, "&": 0.0, ".": 3.0, "/": 5.0}  # fmt: skip


@lru_cache(maxsize=10_000)
def width(latex: str) -> float:
    """The width of a formula that stands on one line."""
    return _Reader(TOKEN.findall(latex)).row()


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def row(self, end: str = "") -> float:
        total = 0.0
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            self.place += 1
            if token == end:
                break
            total += self.one(token)
        return total

    def one(self, token: str) -> float:
        if token == "{":
            return self.row("}")
        if token == "\\begin":
            return self.table()
        if token == "\\frac":
            return max(self.next(), self.next()) + 2.4
        if token in "_^":
            return self.scripts(token)
        if token.isspace():
            return 0.0
        if token in WORDS:
            return 5.2 * (len(token) - 1) + 1.7
        if token in WIDE:
            return WIDE[token]
        if token.startswith("\\"):
            return 6.0
        if token in SIGNS:
            return SIGNS[token]
        return 8.0 if token.isupper() else 5.4 if token.isascii() else 10.0

    def table(self) -> float:
        """A choice: a brace, and the widest of each column."""
        self.next()  # the name of the environment
        columns: list[list[float]] = [[0.0]]
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            self.place += 1
            if token == "\\end":
                self.next()
                break
            if token == "\\\\":
                columns.append([0.0])
            elif token == "&":
                columns[-1].append(0.0)
            else:
                columns[-1][-1] += self.one(token)
        longest = max(map(len, columns))
        padded = [[*row, *[0.0] * (longest - len(row))] for row in columns]
        return 10.0 + sum(max(cells) + 10.0 for cells in zip(*padded, strict=True))

    def next(self) -> float:
        """The next token or group, as an argument."""
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        if self.place == len(self.tokens):
            return 0.0
        self.place += 1
        return self.one(self.tokens[self.place - 1])

    def scripts(self, first: str) -> float:
        """An index and an exponent stand above each other."""
        found = [self.next()]
        if self.place < len(self.tokens) and self.tokens[self.place] in {"_", "^"} - {first}:
            self.place += 1
            found.append(self.next())
        return SMALL * max(found) + 0.5
