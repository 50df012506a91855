"""A derivation in its formats: LaTeX lines, a TeX fragment, Markdown, plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from symbp.errors import InputError
from symbp.writers.document import Block, Formula, Section, Sentence
from symbp.writers.environment import render as fill_template
from symbp.writers.linebreaks import broken
from symbp.writers.measure import width
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
        title=_escaped(document.title, format),
        rule="=" * _width(document.title),
        sections=[{"title": t, "rule": "-" * _width(t), "body": b} for t, b in sections],
        chinese=document.lang == "zh",
    )


def _width(text: str) -> int:
    """Columns in a terminal: Chinese characters take two."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def _body(section: Section, format: str, lang: str) -> str:
    writers = {"latex": _latex, "markdown": markdown, "tex": _tex, "text": _text}
    return writers[format](section.blocks, lang)


def reason_text(formula: Formula, lang: str) -> str:
    """Why a step holds, in words; empty where that needs none."""
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
            reason = reason_text(block, lang)
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
        reason = reason_text(block, lang)
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


def markdown(blocks: tuple[Block, ...], lang: str) -> str:
    """A body in Markdown: consecutive formulas share one display, aligned at the equals sign."""
    parts: list[str] = []
    listing = False
    for group in _grouped(blocks):
        if isinstance(group, Sentence):
            text = _apart(group.latex)
            if group.item and listing:
                parts[-1] += f"\n- {text}"
            else:
                parts.append(f"- {text}" if group.item else text)
            listing = group.item
        else:
            parts.append(f"$$\n\\begin{{aligned}}\n{_rows(group, lang)}\n\\end{{aligned}}\n$$")
            listing = False
    return "\n\n".join(parts)


def _apart(text: str) -> str:
    """Inline math that stands apart from Chinese characters, or code forges do not see it."""
    parts = text.split("$")
    for k in range(0, len(parts), 2):  # the words between the formulas
        words = parts[k]
        if words and k and not words[0].isascii():
            words = f" {words}"
        if words and k < len(parts) - 1 and not words[-1].isascii():
            words = f"{words} "
        parts[k] = words
    return "$".join(parts)


def _tex(blocks: tuple[Block, ...], lang: str) -> str:
    """A sentence before a display belongs to it, so that no page ends between them."""
    parts = []
    groups = _grouped(blocks)
    for group, following in zip(groups, [*groups[1:], None], strict=True):
        if isinstance(group, Sentence):
            leads = isinstance(following, list)
            parts.append(rf"\noindent {group.latex}" + r"\par" * (not leads))
        else:
            parts.append(f"\\begin{{align*}}\n{_rows(group, lang)}\n\\end{{align*}}")
    return "\n".join(parts)


PAPER = 470.0  # points between the margins of A4 at 2 cm
SPACE = {"shape": "[-2pt]", "": "[4pt]"}  # below a row, by what follows


def _rows(group: list[Formula], lang: str) -> str:
    """The lines of one display, long ones broken."""
    left = max(width(f.left.latex) for f in group)
    lines: list[str] = []
    for formula, following in zip(group, [*group[1:], None], strict=True):
        own = row(formula, PAPER - left, lang)
        kind = following.kind if following else None
        end = f" \\\\{SPACE.get(kind, SPACE[''])}" if kind is not None else ""
        lines += [*own[:-1], own[-1] + end]
    return "\n".join(lines)


def row(formula: Formula, room: float, lang: str) -> list[str]:
    """The lines of one formula in a display that is aligned at ``&``, none wider than ``room`` points
    behind its left side, about; all but the last end in a line break."""
    if formula.kind == "shape":
        left = rf"\scriptstyle {formula.left.latex} " if formula.left.latex else ""
        sign = rf"{{}}{formula.relation} " if formula.relation else r"{}\phantom{=}\; "
        return [rf"{left}&\scriptstyle{sign}{formula.right.latex}"]
    reason = reason_text(formula, lang)
    note = rf" \quad \text{{\small ({reason})}}" if reason else ""
    first, *rest = broken(formula.right.latex, room - 16)
    lines = [f"{formula.left.latex} &{formula.relation} {first}".strip()]
    lines += [rf"&\quad {part}" for part in rest]
    if note and width(f"{[first, *rest][-1]}{note}") > room - 16 - 10 * bool(rest):
        lines.append(rf"& {note.strip()}")
    else:
        lines[-1] += note
    return [*(rf"{line} \\" for line in lines[:-1]), lines[-1]]


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


def _escaped(text: str, format: str) -> str:
    special = {"tex": r"([&%$#_{}])", "markdown": r"([\\`*_\[\]<>])"}.get(format)
    return re.sub(special, r"\\\1", text) if special else text
