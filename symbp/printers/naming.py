"""How a tensor's name is written: ``W1`` in code, ``W_1`` on paper, ``w_1`` where it is one number."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from symbp.printers.marks import mark, unmarked

GREEK = frozenset(
    (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
        "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi",
        "omega",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """``base`` in LaTeX, a subscript, the levels of `repeat` it stands in, and whether it is an adjoint."""

    base: str
    plain: str
    subscript: str = ""
    levels: tuple[str, ...] = ()
    adjoint: int = 0
    through: str = ""  # for one path's share of an adjoint: the layer it goes through
    tangent: bool = False  # whether it is the directional derivative
    key: str = ""  # of the term that the LaTeX is marked as

    def latex(self, index: str = "", label: str = "", transposed: bool = False) -> str:
        return mark(self.key, self._latex(index, label, transposed))

    def _latex(self, index: str, label: str, transposed: bool) -> str:
        subscript = ",".join(p for p in (self.subscript, index) if p)
        superscript = ",".join((*self.levels, *([label] if label else [])))
        text, _, exponent = self.base.partition("^")  # the variance is called sigma^2
        if subscript:
            text += f"_{subscript}" if len(subscript) == 1 else f"_{{{subscript}}}"
        if superscript:
            text += f"^{{({superscript})}}"
        if exponent:
            text = f"{carrying(text)}^{exponent}"
            superscript = exponent
        for _ in range(self.adjoint):
            text = rf"\frac{{\partial L}}{{\partial {text}}}"
        if self.through and self.adjoint:
            path = self.through if "+" in self.through else name_of(self.through).latex()
            text = rf"\left.{text}\right|_{{{path}}}"
        if self.tangent:
            size = ("\\left", "\\right") if self.adjoint else ("", "")
            text = rf"\mathcal{{R}}{size[0]}\{{{text}{size[1]}\}}"
        if not transposed:
            return text
        if self.adjoint and not self.tangent:
            return rf"\left({text}\right)^\top"
        return rf"{{{text}}}^\top" if superscript else rf"{text}^\top"

    def unicode(self, index: str = "", label: str = "", transposed: bool = False) -> str:
        inside = ",".join(p for p in (*self.levels, label, index) if p)
        text = self.plain + (f"[{inside}]" if inside else "")
        text = "∂L/∂" * self.adjoint + text
        path = bool(self.through and self.adjoint)
        text += f"|{self.through}" * path
        return (f"R{{{text}}}" if self.tangent else text) + "ᵀ" * transposed

    def scalar(self) -> Name:
        """The name where a layer has one neuron: matrices become small letters."""
        lower = self.base.lower() if len(self.base) == 1 else self.base
        plain = re.sub(r"^[A-Z](?=[a-z]?\d*$)", lambda m: m[0].lower(), self.plain)
        return replace(self, base=lower, plain=plain)


def carrying(text: str) -> str:
    """A finished name as the base of a power: a derivative in brackets, a superscript in braces."""
    bare = unmarked(text)
    if bare.startswith((r"\frac", r"\left.")):
        return rf"\left( {text} \right)"
    if bare.startswith("∂"):
        return f"({text})"
    if bare.startswith((r"\tilde", r"\hat")) and "^" in bare:
        return f"{{{text}{{}}}}"  # an accent alone in braces is no group of its own to TeX
    return f"{{{text}}}" if "^" in text else text


def name_of(word: str, latex: str | None = None) -> Name:
    """Read a name: ``W1`` is W_1, ``Wx2`` is W_{x,2}, ``xhat`` is x with a hat, ``beta1`` is greek."""
    if word.endswith("_") and word.strip("_"):  # the second of two that wish for one name
        known = name_of(word[:-1], latex)
        return replace(known, base=rf"\tilde{{{known.base}}}", plain=word)
    stem, digits = re.fullmatch(r"(.*?)_?(\d*)", word).groups()  # type: ignore[union-attr]
    if not stem:
        stem, digits = word, ""
    plain = word
    if latex is not None:
        return Name(latex, plain, digits)
    if stem.endswith("hat") and len(stem) == 4:
        return Name(rf"\hat{{{stem[0]}}}", plain.replace("hat", "\u0302"), digits)
    if stem in GREEK:
        return Name(rf"\{stem}", plain, digits)
    if len(stem) == 1:
        return Name(stem, plain, digits)
    if len(stem) == 2 and stem[0].isupper() and stem[1].islower():
        return Name(stem[0], plain, ",".join(p for p in (stem[1], digits) if p))
    head, _, tail = stem.partition("_")
    if tail and "_" not in tail and (len(head) == 1 or head in GREEK):
        base = rf"\{head}" if head in GREEK else head
        inner = tail if len(tail) == 1 else rf"\mathrm{{{tail}}}"
        return Name(base, plain, ",".join(p for p in (inner, digits) if p))
    return Name(rf"\mathit{{{stem.replace('_', chr(92) + '_')}}}", plain, digits)
