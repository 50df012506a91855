"""Where the formulas of a text are: in LaTeX displays, between dollars, or on lines of their own.

Everything is told by offsets into the text, so that a mistake can be shown in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

ENVIRONMENTS = (
    r"(?:align|aligned|alignat|equation|eqnarray|gather|gathered|split|multline|displaymath|math"
    r"|flalign|dmath)\*?"
)
DISPLAYS = re.compile(
    rf"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|\\begin\{{({ENVIRONMENTS})\}}(.+?)\\end\{{\4\}}",
    re.DOTALL,
)
INLINE = re.compile(r"(?<!\\)\$([^$\n]+?)\$|(?<!`)`([^`\n]+)`(?!`)")
HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
COMMENT = re.compile(r"(?<!\\)%[^\n]*|<!--.*?-->", re.DOTALL)
PREAMBLE = re.compile(r"\A.*?\\begin\{document\}", re.DOTALL)
STRUCTURE = re.compile(
    r"\\(?:documentclass|usepackage|section|subsection|subsubsection|paragraph|title|author|date"
    r"|textbf|emph|textit|caption|label|chapter)\*?(?:\[[^\]]*\])?\{[^{}]*\}"
    r"|\\(?:(?:item|maketitle)(?![A-Za-z])|(?:begin|end)\{(?!cases)[a-z*]+\}|(?:newpage|noindent|medskip|bigskip|par)(?![A-Za-z]))"
)
BOLD = re.compile(r"(?<![\w)\]])\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*(?![\w(])")  # of Markdown, no power
LEAD = re.compile(r"\s*(?:[-*+>#|•]+\s+|\(?\d{1,2}[.)]\s+|\(?[a-z]\)\s+|\*\*)*")
REMARK = re.compile(  # behind a formula: # .., // .., (words), (by the chain rule)
    r"[ \t](?:#|//).*$|[ \t]{2,}\([A-Za-z]{3,}[^()=*/+^_\\\n]*\)[ \t]*$"
    r"|[ \t]\([a-z]{2,}(?: [a-z]{2,})+\)[ \t]*$",
    re.MULTILINE,
)
CHINESE = r"\u3000-\u303f\u3400-\u9fff"
PROSE = re.compile(rf"[{CHINESE}]+[：，。]?|[：，。；]|(?<![:\w])(?<!:):(?!=)|\*\*|[|]")
CONTINUES = re.compile(r"\s*(?:=|\+|-(?!\s*[A-Za-z∂\\]\S*\s*=)|\*|⊙|·|@|\\odot|\\cdot|\\circ|\))")
OPEN_END = re.compile(r"(?:[=+*/@(⊙·,-]|\\odot|\\cdot|\\circ)\s*$")


@dataclass(frozen=True)
class Piece:
    """A stretch of text that may hold formulas. In ``math`` it surely does, and what stands outside
    may be prose; ``parts`` are the places at which a formula on a line may begin."""

    start: int
    end: int
    math: bool
    parts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Source:
    """``text`` is the answer with its comments blanked, every character in its place."""

    text: str
    pieces: tuple[Piece, ...]


def source(text: str) -> Source:
    """All stretches of a text that may hold formulas, in order."""
    clean = _without(COMMENT if _is_latex(text) else HIDDEN, text)
    preamble = PREAMBLE.match(clean)
    if preamble:
        clean = re.sub(r"[^\n]", " ", preamble[0]) + clean[preamble.end() :]
    displays: list[Piece] = []
    for match in DISPLAYS.finditer(clean):
        group = next(k for k in (1, 2, 3, 5) if match.group(k) is not None)
        displays.append(Piece(match.start(group), match.end(group), True))
    lines = BOLD.sub(r"  \1  ", _without(DISPLAYS, clean))
    for pattern in (STRUCTURE, REMARK):
        lines = _without(pattern, lines)
    found = sorted([*displays, *_lines(lines)], key=lambda piece: piece.start)
    for piece in displays:
        lines = lines[: piece.start] + clean[piece.start : piece.end] + lines[piece.end :]
    return Source(lines, tuple(found))


def _is_latex(text: str) -> bool:
    return "\\" in text


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Matches as spaces, so that nothing moves; lines stay."""
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def _lines(text: str) -> Iterator[Piece]:
    """Lines with an equals sign, with the lines that go on below them."""
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
    k = 0
    while k < len(lines):
        start, end = lines[k]
        k += 1
        line = text[start:end]
        if "=" not in line and "≔" not in line and "＝" not in line:
            continue
        inline = [m for m in INLINE.finditer(line) if re.search("[=≔]", m[0])]
        if inline and not _joined(line):
            for match in inline:
                group = 1 if match.group(1) is not None else 2
                code = group == 2
                own = (start + match.start(group), start + match.end(group))
                yield Piece(*own, not code, () if not code else (own[0],))
            continue
        while k < len(lines) and _goes_on(text, end, lines[k]):
            end = lines[k][1]
            k += 1
        yield Piece(start, end, False, _beginnings(text, start, end))


def _joined(line: str) -> bool:
    """``$dw_1$ = $x$``: the equals sign stands outside the dollars."""
    outside = INLINE.sub("", line)
    return "=" in outside


def _goes_on(text: str, end: int, line: tuple[int, int]) -> bool:
    """Whether a formula continues on a line: only one newline between, and a sign at the seam."""
    if text[end : line[0]].count("\n") > 1:
        return False
    return bool(CONTINUES.match(text, *line) or OPEN_END.search(text[max(0, end - 20) : end]))


def _beginnings(text: str, start: int, end: int) -> tuple[int, ...]:
    """Places where the formula of a line may begin: behind list marks, labels and prose."""
    stop = text.find("=", start, end)
    lead = LEAD.match(text, start, end)
    first = lead.end() if lead else start
    behind = [m.end() for m in PROSE.finditer(text, first, stop)]
    words = [first + m.end() for m in re.finditer(r"(?<=[A-Za-z:,.;)*`|>])\s+", text[first:stop])]
    return tuple(dict.fromkeys([first, *behind, *words]))
