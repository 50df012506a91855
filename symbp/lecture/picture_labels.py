"""Names and shapes as SVG text: a letter with its subscript, ``n×3`` for the shape of a batch."""

from __future__ import annotations

import re
import unicodedata
from html import escape

from symbp.printers.naming import GREEK, Name

ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "vec": "\u20d7"}
LONG = 9  # letters; longer names are cut


def label(name: Name) -> str:
    """A name as the inside of a ``text`` element."""
    slope = "∂L/∂" * name.adjoint
    below = escape(re.sub(r"\\mathrm\{(\w*)\}", r"\1", name.subscript))
    above = f"({','.join(name.levels)})" if name.levels else ""
    text = f'{slope}<tspan class="it">{escape(_base(name))}</tspan>'
    if below:
        text += f'<tspan class="sub" dy="4">{below}</tspan>'
    if above:
        text += f'<tspan class="sub" dy="{-10 if below else -6}">{escape(above)}</tspan>'
    return text


def spoken(name: Name) -> str:
    """A name as plain text."""
    return name.unicode()


def shape_text(shape: tuple[int | None, ...]) -> str:
    """``n×32×16``; nothing for a single number."""
    return "×".join("n" if size is None else str(size) for size in shape)


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
