"""New letters for those that are also the name of a tensor, as ``t`` in a loss.

Those with an underscore get one, too: ``i_2`` is a copy of ``i`` further on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symbp.language.expand import fresh
from symbp.language.program import Program
from symbp.language.tree import Affine, Equation, Name, Reduction, SizeOf
from symbp.language.walk import rebuild


def renamed(
    program: Program, sizes: dict[str, int | None]
) -> tuple[tuple[Equation, ...], dict[str, int | None]]:
    """The equations and the sizes of letters, with another name where one may not stay."""
    names = {*program.given, *program.definitions}
    clashing = [letter for letter in sizes if letter in names or "_" in letter]
    new = dict(zip(clashing, fresh(clashing, names | set(sizes)), strict=True))
    if not new:
        return program.equations, sizes

    def pairs(terms: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
        return tuple((coefficient, new.get(letter, letter)) for coefficient, letter in terms)

    def rename(node: Any) -> Any:
        match node:
            case Affine(terms=terms, sizes=own):
                return replace(node, terms=pairs(terms), sizes=pairs(own))
            case Reduction(letters=letters):
                return replace(node, letters=tuple(new.get(x, x) for x in letters))
            case SizeOf(letter=letter):
                return SizeOf(new.get(letter, letter))
            case Name(name=name) if name in program.letters:
                return Name(new.get(name, name))
        return node

    equations = tuple(rebuild(equation, rename) for equation in program.equations)
    return equations, {new.get(letter, letter): size for letter, size in sizes.items()}
