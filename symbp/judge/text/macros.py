"""An answer's own LaTeX commands, expanded within bounds: ``\\newcommand{\\pd}[2]{..}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from symbp.judge.text.tokens import MOST, Token, Unreadable, tokens

STEPS = 1_000  # expansions in one formula
LONGEST = 2_000  # characters of a definition
DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|DeclareMathOperator)\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?"
    r"\s*(?:\[(\d)\])?\s*\{|\\def\s*\\([A-Za-z]+)((?:#\d){0,9})\s*\{"
)


@dataclass(frozen=True)
class Macro:
    """A command with so many arguments; in ``body`` they are the sign # and a number."""

    arguments: int
    body: tuple[Token, ...]


def definitions(text: str) -> tuple[dict[str, Macro], list[tuple[int, int]]]:
    """The commands that a text defines, and where; what cannot be read is none."""
    found: dict[str, Macro] = {}
    places: list[tuple[int, int]] = []
    for match in DEFINITION.finditer(text):
        end = _closing(text, match.end())
        if end is None:
            continue
        places.append((match.start(), end + 1))
        count = int(match[2] or 0) if match[1] else match[4].count("#")
        try:
            body = tuple(tokens(text, match.end(), end))
        except Unreadable:
            continue
        if "DeclareMathOperator" in match[0]:
            body = (Token("text", text[match.end() : end].strip(), match.end(), end),)
        found[match[1] or match[3]] = Macro(count, body)
    return found, places


def _closing(text: str, start: int) -> int | None:
    """Where the brace that was opened in front of ``start`` closes."""
    depth = 1
    for place in range(start, min(len(text), start + LONGEST)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return None


def expand(line: list[Token], macros: Mapping[str, Macro]) -> list[Token]:
    """The tokens with every own command replaced; what comes out of one stands where it was called.

    Raises Unreadable where that does not end.
    """
    made: list[Token] = []
    waiting = line[::-1]
    steps = 0
    while waiting:
        token = waiting.pop()
        macro = macros.get(token.text) if token.kind == "command" else None
        if macro is None:
            made.append(token)
            continue
        steps += 1
        given = [_argument(waiting, token) for _ in range(macro.arguments)]
        waiting += reversed(_filled(macro, given, token))
        if steps > STEPS or len(waiting) + len(made) > MOST:
            raise Unreadable(token.start, f"\\{token.text} expands to more than a formula holds")
    return made


def _argument(waiting: list[Token], call: Token) -> list[Token]:
    """The next group, its braces kept, or the next token."""
    if not waiting:
        raise Unreadable(call.start, f"\\{call.text} lacks an argument; expected a group in braces")
    taken = [waiting.pop()]
    depth = int(taken[0].is_("{"))
    while depth and waiting:
        taken.append(waiting.pop())
        depth += taken[-1].is_("{") - taken[-1].is_("}")
    return taken


def _filled(macro: Macro, given: list[list[Token]], call: Token) -> list[Token]:
    made: list[Token] = []
    body = list(macro.body)
    while body:
        token = body.pop(0)
        if token.is_("#") and body and body[0].text.isdigit():
            number = int(body.pop(0).text[0])
            inner = given[number - 1] if 0 < number <= len(given) else []
            made += inner[1:-1] if inner and inner[0].is_("{") else inner
        else:
            made.append(replace(token, start=call.start, end=call.end))
    return made
