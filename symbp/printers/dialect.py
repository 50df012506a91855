"""How formulas look: LaTeX for paper, plain Unicode for terminals and code comments.

The notations (index, matrix, scalar) say what is printed; a dialect says with which signs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.printers.base import ATOM, OPEN, POWER, PRODUCT, SUM

Piece: TypeAlias = tuple[str, int]


class Dialect(ABC):
    """The signs of one way of writing. Methods give a text and how tightly it holds together."""

    odot = oslash = times = gap = ones = ones_row = ""
    tight = False  # whether one-letter indices stand without commas
    bars = False  # whether a fraction is a bar with one thing above the other
    relations: Mapping[str, str] = {}
    names: Mapping[str, str] = {}  # of functions

    @abstractmethod
    def bracket(self, text: str) -> str: ...

    @abstractmethod
    def number(self, value: sp.Expr) -> Piece: ...

    @abstractmethod
    def partial(self, upper: str, lower: str) -> str:
        """A partial derivative."""

    def tall(self, text: str) -> bool:
        """Whether a text is higher than a line."""
        return False

    @abstractmethod
    def fraction(self, over: str, under: str) -> Piece: ...

    @abstractmethod
    def root(self, text: str) -> Piece: ...

    @abstractmethod
    def power(self, base: str, exponent: str) -> Piece: ...

    @abstractmethod
    def exponential(self, text: str) -> Piece: ...

    @abstractmethod
    def call(self, name: str, arguments: str) -> Piece: ...

    @abstractmethod
    def absolute(self, text: str) -> Piece: ...

    @abstractmethod
    def reduction(self, op: str, letters: str, body: str, mean: str = "") -> Piece:
        """A sum, a mean over ``mean`` entries, or a maximum."""

    @abstractmethod
    def cases(self, condition: str, then: str, otherwise: str) -> Piece: ...

    @abstractmethod
    def otherwise(self, text: str, value: str) -> str:
        """What is ``value`` elsewhere."""

    @abstractmethod
    def iverson(self, condition: str) -> Piece: ...

    def places(self, words: Sequence[str]) -> str:
        """Index expressions one behind the other, with commas where they are needed."""
        tight = self.tight and all(len(w.rstrip("'")) == 1 for w in words)
        return ("" if tight else ",").join(words)


TALL = (
    "\\frac",
    "\\sum",
    "\\max_",
    "\\begin",
    f"{OPEN}{ADJOINT}",
)  # an adjoint is written as a fraction


class Latex(Dialect):
    tight = bars = True
    odot, oslash, times, gap = r" \odot ", r" \oslash ", r" \cdot ", " "
    ones, ones_row = r"\mathbf{1}", r"\mathbf{1}^\top"
    relations = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne",
                 "and": r"\wedge", "or": r"\vee"}  # fmt: skip
    names = {
        "exp": r"\exp", "log": r"\log", "tanh": r"\tanh", "sin": r"\sin", "cos": r"\cos",
        "tan": r"\tan", "sinh": r"\sinh", "cosh": r"\cosh", "asin": r"\arcsin",
        "acos": r"\arccos", "atan": r"\arctan", "erf": r"\operatorname{erf}",
        "sign": r"\operatorname{sign}", "log1p": r"\operatorname{log1p}",
        "expm1": r"\operatorname{expm1}", "maximum": r"\max", "minimum": r"\min",
        "argmax": r"\operatorname{argmax}",
        "stop_gradient": r"\operatorname{sg}",
    }  # fmt: skip

    def bracket(self, text: str) -> str:
        if self.tall(text):
            return rf"\left( {text} \right)"
        return f"({text})"

    def partial(self, upper: str, lower: str) -> str:
        return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"

    def tall(self, text: str) -> bool:
        return any(sign in text for sign in TALL)

    def fraction(self, over: str, under: str) -> tuple[str, int]:
        return rf"\frac{{{over}}}{{{under}}}", ATOM

    def root(self, text: str) -> tuple[str, int]:
        return rf"\sqrt{{{text}}}", ATOM

    def power(self, base: str, exponent: str) -> tuple[str, int]:
        return f"{base}^{{{exponent}}}" if len(exponent) > 1 else f"{base}^{exponent}", POWER

    def exponential(self, text: str) -> tuple[str, int]:
        return f"e^{{{text}}}", POWER

    def call(self, name: str, arguments: str) -> tuple[str, int]:
        return f"{name}{self.bracket(arguments)}", ATOM

    def absolute(self, text: str) -> tuple[str, int]:
        return rf"\left| {text} \right|", ATOM

    def reduction(self, op: str, letters: str, body: str, mean: str = "") -> tuple[str, int]:
        sign = {"sum": r"\sum", "max": r"\max", "mean": rf"\frac{{1}}{{{mean}}} \sum"}[op]
        return rf"{sign}_{{{letters}}} {body}", PRODUCT

    def cases(self, condition: str, then: str, otherwise: str) -> tuple[str, int]:
        return (
            rf"\begin{{cases}} {then} & {condition} \\ {otherwise} & \text{{else}} \end{{cases}}",
            ATOM,
        )

    def otherwise(self, text: str, value: str) -> str:
        return rf"{text}, \; \text{{else}} \; {value}"

    def iverson(self, condition: str) -> tuple[str, int]:
        return f"[{condition}]", ATOM

    def size(self, letter: str) -> str:
        return f"N_{{{letter}}}"

    def number(self, value: sp.Expr) -> tuple[str, int]:
        text = sp.latex(value)
        return text, ATOM if value.is_Atom and not text.startswith("-") else SUM


class Plain(Dialect):
    odot, oslash, times, gap = " ⊙ ", " / ", "·", " "
    ones, ones_row = "1", "1ᵀ"
    relations = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠",
                 "and": "∧", "or": "∨"}  # fmt: skip
    names: dict[str, str] = {"asin": "arcsin", "acos": "arccos", "atan": "arctan",
                             "maximum": "max", "minimum": "min", "argmax": "argmax",
                             "stop_gradient": "sg"}  # fmt: skip

    def partial(self, upper: str, lower: str) -> str:
        return f"∂{upper}/∂{lower}"

    def bracket(self, text: str) -> str:
        return f"({text})"

    def fraction(self, over: str, under: str) -> tuple[str, int]:
        return f"{over}/{under}", PRODUCT

    def root(self, text: str) -> tuple[str, int]:
        return f"√{text if text.isalnum() else self.bracket(text)}", ATOM

    def power(self, base: str, exponent: str) -> tuple[str, int]:
        digits = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
        if exponent.lstrip("-").isdigit():
            return base + exponent.translate(digits), POWER
        return f"{base}^({exponent})", POWER

    def exponential(self, text: str) -> tuple[str, int]:
        return f"exp({text})", ATOM

    def call(self, name: str, arguments: str) -> tuple[str, int]:
        return f"{name}({arguments})", ATOM

    def absolute(self, text: str) -> tuple[str, int]:
        return f"|{text}|", ATOM

    def reduction(self, op: str, letters: str, body: str, mean: str = "") -> tuple[str, int]:
        mean = self.bracket(mean) if " " in mean or self.times in mean else mean
        sign = {"sum": "Σ", "max": "max", "mean": f"1/{mean} Σ"}[op]
        return f"{sign}_{letters.replace(' ', '')} {body}", PRODUCT

    def cases(self, condition: str, then: str, otherwise: str) -> tuple[str, int]:
        return f"({then} if {condition} else {otherwise})", ATOM

    def otherwise(self, text: str, value: str) -> str:
        return f"{text}, else {value}"

    def iverson(self, condition: str) -> tuple[str, int]:
        return f"[{condition}]", ATOM

    def size(self, letter: str) -> str:
        return f"N{letter}"

    def number(self, value: sp.Expr) -> tuple[str, int]:
        text = str(value).replace("**", "^").replace("oo", "∞").replace("pi", "π")
        text = text.replace("sqrt", "√")
        atom = value.is_Atom and not text.startswith("-") and "/" not in text
        return text, ATOM if atom else SUM if value.is_Add else PRODUCT


LATEX, PLAIN = Latex(), Plain()
