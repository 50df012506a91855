"""Typography taken out of a formula's tokens: fonts, accents as marks behind their letter, words."""

from __future__ import annotations

import re

from symbp.judge.text.names import function
from symbp.judge.text.tokens import Token, Unreadable

FONTS = frozenset((
    "mathbf", "boldsymbol", "bm", "mathrm", "mathit", "mathsf", "mathcal", "mathbb", "mathfrak",
    "mathscr", "operatorname", "pmb", "vec", "underline", "mathnormal", "mathtt",
    "overrightarrow", "overset", "underbrace", "bf", "rm", "it", "boxed",
))  # fmt: skip
ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde",
           "widetilde": "tilde", "dot": "dot", "ddot": "ddot"}  # fmt: skip
CONJUNCTIONS = frozenset(
    {"and", "with", "so", "thus", "hence", "then", "by", "since", "because", "using", "as"}
)
MODULES = frozenset({"np", "numpy", "math", "torch", "tf", "F", "jnp", "self", "nn"})


def flatten(tokens: list[Token]) -> list[Token]:
    """The same tokens with fonts gone; a one in bold is a vector of ones. Raises Unreadable."""
    made: list[Token] = []
    waiting = list(reversed(tokens))
    cases = 0
    while waiting:
        token = waiting.pop()
        cases += token.is_("cases") - token.is_("endcases")
        if token.kind == "align" and not cases:
            continue
        if token.kind == "command" and token.text in FONTS:
            inner = _argument(waiting, token)
            if [t.text for t in inner] in (["1"], ["𝟏"]) and token.text not in ("mathrm", "text"):
                inner = [Token("command", "ones", inner[0].start, inner[0].end)]
            waiting += reversed(inner)
        elif token.kind == "command" and token.text in ACCENTS:
            first, *rest = _argument(waiting, token) or [token]
            mark = Token("mark", ACCENTS[token.text], first.start, first.end)
            waiting += reversed([first, mark, *rest])
        elif token.kind == "word" and token.text in CONJUNCTIONS:
            made.append(Token("gap", token.text, token.start, token.end))
        elif token.kind == "text":
            made += _word(token, made)
        elif _is_module(token, waiting):
            waiting.pop()
            if waiting and waiting[-1].text in ("sum", "mean"):  # those of all entries
                word = waiting.pop()
                made.append(Token("word", f"np{word.text}", word.start, word.end))
        elif _is_empty(token, waiting) and not _script(made):
            waiting.pop()
        else:
            made.append(token)
    return made


def _argument(waiting: list[Token], command: Token) -> list[Token]:
    """What a command applies to: a group without its braces, or one letter."""
    if not waiting:
        raise Unreadable(command.start, f"{command} stands alone; expected a symbol behind it")
    token = waiting.pop()
    if not token.is_("{"):
        if token.kind == "word" and len(token.text) > 1:
            rest = Token("word", token.text[1:], token.start + 1, token.end)
            if rest.text[0].isdigit():
                rest = Token("number", rest.text, rest.start, rest.end)
            waiting.append(rest)
            token = Token("word", token.text[0], token.start, token.start + 1)
        return [token]
    inner: list[Token] = []
    depth = 1
    while waiting:
        token = waiting.pop()
        depth += token.is_("{") - token.is_("}")
        if depth == 0:
            return inner
        inner.append(token)
    raise Unreadable(command.start, "the brace is never closed; expected '}'")


def _is_empty(token: Token, waiting: list[Token]) -> bool:
    """``{}``, which only keeps TeX's spacing right."""
    return token.is_("{") and bool(waiting) and waiting[-1].is_("}")


def _script(made: list[Token]) -> bool:
    return bool(made) and made[-1].is_("_", "^")


def _word(token: Token, made: list[Token]) -> list[Token]:
    """The name of a function, or of a script, as a word; other text only separates."""
    inside = _script(made) or (len(made) > 1 and made[-1].text == "{" and _script(made[:-1]))
    name = re.fullmatch(r"[A-Za-z]\w*", token.text)
    prose = token.text.lower() in ("where", "step", "dot", "sum", "power")
    if name and (inside or (function(token.text) and not prose) or len(token.text) == 1):
        return [Token("word", token.text, token.start, token.end)]
    return [Token("gap", token.text, token.start, token.end)]


def _is_module(token: Token, waiting: list[Token]) -> bool:
    """``np`` in front of a point, which goes with it."""
    return (
        token.kind == "word" and token.text in MODULES and bool(waiting) and waiting[-1].text == "."
    )
