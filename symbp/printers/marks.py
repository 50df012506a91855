"""Marks in finished text, of no width: where a term begins and ends, and which one it is.

A mark holds the term's key, so that formula and code can be linked. Whatever looks at a text in order to
write around it looks at the ``unmarked`` text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

BEGIN, BEHIND_KEY, END = "\ue010", "\ue011", "\ue012"
KEY = re.compile(f"{BEGIN}([^{BEHIND_KEY}]*){BEHIND_KEY}")
SIGN = re.compile(f"{KEY.pattern}|{END}")


def mark(key: str, text: str) -> str:
    """The text as the term ``key``; without a key as it is."""
    return f"{BEGIN}{key}{BEHIND_KEY}{text}{END}" if key and text else text


def unmarked(text: str) -> str:
    return SIGN.sub("", text) if END in text else text


def keys(text: str) -> list[str]:
    """The terms in a text, each once, in order."""
    return list(dict.fromkeys(KEY.findall(text)))


def written(text: str, begin: Callable[[str], str], end: str) -> str:
    """The text with what ``begin`` gives for a key where a term begins, and ``end`` where it ends."""
    return KEY.sub(lambda match: begin(match[1]), text).replace(END, end)
