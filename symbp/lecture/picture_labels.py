"""Names and shapes as SVG text: a letter with its subscript, ``n×3`` for the shape of a batch."""

from __future__ import annotations

import re
import unicodedata
from html import escape

from symbp.printers.naming import GREEK, Name, name_of

ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "vec": "\u20d7"}
SLOPE = '∂<tspan class="it">L</tspan>/∂'
LONG = 9  # letters; longer names are cut
CAPITAL, LETTER, SCRIPT = 14.0, 8.4, 5.4  # about how wide they are


def label(name: Name) -> str:
    """A name as the inside of a ``text`` element; scripts stand above each other."""
    below, above = _below(name), _above(name)
    text = SLOPE * name.adjoint + f'<tspan class="it">{escape(_base(name))}</tspan>'
    if below:
        text += f'<tspan class="sub" dy="4">{escape(below)}</tspan>'
    if above:
        back = f' dx="{-SCRIPT * len(below):g}"' if below else ""
        text += f'<tspan class="sub"{back} dy="{-11 if below else -6}">{escape(above)}</tspan>'
    if name.through and name.adjoint:
        level = 6 if above else -4 if below else 0
        path = _base(name_of(name.through)) + name_of(name.through).subscript
        text += f'<tspan dy="{level}">|</tspan><tspan class="sub" dy="4">{escape(path)}</tspan>'
    return text


def width(name: Name) -> float:
    """About how wide a label is."""
    scripts = SCRIPT * max(len(_below(name)), 0.8 * len(_above(name)))
    path = 4 + SCRIPT * len(name.through) if name.adjoint and name.through else 0
    letters = sum(CAPITAL if letter.isupper() else LETTER for letter in _base(name))
    return 32 * name.adjoint + letters + scripts + path


def spoken(name: Name) -> str:
    """A name as plain text."""
    return name.unicode()


def shape_text(shape: tuple[int | None, ...]) -> str:
    """``n×32×16``; nothing for a single number."""
    return "×".join("n" if size is None else str(size) for size in shape)


def _below(name: Name) -> str:
    return re.sub(r"\\mathrm\{(\w*)\}", r"\1", name.subscript)


def _above(name: Name) -> str:
    return f"({','.join(name.levels)})" if name.levels else ""


def _base(name: Name) -> str:
    """The letter of a name; where its LaTeX is more than a letter, the word that stands in the code."""
    known = re.fullmatch(r"\\(\w+)", name.base)
    if known and known[1] in GREEK:
        return unicodedata.lookup(f"GREEK SMALL LETTER {known[1].replace('lambda', 'lamda')}")
    accent = re.fullmatch(r"\\(hat|tilde|bar|vec)\{(\w)\}", name.base)
    if accent:
        return accent[2] + ACCENTS[accent[1]]
    word = re.fullmatch(r"\\mathit\{(.*)\}", name.base)
    found = word[1].replace("\\_", "_") if word else name.base
    if not re.fullmatch(r"[\w ]+", found):
        found = re.sub(r"_?\d*$", "", name.plain) or name.plain
    return found if len(found) <= LONG else found[: LONG - 1] + "…"
