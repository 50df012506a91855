"""How the tensors of a network are written, by their keys: for labels beside numbers and curves."""

from __future__ import annotations

from symbp.calculus.equation import ADJOINT
from symbp.lecture.page_keys import Keys
from symbp.network.program import Program


def names(program: Program, keys: Keys) -> dict[str, str]:
    """LaTeX for the key of every tensor that the equations use, and of its adjoint.

    Where copies of a repeat share a variable it is the name of the copy that a formula begins with.
    """
    found: dict[str, str] = {}
    for tensor in program.tensors:
        for name in (tensor, ADJOINT + tensor):
            if keys.is_used(name) or program.tensors[tensor].role == "parameter":
                found.setdefault(keys.key(name), keys.name(name).latex())
    return found
