"""A derivation in its formats: LaTeX lines, a TeX fragment, Markdown, plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from symbp.errors import InputError
from symbp.writers.document import Block, Formula, Section, Sentence
from symbp.writers.environment import render as fill_template
from symbp.writers.phrases import PHRASES, phrase

if TYPE_CHECKING:
    from symbp.writers.derivation import Derivation

FORMATS = ("latex", "markdown", "tex", "text")
WIDTH = 100


def render(document: Derivation, format: str, result_only: bool = False) -> str:
    """The document as text that ends in a newline."""
    if format not in FORMATS:
        raise InputError(f"unknown format '{format}'; known are {', '.join(FORMATS)}")
    if result_only:
        lines = [f.plain if format == "text" else f.latex for f in document.results]
        return "".join(f"{line}\n" for line in lines)
    sections = [(s.title, _body(s, format, document.lang)) for s in document.sections]
    extension = {"latex": "latex", "markdown": "md", "tex": "tex", "text": "txt"}[format]
    return fill_template(
        f"derivation/document.{extension}.jinja",
        title=_escape(document.title) if format == "tex" else document.title,
        rule="=" * _width(document.title),
        sections=[{"title": t, "rule": "-" * _width(t), "body": b} for t, b in sections],
        chinese=document.lang == "zh",
    )


def _width(text: str) -> int:
    """Columns in a terminal: Chinese characters take two."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def _body(section: Section, format: str, lang: str) -> str:
    writers = {"latex": _latex, "markdown": _markdown, "tex": _tex, "text": _text}
    return writers[format](section.blocks, lang)


def _reason(formula: Formula, lang: str) -> str:
    return phrase(formula.reason, lang) if formula.reason in PHRASES else formula.reason


def _latex(blocks: tuple[Block, ...], lang: str) -> str:
    """One formula a line; sentences and shapes are comments."""
    lines = []
    for block in blocks:
        if isinstance(block, Sentence):
            lines += [f"% {block.latex}"] if block.latex else []
        elif block.kind == "shape":
            lines.append(f"%   {block.latex}")
        else:
            reason = _reason(block, lang)
            lines.append(block.latex + (f"  % {reason}" if reason else ""))
    return "\n".join(lines)


def _text(blocks: tuple[Block, ...], lang: str) -> str:
    lines: list[str] = []
    width = 0
    listing = False
    for block in blocks:
        if isinstance(block, Sentence):
            gap = not (block.item and listing)
            lines += [*[""] * gap, *_wrapped(_without_math(block.plain))] if block.plain else []
            listing = block.item
            continue
        listing = False
        if block.left.plain:
            width = len(block.left.plain)
        text = "    " + (block.plain if block.left.plain else " " * width + " " + block.plain)
        reason = _reason(block, lang)
        lines.append(text + (f"    ({reason})" if reason else ""))
    return "\n".join(lines).strip("\n")


def _without_math(text: str) -> str:
    for sign, word in (
        (r"\odot", "⊙"),
        (r"\mathbf{1}", "1"),
        (r"\sum", "Σ"),
        (r"\dots", "..."),
        ("$", ""),
    ):
        text = text.replace(sign, word)
    return text


def _wrapped(text: str) -> list[str]:
    words, lines = re.findall(r"[ -~]+? |[ -~]+|.", text), [""]
    for word in words:
        if _width(lines[-1] + word) > WIDTH:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines if line.strip()]


def _markdown(blocks: tuple[Block, ...], lang: str) -> str:
    """Consecutive formulas share one display, aligned at the equals sign."""
    parts = []
    for group in _grouped(blocks):
        if isinstance(group, Sentence):
            parts.append(f"- {group.latex}" if group.item else group.latex)
        else:
            rows = " \\\\\n".join(_row(f, lang) for f in group)
            parts.append(f"$$\n\\begin{{aligned}}\n{rows}\n\\end{{aligned}}\n$$")
    return "\n\n".join(parts)


def _tex(blocks: tuple[Block, ...], lang: str) -> str:
    parts = []
    for group in _grouped(blocks):
        if isinstance(group, Sentence):
            parts.append(rf"\noindent {group.latex}\par")
        else:
            rows = " \\\\[3pt]\n".join(_row(f, lang) for f in group)
            parts.append(f"\\begin{{align*}}\n{rows}\n\\end{{align*}}")
    return "\n".join(parts)


def _row(formula: Formula, lang: str) -> str:
    if formula.kind == "shape":
        if not formula.left.latex:
            return rf"&\scriptstyle{{}}\phantom{{=}}\; {formula.right.latex}"
        return rf"\scriptstyle {formula.left.latex} &\scriptstyle{{}}= {formula.right.latex}"
    reason = _reason(formula, lang)
    note = rf" && \text{{\small ({reason})}}" if reason else ""
    right = r" \\ &\quad ".join(_broken(formula.right.latex))
    return f"{formula.left.latex} &{formula.relation} {right}{note}".strip()


LINE = 150  # characters of LaTeX that fit on a line of paper, about


def _broken(text: str) -> list[str]:
    """A long right side in lines, broken before a sign or between factors outside all brackets."""
    if _length(text) <= LINE:
        return [text]
    pieces, depth, last = [], 0, 0
    for k, sign in enumerate(text):
        depth += (sign in "({[") - (sign in ")}]")
        breakable = text[k : k + 3] in (" + ", " - ") or (sign == " " and text[k - 1] in ")}")
        if depth == 0 and breakable and _length(text[last:k]) > LINE * 0.6:
            pieces.append(text[last:k])
            last = k + 1
    return [*pieces, text[last:]]


def _length(text: str) -> int:
    """About as long as it prints: commands count as one sign."""
    return len(re.sub(r"\\[a-zA-Z]+|[{}_^]", "", text)) * 2


def _grouped(blocks: tuple[Block, ...]) -> list[Sentence | list[Formula]]:
    groups: list[Sentence | list[Formula]] = []
    for block in blocks:
        if isinstance(block, Sentence):
            groups += [block] if block.latex else []
        elif groups and isinstance(groups[-1], list):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _escape(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
