"""The terms of every formula and of the code that computes it, under the same keys.

A key is ``t.NAME`` for a tensor, by its variable in the code, and ``e.ID.K`` for the K-th compound term of
the equation with that id. Keys come from the trees that formula and code are printed from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symbp.lecture.blocks import Part, part
from symbp.lecture.html_data import with_data
from symbp.lecture.marking import with_terms
from symbp.lecture.places import Span, spans
from symbp.network.program import Program
from symbp.writers.derivation import derivation
from symbp.writers.equations import equations
from symbp.writers.module import Module, write
from symbp.writers.passes import Passes
from symbp.writers.storage import Storage, plan


@dataclass(frozen=True, eq=False)
class Marked:
    """``latex``: for each equation, by its id, each notation's formula with every term wrapped as
    ``\\htmlData{term=KEY}{...}``. ``code``: for each line of the module, counted from 1, the terms in it,
    nested or disjoint, outer ones first. ``storage`` writes tensors with their marks."""

    latex: dict[str, dict[str, str]]
    code: dict[int, tuple[Span, ...]]
    storage: Storage

    def derivation(self, notation: str, lang: str = "en") -> tuple[Part, ...]:
        """The document of ``derive`` with the same terms marked.

        Raises InputError for an unknown notation or language.
        """
        program = self.storage.program
        made = derivation(program, notation=notation, lang=lang, storage=self.storage)
        return tuple(part(section, lang) for section in made.sections)


def marked(program: Program, module: Module | None = None) -> Marked:
    """The terms of a program's formulas and code.

    ``module`` is the one whose lines are counted (default: what ``generate`` writes without data).
    """
    module = module or write(program)
    storage = replace(plan(with_terms(program)), marked=True)
    program = storage.program
    found = {e.id: e.latex for e in equations(program, module, storage)}
    latex = {i: {n: with_data(text) for n, text in forms.items()} for i, forms in found.items()}
    return Marked(latex, _code(storage, module), storage)


def _code(storage: Storage, module: Module) -> dict[int, tuple[Span, ...]]:
    source = module.source.split("\n")
    made: dict[int, tuple[Span, ...]] = {}
    for section, lines in Passes(storage).sections().items():
        for k, line in enumerate(lines):
            numbers = module.places[f"{section}:{k}"]
            rows = spans(line.code, [source[n - 1] for n in numbers])
            made |= {n: tuple(row) for n, row in zip(numbers, rows, strict=True) if row}
    return made
