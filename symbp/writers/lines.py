"""Lines of generated code: the formula behind each, and where a long one breaks."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from symbp.printers.marks import unmarked
from symbp.writers.layout import INDENT, WIDTH, broken

HELD = "\ue004"  # a space where no line breaks
SHORT = 40  # a bracket that stays on one line of a comment


@dataclass(frozen=True)
class Line:
    """A line of code, the formula that it computes, and the equation's id."""

    code: str
    formula: str = ""
    id: str = ""
    depth: int = 0

    def render(self, indent: str, place: str = "") -> list[str]:
        """The line, its formula behind it or, where that is too long, above it.

        Behind each line of code stand its equation's id and its ``place``, where it has any.
        """
        start = indent + INDENT * self.depth
        mark = f"\ue003{self.id}\ue003{place}" if self.id or place else ""
        code = start + self.code
        whole = f"{code}  # {self.formula}"
        if self.formula and len(whole) <= WIDTH:
            return [whole + mark]
        return [*comment(self.formula, start), *(line + mark for line in broken(code, start))]


def comment(formula: str, start: str) -> list[str]:
    """A formula above its line; what stands in short brackets stays together."""
    lines = textwrap.wrap(
        held(formula), WIDTH, initial_indent=f"{start}# ", subsequent_indent=f"{start}#   "
    )
    return [line.replace(HELD, " ") for line in lines]


def held(formula: str) -> str:
    def hold(match: re.Match[str]) -> str:
        text = match[0]
        return text.replace(" ", HELD) if len(text) <= SHORT else f"({held(text[1:])}"

    return re.sub(r"\((?:[^()]|\([^()]*\))*\)", hold, formula)


def tidy(code: str) -> str:
    """Spaces around ** and : where the operands are not simple, as code formatters have them."""
    code = re.sub(r"(?<=[\])])\*\*(?=[\w(])", " ** ", code)
    return re.sub(r"(?<=\w)\*\*(?=\()", " ** ", code)


def unpack(pairs: list[tuple[str, str]]) -> list[Line]:
    """``a, b = params["a"], params["b"]`` on as few lines as fit."""
    made: list[Line] = []
    row: list[tuple[str, str]] = []
    for pair in pairs:
        if row and len(unmarked(_assignment([*row, pair]))) + 4 > WIDTH:
            made.append(Line(_assignment(row)))
            row = []
        row.append(pair)
    return [*made, Line(_assignment(row))] if row else made


def _assignment(pairs: list[tuple[str, str]]) -> str:
    return f"{', '.join(n for n, _ in pairs)} = {', '.join(v for _, v in pairs)}"


def dict_lines(entries: list[str]) -> list[Line]:
    """``return {..}`` on one line where it fits, else an entry a line."""
    whole = f"return {{{', '.join(entries)}}}"
    if len(INDENT + unmarked(whole)) <= WIDTH:
        return [Line(whole)]
    return [Line("return {"), *(Line(f"{e},", depth=1) for e in entries), Line("}")]
