"""Names with their scripts: which quantity ``W^{(1)}_{ij}`` is, and what is done to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from symbp.judge.text.cursor import Cursor
from symbp.judge.text.indices import split
from symbp.judge.text.names import function
from symbp.judge.text.signs import GREEK
from symbp.judge.text.tokens import Token, Unreadable
from symbp.judge.text.tree import Symbol

BASES = frozenset(GREEK) | {
    "varphi", "varepsilon", "vartheta", "ell", "loss", "Delta", "Theta", "Lambda", "Phi", "Omega",
    "Gamma", "Psi", "Sigma", "tanh", "exp", "log", "ln", "max", "min", "sin", "cos", "sinh", "cosh",
    "tan", "sgn", "arg", "det", "ReLU", "relu", "softmax", "diag", "sigmoid", "softplus", "abs",
}  # fmt: skip
TURNED = frozenset({"T", "top", "intercal", "mathsf", "transpose"})
PRIMES = 3
LONGEST = 60  # letters of a word or of a script
BRACKETED = re.compile(r"(?:[+-]?(?:\d*[a-z]|\d+)(?:[+-](?:\d*[a-z]|\d+))?,?)+")
LABELLED = frozenset({"W", "w", "b", "z", "a", "h", "delta", "o", "Theta", "theta", "net", "s"})


@dataclass
class Scripts:
    """What stands below and above a name: text below, a label above, primes, turned, a power."""

    below: str = ""
    above: str = ""
    primes: int = 0
    turned: bool = False
    powers: list[list[Token]] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        return not (self.primes or self.turned or self.powers)


class Symbols(Cursor):
    """Reads names."""

    def at_name(self) -> bool:
        token = self.now
        return token.kind == "word" or (token.kind == "command" and token.text in BASES)

    def base(self) -> str:
        """A name without scripts, its accent behind it; a word of several names is taken apart."""
        token = self.now
        marked = self.after.kind == "mark"
        if token.kind == "word" and not marked and not self._whole(token.text):
            count = self._front(token.text)
            if count:
                self.split(count)
                return token.text[:count]
        text = self.take().text
        while self.now.kind == "mark":
            text += self.take().text.replace("vec", "")
        return text

    def _whole(self, word: str) -> bool:
        """Whether a word is one name, alone or with the scripts that follow it."""
        if self.known(word) or function(word) or len(word) == 1:
            return True
        return self.after.is_("_", "^") and (
            self.names.starts(word) or any(key.startswith(word) for key in self.own)
        )

    def _front(self, word: str) -> int:
        """The length of the longest name that a word begins with, if the rest are names, too."""
        if len(word) > LONGEST:
            return 0
        good = {len(word)}  # places from which on the word is names
        first = 0
        for start in range(len(word) - 1, -1, -1):
            if word[start].isdigit():
                continue
            for end in range(len(word), start, -1):
                last = end == len(word) and self._whole(word[start:])
                if end in good and (last or self.known(word[start:end]) is not None):
                    good.add(start)
                    first = end if start == 0 and end < len(word) else first
                    break
        return first

    # -- scripts --------------------------------------------------------------------------------

    def scripts(self, base: str) -> Scripts:
        """Whatever is attached to a name."""
        found = Scripts()
        while True:
            if self.skip("_"):
                found.below += self._below(base + found.below)
            elif self.skip("'"):
                found.primes += 1
            elif self.now.is_("^"):
                self._above(base, found)
            else:
                return found
            if found.primes > PRIMES:
                self.fail(f"at most {PRIMES} primes", self.tokens[self.at - 1])

    def _below(self, before: str) -> str:
        if self.now.is_("{"):
            return self.written(self.group())
        token = self.now
        if token.kind in ("word", "number") and len(token.text) > 1 and self.latex:
            whole = self.known(before.replace("_", "") + token.text)
            if not whole and not self._spelled(before, token.text):
                return self.split(1).text
        if token.kind not in ("word", "number", "command"):
            self.fail("a subscript")
        return self.written([self.take()])

    def _spelled(self, before: str, word: str) -> bool:
        """``_true`` or ``_pred`` without braces, in a text that is not strict LaTeX."""
        return self.names.starts(before + word)

    @staticmethod
    def written(group: list[Token]) -> str:
        """A script as letters, digits and commas; brackets say nothing."""
        shown = "".join(t.text for t in group if t.text not in "()[]{}<>|" and t.kind != "mark")
        if len(shown) > LONGEST:
            raise Unreadable(group[0].start, "a script is longer than a name; expected a label")
        return shown

    def _above(self, base: str, found: Scripts) -> None:
        caret = self.take()
        token = self.now
        if token.is_("{"):
            group = self.group()
        elif token.kind == "word" and len(token.text) > 1 and self.latex:
            group = [self.split(1)]
        elif token.is_("-", "+"):
            group = [self.take(), self.take()]
        elif token.is_("("):
            group = self._bracket()
        else:
            group = [self.take()]
        if not group or group[0].kind == "end":
            self.fail("an exponent, a label in brackets, or \\top", caret)
        self._read_above(base, group, found)

    def _bracket(self) -> list[Token]:
        """``(1)`` behind a caret, without braces."""
        start, depth = self.at, 0
        while True:
            token = self.take()
            depth += token.is_("(") - token.is_(")")
            if depth == 0 or token.kind == "end":
                return self.tokens[start : self.at]

    def _read_above(self, base: str, group: list[Token], found: Scripts) -> None:
        """Labels in brackets, primes and a transpose in any order; the rest is a power."""
        while group:
            first = group[0]
            closing = {"(": ")", "[": "]", "<": ">"}.get(first.text, "")
            ends = [k for k, t in enumerate(group) if t.text == closing] if closing else []
            if ends and (self._is_label(group[1 : ends[0]])):
                found.above += self.written(group[1 : ends[0]])
                group = group[ends[0] + 1 :]
            elif first.is_("'", "prime"):
                found.primes += 1
                group = group[1:]
            elif first.text in TURNED and len(group) == 1:
                found.turned = not found.turned
                return
            elif first.is_("*", "star", "ast") and len(group) == 1:
                found.above += "star"
                return
            elif self._bare_label(base, found, group):
                last = group[-1].text in TURNED and len(group) > 1
                found.above += self.written(group[:-1] if last else group)
                group = group[-1:] if last else []
            else:
                found.powers.append(group)
                return

    @staticmethod
    def _is_label(group: list[Token]) -> bool:
        shown = "".join(t.text for t in group)
        return bool(
            re.fullmatch(r"\d+|[A-Za-z]([+-]\d)?(,[a-z]([+-]\d)?)*|out(put)?|hidden", shown)
        )

    def _bare_label(self, base: str, found: Scripts, group: list[Token]) -> bool:
        """``W^1``, ``z^2`` or ``\\delta^L``: a label where the name alone is unknown."""
        shown = self.written([t for t in group if t.text not in TURNED])
        if not re.fullmatch(r"\d+|L(-\d)?|[lk]([+-]\d)?", shown):
            return False
        if shown.isdigit() and self.known(base + found.below) is not None:
            return False
        numbered = base + found.below + self._number(shown)
        return self.known(numbered) is not None or (base in LABELLED and self.free)

    # -- what it means --------------------------------------------------------------------------

    def quantity(self, base: str, scripts: Scripts, token: Token) -> Symbol:
        """What a name with its scripts is, with indices in brackets: ``z1[n,j]``."""
        found = self.resolve(base, scripts, token)
        near = self.now.is_("[") and self.now.start == self.tokens[self.at - 1].end
        inside = self.tokens[self.at + 1 : self.at + 40]
        ends = [k for k, t in enumerate(inside) if t.is_("]")]
        shown = "".join(t.text for t in inside[: ends[0]]) if ends else ""
        if not near or not BRACKETED.fullmatch(shown):
            return found
        self.at += ends[0] + 2
        return Symbol(found.key, (*found.indices, *shown.split(",")), found.start)

    def resolve(self, base: str, scripts: Scripts, token: Token) -> Symbol:
        """The key that means something here, and the indices that are left of its scripts."""
        below, above = scripts.below, self._number(scripts.above)
        clean = self._number(below.replace(",", ""))
        for key in (base + clean + above, base + above + clean):
            if self.known(key) is not None:
                return Symbol(key, (), token.start)
        found = split(base, below, above, lambda key: self.known(key) is not None)
        if found is not None:
            return Symbol(*found, token.start)
        if self.free:
            fresh = split(base, below, above, lambda key: key.rstrip("0123456789") == base)
            if fresh is not None and {*fresh[1]} <= self.indexing:
                return Symbol(*fresh, token.start)
            return Symbol(base + clean + above, (), token.start)
        raise Unreadable(token.start, self._unknown(base + clean + above))

    def _number(self, label: str) -> str:
        """``L`` and ``L-1`` as the numbers of the last layers."""
        match = re.fullmatch(r"L(?:-(\d))?", label)
        if match is None or not self.names.nodes:
            return label
        nodes = self.names.nodes
        back = int(match[1] or 0)
        return self.names.number(nodes[-1 - back]) if back < len(nodes) else label

    def _unknown(self, key: str) -> str:
        params = ", ".join(p.key for p in self.names.program.graph.parameters[:8])
        return (
            f"'{key}' is no symbol of this network, and the answer does not define it; "
            f"the parameters are {params}"
        )
