"""Tokens with a place to read from; what every part of the parser needs."""

from __future__ import annotations

from typing import NoReturn

from symbp.judge.text.names import Meaning, Names
from symbp.judge.text.tokens import Token, Unreadable

DEPTH = 60  # of brackets in each other


class Cursor:
    """``own`` are the keys that the answer defines itself; ``free`` lets unknown names pass, whose
    scripts are indices if they consist of ``indexing``."""

    indexing: frozenset[str] = frozenset()

    def __init__(
        self, tokens: list[Token], names: Names, own: frozenset[str], free: bool = False
    ) -> None:
        last = tokens[-1].end if tokens else 0
        self.tokens = [*tokens, Token("end", "", last, last)]
        self.names, self.own, self.free = names, own, free
        self.at = 0
        self.depth = 0
        self.latex = any(t.kind == "command" for t in tokens)

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    @property
    def after(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def take(self) -> Token:
        found = self.now
        if found.kind != "end":
            self.at += 1
        return found

    def skip(self, *texts: str) -> bool:
        """Take the sign or command if it is next."""
        if self.now.is_(*texts):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        if not self.now.is_(text):
            self.fail(f"'{text}'")
        return self.take()

    def fail(self, expected: str, token: Token | None = None) -> NoReturn:
        token = token or self.now
        raise Unreadable(token.start, f"{token} cannot stand here; expected {expected}")

    def split(self, count: int) -> Token:
        """Take only the first letters of a word or number; the rest stays."""
        token = self.now
        first = Token(token.kind, token.text[:count], token.start, token.start + count)
        rest = Token(token.kind, token.text[count:], token.start + count, token.end)
        if rest.text[:1].isdigit():
            rest = Token("number", rest.text, rest.start, rest.end)
        self.tokens[self.at : self.at + 1] = [first, rest]
        return self.take()

    def known(self, key: str) -> Meaning | str | None:
        """Whether a key means something here."""
        return key if key in self.own else self.names.find(key)

    def group(self) -> list[Token]:
        """The tokens between two braces, which are taken."""
        self.expect("{")
        start, depth = self.at, 1
        while depth:
            token = self.take()
            if token.kind == "end":
                self.fail("'}'")
            depth += token.is_("{") - token.is_("}")
        return self.tokens[start : self.at - 1]
