"""Everything that ``symbp build`` writes for a network, as bytes.

made = plan(symbp.load("article").program)
dict(made.files)        # article.md, article.tex, article.py
"""

from __future__ import annotations

from dataclasses import dataclass

from symbp.network.program import Program
from symbp.writers.derivation import Derivation, derivation
from symbp.writers.files import signed
from symbp.writers.package import Package, package

ENDINGS = {"markdown": "md", "tex": "tex"}


@dataclass(frozen=True, eq=False)
class Build:
    """A network's derivations, the textbook's first, and the network as code."""

    derivations: tuple[Derivation, ...]
    package: Package

    def document(self, form: str) -> bytes:
        """All derivations in one file; ``form`` is markdown or tex."""
        parts = (made.render(form) for made in self.derivations)
        return signed("\n".join(parts), form).encode()

    @property
    def documents(self) -> tuple[tuple[str, bytes], ...]:
        """``NAME.md`` and ``NAME.tex``."""
        name = self.package.name
        return tuple((f"{name}.{ending}", self.document(form)) for form, ending in ENDINGS.items())

    @property
    def files(self) -> tuple[tuple[str, bytes], ...]:
        """Names and bytes, in the order in which to write them."""
        return (*self.documents, *self.package.files)


def plan(program: Program) -> Build:
    """Derive and generate; raises InputError for what the network or its data lack."""
    return Build(derivations(program), package(program))


def derivations(program: Program) -> tuple[Derivation, ...]:
    """One neuron a layer as in a textbook, where all layers have such a form; then the network as
    it is, in the matrices that the code computes with."""
    scalar = derivation(program, notation="scalar")
    matrix = derivation(program, notation="matrix")
    return (scalar, matrix) if scalar.notation == "scalar" else (matrix,)
