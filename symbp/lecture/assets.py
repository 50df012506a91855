"""What the page brings along: its styles and scripts, KaTeX and KaTeX's fonts, each one text.

Styles and scripts are small files in ``templates/lecture``. A script names what it needs by
``import``; here they become one script, in which each has a scope of its own and stands before those
that import it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from symbp.writers.environment import environment

KATEX = Path(__file__).resolve().parent / "katex"
STYLES = ("base", "columns", "rows", "picture", "code", "cells", "training", "small", "print")
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (function|const) (\w+)", re.MULTILINE)
FACE = re.compile(r"@font-face\{[^}]*?src:url\(fonts/([\w-]+)\.woff2\)[^}]*\}")

# Fonts that only some formulas need, with the commands that ask for them; all pages carry the others.
RARE = {
    "KaTeX_AMS-Regular": (r"\mathbb",),
    "KaTeX_Caligraphic-Regular": (r"\mathcal",),
    "KaTeX_Fraktur-Regular": (r"\mathfrak",),
    "KaTeX_Main-Bold": (r"\mathbf",),
    "KaTeX_Math-BoldItalic": (r"\boldsymbol",),
    "KaTeX_SansSerif-Regular": (r"\mathsf",),
}


@cache
def style() -> str:
    """The styles of the page."""
    return "\n".join(_text(f"css/{name}.css") for name in STYLES)


@cache
def script() -> str:
    """``main.js`` behind everything that it imports."""
    found: dict[str, str] = {}
    _gather("main", found)
    return '(() => {\n"use strict";\n' + "\n".join(found.values()) + "\n})();"


@cache
def katex_script() -> str:
    return (KATEX / "katex.min.js").read_text(encoding="utf-8")


def katex_style(formulas: str) -> str:
    """KaTeX's style with the fonts in it that these formulas need."""
    css = (KATEX / "katex.min.css").read_text(encoding="utf-8")
    return FACE.sub(lambda face: _face(face[0], face[1], formulas), css)


def digest(text: str) -> str:
    """The source expression of a content security policy that allows this text alone."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _gather(name: str, found: dict[str, str]) -> None:
    text = _text(f"js/{name}.js")
    for _, other in IMPORT.findall(text):
        if other not in found:
            _gather(other, found)
    exports = ", ".join(exported for _, exported in EXPORT.findall(text))
    body = IMPORT.sub(r"const \1 = \2_js;", text)
    body = EXPORT.sub(r"\1 \2", body)
    found[name] = f"const {name}_js = (() => {{\n{body}return {{ {exports} }};\n}})();"


def _face(face: str, font: str, formulas: str) -> str:
    """The rule of a font with the font in it; nothing for one that is not needed or not here."""
    wanted = font not in RARE or any(command in formulas for command in RARE[font])
    file = KATEX / f"{font}.woff2"
    if not wanted or not file.is_file():
        return ""
    data = base64.b64encode(file.read_bytes()).decode()
    source = f'src:url(data:font/woff2;base64,{data}) format("woff2")'
    return re.sub(r"src:[^}]*", lambda _: source, face)


def _text(name: str) -> str:
    """A file of the page as it is: it is no template."""
    env = environment()
    assert env.loader is not None
    return env.loader.get_source(env, f"lecture/{name}")[0]
