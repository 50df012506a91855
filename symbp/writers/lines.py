"""Lines of generated code: the formula behind each, and where a long one breaks."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

WIDTH = 100
INDENT = "    "


@dataclass(frozen=True)
class Line:
    """A line of code, the formula that it computes, and the equation's id."""

    code: str
    formula: str = ""
    id: str = ""
    depth: int = 0

    def render(self, indent: str) -> list[str]:
        """The line, its formula behind it or, where that is too long, above it."""
        start = indent + INDENT * self.depth
        mark = f"\ue003{self.id}" if self.id else ""
        code = start + self.code
        if not self.formula:
            return [code + mark]
        whole = f"{code}  # {self.formula}"
        if len(whole) <= WIDTH:
            return [whole + mark]
        above = textwrap.wrap(
            self.formula, WIDTH, initial_indent=f"{start}# ", subsequent_indent=f"{start}#   "
        )
        return [*above, *wrap(code, start, mark)]


def wrap(code: str, start: str, mark: str) -> list[str]:
    """A line that is too long, broken at its outermost sums or products in brackets."""
    if len(code) <= WIDTH or " = " not in code:
        return [code + mark]
    target, _, value = code.partition(" = ")
    inner, rest = _leading_bracket(value)
    if rest:
        flat = f"{start}{INDENT}{inner}"
        parts = [inner] if len(flat) <= WIDTH else _split(inner, (" + ", " - "))
        return [
            f"{target} = ({mark}",
            *(f"{start}{INDENT}{p}{mark}" for p in parts),
            f"{start}){rest}{mark}",
        ]
    for signs in ((" + ", " - "), (" * ", " / ", " @ ")):
        parts = _split(value, signs)
        if len(parts) > 1:
            return [
                f"{target} = ({mark}",
                *(f"{start}{INDENT}{p}{mark}" for p in parts),
                f"{start}){mark}",
            ]
    return [code + mark]


def _leading_bracket(value: str) -> tuple[str, str]:
    """``(a + b) / c`` as ``a + b`` and `` / c``; empty where it does not begin with a bracket."""
    if not value.startswith("("):
        return "", ""
    depth = 0
    for k, sign in enumerate(value):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return value[1:k], value[k + 1 :]
    return "", ""


def _split(text: str, signs: tuple[str, ...]) -> list[str]:
    parts, depth, last, k = [], 0, 0, 0
    while k < len(text):
        depth += (text[k] in "([{") - (text[k] in ")]}")
        if depth == 0 and k > last and text[k : k + 3] in signs:
            parts.append(text[last:k])
            last = k + 1
        k += 1
    return [*parts, text[last:]]


def tidy(code: str) -> str:
    """Spaces around ** and : where the operands are not simple, as code formatters have them."""
    code = re.sub(r"(?<=[\])])\*\*(?=[\w(])", " ** ", code)
    return re.sub(r"(?<=\w)\*\*(?=\()", " ** ", code)


def unpack(pairs: list[tuple[str, str]]) -> list[Line]:
    """``a, b = params["a"], params["b"]`` on as few lines as fit."""
    made: list[Line] = []
    row: list[tuple[str, str]] = []
    for pair in pairs:
        if row and len(_assignment([*row, pair])) + 4 > WIDTH:
            made.append(Line(_assignment(row)))
            row = []
        row.append(pair)
    return [*made, Line(_assignment(row))] if row else made


def _assignment(pairs: list[tuple[str, str]]) -> str:
    return f"{', '.join(n for n, _ in pairs)} = {', '.join(v for _, v in pairs)}"


def dict_lines(entries: list[str]) -> list[Line]:
    """``return {..}`` on one line where it fits, else an entry a line."""
    whole = f"return {{{', '.join(entries)}}}"
    if len(INDENT + whole) <= WIDTH:
        return [Line(whole)]
    return [Line("return {"), *(Line(f"{e},", depth=1) for e in entries), Line("}")]
