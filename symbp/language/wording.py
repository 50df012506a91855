"""How errors write what the user gave, and what there is to choose from."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from symbp.language.names import did_you_mean

MAX_WORDS = 40  # of a list of what is known


def show(value: object) -> str:
    """A value as its user wrote it, short enough for an error message."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 2**63 else "an integer beyond 64 bits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        items = ", ".join("[...]" if isinstance(v, list) else show(v) for v in value[:4])
        return f"[{items}{', ...' if len(value) > 4 else ''}]"
    return f"a {type(value).__name__}"


def unknown(what: str, given: object, known: Iterable[str]) -> str:
    """``unknown key 'unit' of a dense layer; known here: units, ... (did you mean units?)``

    ``what`` holds ``{}`` where the word goes.
    """
    words = list(dict.fromkeys(known))
    listed = ", ".join(words[:MAX_WORDS]) + ", ..." * (len(words) > MAX_WORDS)
    message = f"unknown {what.format(show(given))}; known here: {listed or 'none'}"
    if isinstance(given, str) and len(given) <= 40:
        folded = {w.casefold(): w for w in reversed(words)}
        close = difflib.get_close_matches(given.casefold(), folded, 1)
        if close:
            message += f" (did you mean {folded[close[0]]}?)"
        elif len(given) == 1:
            message += did_you_mean(given, words)
    return message
