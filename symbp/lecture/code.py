"""The generated module as HTML: every line with the equations it computes, every term with its key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby, pairwise

from symbp.lecture.code_tokens import tokens
from symbp.lecture.places import Span
from symbp.lecture.text import word
from symbp.writers.equations import Entry

PASSES = ("_forward", "_loss", "_backward")
CHUNK = 40  # lines
LONG = 5  # so many lines without an equation are folded
DEEP = 6  # steps of indentation that the style knows


def code(
    source: str, entries: tuple[Entry, ...], terms: Mapping[int, tuple[Span, ...]], lang: str
) -> str:
    """The module's lines in order; what is neither pass nor update is folded away.

    ``terms`` are the spans of each line, counted from 1.
    """
    lines = source.rstrip("\n").split("\n")
    computes = _equations(entries, terms)
    painted = tokens(source)
    html = [
        _line(n, text, painted.get(n, ()), terms.get(n, ()), computes.get(n, ()))
        for n, text in enumerate(lines, 1)
    ]
    shown = _shown(source, set(computes))
    parts = []
    for is_shown, group in groupby(range(1, len(lines) + 1), key=lambda n: n in shown):
        numbers = list(group)
        text = "".join(_chunks([html[n - 1] for n in numbers]))
        parts.append(text if is_shown else _folded(text, lines, numbers, lang))
    return "".join(parts)


def _chunks(html: list[str]) -> Iterator[str]:
    """Lines in pieces, so that a browser need not lay out those of a long module that are far away."""
    for start in range(0, len(html), CHUNK):
        yield f'<div class="chunk">{"".join(html[start : start + CHUNK])}</div>'


def _equations(
    entries: tuple[Entry, ...], terms: Mapping[int, tuple[Span, ...]]
) -> dict[int, tuple[str, ...]]:
    """The equations of each line. One that a later pass computes again is known by its terms."""
    found: dict[int, dict[str, None]] = {}
    for entry in entries:
        for n in range(entry.lines[0], entry.lines[1] + 1):
            found.setdefault(n, {})[entry.id] = None
    for n in sorted(terms.keys() - found.keys()):
        keys = [span.term.split(".", 1) for span in terms[n]]
        again = dict.fromkeys(key.rpartition(".")[0] for kind, key in keys if kind == "e")
        if again:
            found[n] = again
    return {n: tuple(ids) for n, ids in found.items()}


def _shown(source: str, computing: set[int]) -> set[int]:
    """The passes without long runs of lines that only hand on values, and the update."""
    shown = set(computing)
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef) and function.name in PASSES:
            last = function.end_lineno or function.lineno
            inside = range(function.lineno, last + 1)
            for is_busy, group in groupby(inside, key=lambda n: n in computing):
                numbers = list(group)
                head = {function.lineno, function.body[0].lineno}
                if is_busy or len(set(numbers) - head) < LONG:
                    shown |= set(numbers)
                else:
                    shown |= head & set(numbers)
    return shown


def _folded(html: str, lines: list[str], numbers: list[int], lang: str) -> str:
    if not any(lines[n - 1].strip() for n in numbers):
        return html
    names = [m[1] for n in numbers if (m := re.match(r"(?:def|class) (\w+)", lines[n - 1]))]
    label = escape(word("lines", lang, count=len(numbers)))
    if names:
        label += f": <span>{escape(', '.join(names))}</span>"
    return f'<details class="fold"><summary>{label}</summary>{html}</details>'


def _line(
    number: int,
    text: str,
    painted: tuple[tuple[int, int, str], ...],
    terms: tuple[Span, ...],
    equations: tuple[str, ...],
) -> str:
    indent = len(text) - len(text.lstrip())
    kind = "line" + (f" i{min(indent // 4, DEEP)}" if indent else "")
    if text.lstrip().startswith("#"):
        kind += " remark"
    linked = f' data-eq="{escape(" ".join(equations))}" tabindex="0"' if equations else ""
    inner = "".join(_inner(text, indent, painted, terms))
    return f'<div class="{kind}"{linked}><i>{number}</i><code>{inner}</code></div>'


def _inner(
    text: str, start: int, painted: tuple[tuple[int, int, str], ...], terms: tuple[Span, ...]
) -> Iterator[str]:
    """The characters from ``start`` on, cut wherever a colour or a term begins or ends."""
    cuts = {start, len(text)}
    for a, b, _ in painted:
        cuts |= {a, b}
    for term in terms:
        cuts |= {term.start, term.stop}
    edges = sorted(c for c in cuts if start <= c <= len(text))
    for a, b in pairwise(edges):
        ordered = sorted(terms, key=lambda s: -s.stop)
        for term in (t for t in ordered if t.start == a):
            yield f'<span data-term="{escape(term.term)}" tabindex="-1">'
        colour = next((c for p, q, c in painted if p <= a and b <= q), "")
        piece = escape(text[a:b], quote=False)
        yield f'<span class="{colour}">{piece}</span>' if colour else piece
        yield "</span>" * sum(t.stop == b for t in terms)
