"""Marks in finished text, of no width: where a term begins and ends, and which one it is.

A mark holds the term's key, so that formula and code can be linked. Whatever looks at a text in order to
write around it looks at the ``unmarked`` text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

BEGIN, BEHIND_KEY, END = "\ue010", "\ue011", "\ue012"
KEY = re.compile(f"{BEGIN}([^{BEHIND_KEY}]*){BEHIND_KEY}")
MARKS = re.compile(f"{KEY.pattern}|{END}")


def mark(key: str, text: str) -> str:
    """The text as the term ``key``, which marks within it are no more; without a key as it is."""
    return f"{BEGIN}{key}{BEHIND_KEY}{_without(key, text)}{END}" if key and text else text


def _without(key: str, text: str) -> str:
    """The text without its marks of one term."""
    begin = f"{BEGIN}{key}{BEHIND_KEY}"
    if begin not in text:
        return text
    made, last = "", 0
    kept: list[bool] = []  # of each open mark, whether it stays
    for sign in MARKS.finditer(text):
        if sign[0] != END:
            kept.append(sign[0] != begin)
        stays = kept[-1] if sign[0] != END else kept.pop()
        made += text[last : sign.end() if stays else sign.start()]
        last = sign.end()
    return made + text[last:]


def unmarked(text: str) -> str:
    return MARKS.sub("", text) if END in text else text


def negative(text: str) -> bool:
    """Whether a minus stands in front, in a term or before it."""
    return unmarked(text).startswith("-")


def positive(text: str) -> str:
    """The text without the minus in front; the term that began with it begins behind it."""
    return re.sub(f"^((?:{KEY.pattern})*)-", lambda match: match[1], text, count=1)


def keys(text: str) -> list[str]:
    """The terms in a text, each once, in order."""
    return list(dict.fromkeys(KEY.findall(text)))


def written(text: str, begin: Callable[[str], str], end: str) -> str:
    """The text with what ``begin`` gives for a key where a term begins, and ``end`` where it ends."""
    return KEY.sub(lambda match: begin(match[1]), text).replace(END, end)
