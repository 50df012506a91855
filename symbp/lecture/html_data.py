"""Marked LaTeX as KaTeX reads it: ``\\htmlData{term=KEY}{...}`` around each term."""

from __future__ import annotations

from symbp.printers.marks import BEGIN, END, MARKS, written

TENSOR = f"{BEGIN}t."


def with_data(text: str) -> str:
    return written(with_exponents(text), lambda key: rf"\htmlData{{term={key}}}{{", "}")


def with_exponents(text: str) -> str:
    """Each tensor with the exponent behind it: outside, KaTeX would set it behind the index, not above."""
    made, last = "", 0
    opened: list[str] = []
    for sign in MARKS.finditer(text):
        if sign.start() < last:  # in an exponent that was taken along
            continue
        made += text[last : sign.start()]
        last = sign.end()
        if sign[0] != END:
            opened.append(sign[0])
        elif opened.pop().startswith(TENSOR) and text[last : last + 1] == "^":
            stop = _behind_script(text, last + 1)
            made += f"^{with_exponents(text[last + 1 : stop])}"
            last = stop
        made += sign[0]
    return made + text[last:]


def _behind_script(text: str, start: int) -> int:
    """Where a script ends: behind one character, or behind a group in braces."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place + 1
    raise ValueError(f"no script ends in {text[start:]}")
