"""Where a statement that is too long breaks: as code formatters (Black, Ruff) break it.

A value breaks within its brackets; a sum, a product or a chain of methods, which has no brackets of its
own around it, gets a pair of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WIDTH = 100
INDENT = "    "
LEVELS = (
    ("if", "else"), ("or",), ("and",), ("<", "<=", ">", ">=", "==", "!="), ("|",), ("&",), ("+", "-"),
    ("*", "/", "@", "%", "//"), ("**",),
)  # fmt: skip
BEFORE = ("=", "+=", "in")  # a value
SIGN = re.compile(
    r"""("[^"]*"|'[^']*')  # text
    | ([(\[{]) | ([)\]}]) | (,[ ])
    | [ ]([-+*/@%<>=!|&]+|or|and|in|if|else)(?=[ ])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Bracket:
    """``items`` within a pair of brackets."""

    left: str
    items: tuple[str, ...]
    right: str

    @property
    def flat(self) -> str:
        return self.left + ", ".join(self.items) + self.right


Part = str | Bracket


def broken(code: str, start: str) -> list[str]:
    """The lines of one statement, ``start`` being its indentation."""
    if len(code) <= WIDTH:
        return [code]
    head, value, end = pieces(code)
    if needs_brackets(value, head, end, start):
        inner = start + INDENT
        return [f"{head}(", *operands(inner, value, inner), f"{start}){end}"]
    return chain(head, value, end, start)


def needs_brackets(value: str, head: str, end: str, start: str) -> bool:
    """Whether no bracket of a value is the place to break it."""
    found = binary(value)
    if not found:
        return len(links(value)) > 2
    first, last = found[0], found[-1].partition(" ")[2]
    if len(found) > 2 or not (first[0] in "([" or _closed(last)):
        return True
    return any(len(line) > WIDTH for line in chain(head, value, end, start))


def operands(head: str, value: str, start: str, end: str = "") -> list[str]:
    """A value within brackets: on one line, or an operand a line, or a method a line."""
    if len(head + value + end) <= WIDTH:
        return [head + value + end]
    rows = binary(value)
    if not rows:
        rows = links(value)
        if len(rows) <= 2:
            return chain(head, value, end, start)
    made: list[str] = []
    for k, row in enumerate(rows):
        sign = "" if k == 0 or row.startswith(".") else row.partition(" ")[0] + " "
        last = end if k == len(rows) - 1 else ""
        front = head if k == 0 else start
        made += operands(front + sign, row.removeprefix(sign), start, last)
    return made


def chain(head: str, value: str, end: str, start: str) -> list[str]:
    """A value broken within its brackets, from the first that does not fit on."""
    parts = list(split(value))
    made, line = [], head
    for k, part in enumerate(parts):
        if isinstance(part, str):
            line += part
            continue
        rest = "".join(_upto(parts[k + 1 :])) if k + 1 < len(parts) else ""
        whole = not any(isinstance(p, Bracket) for p in parts[k + 1 :])
        if len(line + part.flat + rest + (end if whole else "")) <= WIDTH or not part.items:
            line += part.flat
            continue
        made += [line + part.left, *inside(part, start + INDENT)]
        line = start + part.right
    return [*made, line + end]


def inside(bracket: Bracket, start: str) -> list[str]:
    """What stands between brackets: on one line, or an item a line."""
    flat = start + ", ".join(bracket.items)
    if len(bracket.items) == 1 and bracket.left == "(":
        return operands(start, bracket.items[0], start)
    if len(flat) <= WIDTH:
        return [flat]
    return [line for item in bracket.items for line in operands(start, item, start, ",")]


# -- reading ------------------------------------------------------------------------------------


def pieces(code: str) -> tuple[str, str, str]:
    """A statement up to its value, the value, and the colon of a head."""
    begin = code.index("return ") + 7 if code.lstrip().startswith("return ") else 0
    begin = begin or next((k + len(w) + 1 for k, w in words(code) if w in BEFORE), 0)
    begin = begin or len(code) - len(code.lstrip())
    end = ":" if code.endswith(":") else ""
    return code[:begin], code[begin:].removesuffix(":"), end


def words(text: str) -> Iterator[tuple[int, str]]:
    """The operators outside all brackets, with their places."""
    depth = 0
    for sign in SIGN.finditer(text):
        _, left, right, _, word = sign.groups()
        depth += bool(left) - bool(right)
        if word and depth == 0:
            yield sign.start() + 1, word


def split(value: str) -> Iterator[Part]:
    """A value as its outermost brackets and what stands between them."""
    depth = begin = opened = 0
    items: list[str] = []
    for sign in SIGN.finditer(value):
        _, left, right, comma, _ = sign.groups()
        if left:
            depth += 1
            if depth == 1:
                if value[begin : sign.start()]:
                    yield value[begin : sign.start()]
                opened, begin, items = sign.start(), sign.end(), []
        elif right:
            depth -= 1
            if depth == 0:
                items += [value[begin : sign.start()]] if value[begin : sign.start()] else []
                yield Bracket(value[opened], tuple(items), right)
                begin = sign.end()
        elif comma and depth == 1:
            items.append(value[begin : sign.start()])
            begin = sign.end()
    if value[begin:]:
        yield value[begin:]


def binary(value: str) -> list[str]:
    """The operands of the operators that bind least, each but the first behind its operator."""
    places = list(words(value))
    for level in LEVELS:
        cuts = [place for place, word in places if word in level]
        if cuts:
            ends = [*(c - 1 for c in cuts), len(value)]
            return [value[a:b] for a, b in zip([0, *cuts], ends, strict=True)]
    return []


def links(value: str) -> list[str]:
    """A chain of methods, cut before each that is called on the result of a call."""
    rows = [""]
    after = False
    for part in split(value):
        if isinstance(part, str) and after and part.startswith("."):
            rows.append("")
        rows[-1] += part if isinstance(part, str) else part.flat
        after = isinstance(part, Bracket)
    return rows


def _closed(operand: str) -> bool:
    """Whether an operand ends with brackets that hold something, other than a subscript's."""
    parts = list(split(operand))
    last = parts[-1]
    return isinstance(last, Bracket) and bool(last.items) and (last.left != "[" or len(parts) == 1)


def _upto(parts: list[Part]) -> Iterator[str]:
    """What has to stand on a line with a bracket's end: all up to the next bracket."""
    for part in parts:
        if isinstance(part, Bracket):
            yield part.left
            return
        yield part
