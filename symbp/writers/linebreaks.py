"""Long right-hand sides in lines, broken where a mathematician would break them."""

from __future__ import annotations

import re

from symbp.writers.measure import width

PIECE = re.compile(r"\\[a-zA-Z]+|\\.|.", re.DOTALL)


def broken(latex: str, room: float) -> list[str]:
    """A right-hand side in lines of at most ``room`` points, about: broken before a sign that stands
    outside all brackets, else between factors, else before a sign in the outermost brackets."""
    if width(latex) <= room:
        return [latex]
    lines: list[str] = []
    for term in _packed(_cut(latex, 0, signs=True), room):
        for factor in _fitting(term, 0, room):
            if width(factor) <= room:
                lines.append(factor)
                continue
            inside = _packed(_cut(_fixed_brackets(factor), 1, signs=True), room)
            made = [line for part in inside for line in _fitting(part, r"\Bigl" in part, room)]
            if lines and width(f"{lines[-1]} {made[0]}") <= room:
                made[0] = f"{lines.pop()} {made[0]}"
            lines += made
    return lines


def _fitting(part: str, depth: int, room: float) -> list[str]:
    """The part, or its factors on several lines."""
    return [part] if width(part) <= room else _packed(_cut(part, depth, signs=False), room)


def _cut(latex: str, deepest: int, signs: bool) -> list[str]:
    """The text at every place where it may break, brackets at most ``deepest`` deep."""
    parts, depth, braces, last, place = [], 0, 0, 0, 0
    tokens = PIECE.findall(latex)
    for k, token in enumerate(tokens):
        braces += (token in ("{", r"\begin")) - (token in ("}", r"\end"))
        opening = token in "([" and not braces
        closing = token in ")]" and not braces
        depth += opening - closing
        if token == " " and place > last and not braces and depth <= deepest:
            following = latex[place + 1 : place + 3]
            before = tokens[k - 1]
            sign = following in ("+ ", "- ")
            tied = re.match(r"\\(right|odot|oslash|cdot|quad)|[-+=<>]", latex[place + 1 :])
            loose = not tied and before not in (
                "+",
                "-",
                "=",
                r"\odot",
                r"\oslash",
                r"\cdot",
                r"\sum",
            )
            loose = loose and not before.startswith((r"\left", r"\Big", r"\partial"))
            if sign if signs else loose and not _after_sum(latex[:place]):
                parts.append(latex[last:place])
                last = place + 1
        place += len(token)
    return [*parts, latex[last:]]


def _after_sum(text: str) -> bool:
    """Whether a sum's letters end here: its body stays with it."""
    return re.search(r"\\(sum|max)_\{[^{}]*\}$", text) is not None


def _packed(parts: list[str], room: float) -> list[str]:
    """As many parts on each line as fit."""
    lines: list[list[str]] = []
    used = room
    for part in parts:
        own = width(part)
        if lines and used + own <= room:
            lines[-1].append(part)
            used += own
        else:
            lines.append([part])
            used = own
    return [" ".join(line) for line in lines]


def _fixed_brackets(latex: str) -> str:
    """The outermost growing brackets with a size of their own, so that a line may end in them."""
    made, depth = [], 0
    for token in re.split(r"(\\left\b|\\right\b)", latex):
        depth -= token == r"\right"
        if token == r"\left":
            made.append(r"\Bigl" if depth == 0 else token)
        elif token == r"\right":
            made.append(r"\Bigr" if depth == 0 else token)
        else:
            made.append(token)
        depth += token == r"\left"
    return "".join(made)
