"""Where the formulas of a text are: in LaTeX displays, between dollars, or on lines of their own.

Everything is told by offsets into the text, so that a mistake can be shown in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from symbp.judge.text.flatten import flatten
from symbp.judge.text.macros import Macro, definitions, expand
from symbp.judge.text.tokens import Token, tokens

ENVIRONMENTS = (
    r"(?:align|aligned|alignat|equation|eqnarray|gather|gathered|split|multline|displaymath|math"
    r"|flalign|dmath)\*?"
)
OPENING = re.compile(rf"\$\$|\\\[|\\\(|\\begin\{{({ENVIRONMENTS})\}}")
CLOSING = {"$$": "$$", r"\[": r"\]", r"\(": r"\)"}
INLINE = re.compile(r"(?<!\\)\$([^$\n]+?)\$|(?<!`)`([^`\n]+)`(?!`)")
COMMENT = re.compile(r"(?<!\\)%[^\n]*")
PREAMBLE = re.compile(r"\A.*?\\begin\{document\}", re.DOTALL)
STRUCTURE = re.compile(
    r"\\(?:documentclass|usepackage|section|subsection|subsubsection|paragraph|title|author|date"
    r"|textbf|emph|textit|caption|label|chapter)\*?(?:\[[^\]\n]{0,200}\])?\{[^{}]{0,500}\}"
    r"|\\(?:(?:item|maketitle)(?![A-Za-z])|(?:begin|end)\{(?!cases)[a-z*]+\}|(?:newpage|noindent|medskip|bigskip|par)(?![A-Za-z]))"
)
CODE = (  # code's names for a gradient and a parameter
    (re.compile(r"\b\w*grad\w*\[[\"'](\w+)[\"']\]"), "d"),
    (re.compile(r"\b(?:params|parameters|p)\[[\"'](\w+)[\"']\]"), ""),
    (re.compile(r"\b([A-Za-z]\w*)\.grad\b"), "d"),
)
BOLD = re.compile(r"(?<![\w)\]])\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*(?![\w(])")  # of Markdown, no power
LEAD = re.compile(r"\s*(?:[-*+>#|•]+\s+|\(?\d{1,2}[.)]\s+|\(?[a-z]\)\s+|\*\*)*")
REMARK = re.compile(  # behind a formula: # .., // .., (words), (by the chain rule)
    r"[ \t](?:#|//).*$|(?<=[ \t]{2})\([A-Za-z]{3,}[^()=*/+^_\\\n]*\)[ \t]*$"
    r"|[ \t]\([a-z]{2,}(?: [a-z]{2,})+\)[ \t]*$",
    re.MULTILINE,
)
WIDEST = 20_000  # characters of a line outside displays
TRIED = 8  # beginnings of a formula behind prose
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
    macros: Mapping[str, Macro]

    def tokens(self, start: int, end: int) -> list[Token]:
        """The tokens of a stretch, its own commands expanded and typography gone. Raises Unreadable."""
        return flatten(expand(tokens(self.text, start, end), self.macros))


def source(text: str) -> Source:
    """All stretches of a text that may hold formulas, in order."""
    clean = _blanked(text, _between(text, "<!--", "-->"))
    if "\\" in clean:
        clean = _without(COMMENT, clean)
    macros, places = definitions(clean)
    clean = _blanked(clean, places)
    preamble = clean.find(r"\begin{document}")
    if preamble >= 0:
        clean = _blanked(clean, [(0, preamble + len(r"\begin{document}"))])
    displays = list(_displays(clean))
    lines = BOLD.sub(r"  \1  ", _blanked(clean, [outer for outer, _ in displays]))
    for pattern in (STRUCTURE, REMARK):
        lines = _without(pattern, lines)
    for pattern, front in CODE:
        lines = _renamed(pattern, front, lines)
    found = [piece for _, piece in displays] + list(_lines(lines))
    parts, here = [], 0
    for _, piece in displays:
        parts += [lines[here : piece.start], clean[piece.start : piece.end]]
        here = piece.end
    joined = "".join([*parts, lines[here:]])
    return Source(joined, tuple(sorted(found, key=lambda piece: piece.start)), macros)


def _displays(text: str) -> Iterator[tuple[tuple[int, int], Piece]]:
    """Displays with their delimiters, and what is between these; one that never closes is none."""
    here = 0
    missing: set[str] = set()
    for match in OPENING.finditer(text):
        closing = rf"\end{{{match[1]}}}" if match[1] else CLOSING[match[0]]
        if match.start() < here or closing in missing:
            continue
        end = text.find(closing, match.end())
        if end < 0:
            missing.add(closing)
            continue
        here = end + len(closing)
        yield (match.start(), here), Piece(match.end(), end, True)


def _between(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    start = text.find(opening)
    while start >= 0:
        end = text.find(closing, start)
        if end < 0:
            return
        yield start, end + len(closing)
        start = text.find(opening, end)


def _blanked(text: str, places: Iterable[tuple[int, int]]) -> str:
    """Stretches as spaces, so that nothing moves; lines stay."""
    parts, here = [], 0
    for start, end in places:
        parts += [text[here:start], re.sub(r"[^\n]", " ", text[start:end])]
        here = end
    return "".join([*parts, text[here:]])


def _without(pattern: re.Pattern[str], text: str) -> str:
    return _blanked(text, ((m.start(), m.end()) for m in pattern.finditer(text)))


def _renamed(pattern: re.Pattern[str], front: str, text: str) -> str:
    """Every match as ``front`` and what its group holds, spaces behind it."""

    def name(match: re.Match[str]) -> str:
        return f"{front}{match[1]}".ljust(len(match[0]))

    return pattern.sub(name, text)


def _lines(text: str) -> Iterator[Piece]:
    """Lines with an equals sign, with the lines that go on below them."""
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
    k = 0
    while k < len(lines):
        start, end = lines[k]
        k += 1
        line = text[start:end]
        if not re.search("[=≔＝]", line) or len(line) > WIDEST:
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
    return tuple(dict.fromkeys([first, *behind[-TRIED:], *words[-TRIED:]]))
