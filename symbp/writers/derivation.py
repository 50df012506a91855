"""The derivation of a network as a document: forward pass, loss, gradients, update."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from symbp.errors import InputError
from symbp.network.program import Program
from symbp.network.second import second
from symbp.writers.array_form import ArrayForm
from symbp.writers.document import Formula, Section
from symbp.writers.forms import Asked
from symbp.writers.phrases import LANGUAGES, phrase
from symbp.writers.render import render
from symbp.writers.scalar import Scalar
from symbp.writers.scalar_form import ScalarForm
from symbp.writers.second_form import SecondForm
from symbp.writers.storage import Storage, plan

NOTATIONS = ("scalar", "matrix", "index")


@dataclass(frozen=True, eq=False)
class Derivation:
    """A finished derivation; ``render`` gives it in any format."""

    name: str
    lang: str
    notation: str
    sections: tuple[Section, ...]
    results: tuple[Formula, ...]
    order: int = 1
    page: Callable[[], str] | None = field(default=None, repr=False)  # the lecture page, in a frame

    def render(self, format: str = "latex", result_only: bool = False) -> str:
        """The document as latex, markdown, tex or text; with ``result_only`` one result a line.

        Raises InputError for another format.
        """
        return render(self, format, result_only)

    def text(self) -> str:
        """The derivation for a terminal."""
        return self.render("text")

    @property
    def title(self) -> str:
        return phrase("title" if self.order == 1 else "title2", self.lang, name=self.name)

    def _repr_latex_(self) -> str:
        rows = r" \\ ".join(f"{f.left.latex} &{f.relation} {f.right.latex}" for f in self.results)
        return rf"$$\begin{{aligned}} {rows} \end{{aligned}}$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: of these kinds the richest that it can."""
        kinds = {
            "text/plain": self.text,
            "text/latex": self._repr_latex_,
            "text/markdown": lambda: self.render("markdown"),
        }
        kinds |= {"text/html": self.page} if self.page else {}
        wanted = (set(kinds) if include is None else set(include)) - set(exclude or ())
        return {kind: made for kind, make in kinds.items() if kind in wanted and (made := make())}


def derivation(
    program: Program,
    *,
    notation: str = "matrix",
    wrt: tuple[str, ...] = (),
    lang: str = "en",
    order: int = 1,
    storage: Storage | None = None,
) -> Derivation:
    """Build the document; raises InputError for an unknown name, notation or language.

    ``storage`` says how tensors are written in a derivation of order 1.
    """
    for value, known, what in ((notation, NOTATIONS, "notation"), (lang, LANGUAGES, "language")):
        if value not in known:
            raise InputError(f"unknown {what} '{value}'; known are {', '.join(known)}")
    if order not in (1, 2):
        raise InputError(f"derivatives of order {order} are not there; known are 1, 2")
    if order == 2:
        return _second(program, notation, wrt, lang)
    storage = storage or plan(program)
    asked = Asked(lang, tuple(dict.fromkeys(_find(name, storage) for name in wrt)))
    scalar = Scalar(storage)
    form: ScalarForm | ArrayForm
    if notation == "scalar" and not scalar.degenerate:
        form = ScalarForm(program, storage, scalar, asked)
    else:
        why = scalar.degenerate if notation == "scalar" else ()
        notation = "index" if why else notation
        form = ArrayForm(program, storage, scalar, asked, notation, why)
    name = program.graph.spec.name
    return Derivation(name, lang, notation, form.sections(), form.results())


def _second(program: Program, notation: str, wrt: tuple[str, ...], lang: str) -> Derivation:
    """Products with the Hessian; in index form where the scalar form is asked for."""
    found = second(program)
    storage = plan(found.program)
    asked = Asked(lang, tuple(dict.fromkeys(_find(name, plan(program)) for name in wrt)))
    notation = "index" if notation == "scalar" else notation
    form = SecondForm(program, found, storage, asked, notation)
    name = program.graph.spec.name
    return Derivation(name, lang, notation, form.sections(), form.results(), 2)


def _find(name: str, storage: Storage) -> str:
    """The tensor of a name that the user wrote; ``w1`` serves for ``W1``."""
    tensors = storage.program.tensors
    roles = ("parameter", "activation")
    known = [
        t.name for t in tensors.values()
        if t.role in roles and "." not in t.name and not t.part_of
    ]  # fmt: skip
    if name in known:
        return name
    alike = [k for k in known if k.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    near = difflib.get_close_matches(name, known, 1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    raise InputError(
        f"the network has no parameter or intermediate '{name}'{hint}; known here: "
        + ", ".join(known)
    )
