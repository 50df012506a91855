"""Collects instructions, and makes the arrays that hold what stands between two equations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from symbp.calculus.expression import Letter
from symbp.fast.instructions import Call, Input, Instruction, Loop
from symbp.fast.naming import fresh
from symbp.fast.numbers import RATE
from symbp.fast.strides import Array, Count, View, whole

NAMED = {"0.0": "zero", "1.0": "one", "-1.0": "minus_one", "2.0": "two", "0.5": "half"}


class Builder:
    """``task`` and ``formula`` are those of the equation whose instructions are being made; ``most`` is
    the size of the largest tensor."""

    def __init__(self, taken: set[str], most: int = 0) -> None:
        self.blocks: list[list[Instruction]] = [[]]
        self.taken = taken
        self.most = most
        self.counts: dict[str, int] = {}
        self.constants: dict[tuple[str, str], Array] = {}
        self.task = ""
        self.formula = ""
        self.hint = "v"

    def array(self, shape: Sequence[Count], kind: str = "float", role: str = "work",
              start: str = "") -> Array:  # fmt: skip
        """A new array with a name of its own."""
        while True:
            number = self.counts[self.hint] = self.counts.get(self.hint, 0) + 1
            name = f"{self.hint}_{number}"
            if name not in self.taken:
                self.taken.add(name)
                return Array(name, tuple(shape), role, kind, start)

    def temporary(
        self, letters: Sequence[Letter | None], sizes: Sequence[Count], kind: str = "float"
    ) -> View:
        return whole(self.array(sizes, kind), letters)

    def constant(
        self,
        code: str,
        letters: Sequence[Letter | None],
        sizes: Sequence[Count],
        kind: str = "float",
    ) -> View:
        """An array that is made once, by ``code``; the same for the same code."""
        key = (code, ", ".join(map(str, sizes)))
        if key not in self.constants:
            self.constants[key] = self.array(sizes, kind, "constant", code)
        return whole(self.constants[key], letters)

    def number(self, given: Input) -> Input:
        """A number that stays as it is as an array without axes: NumPy takes it twice as fast."""
        if isinstance(given, View) or re.search(rf"\b{RATE}\b", given):
            return given
        if (given, "") not in self.constants:
            name = self.variable(NAMED.get(given) or f"number{len(self.constants)}")
            self.constants[given, ""] = Array(name, (), "constant", "float", given)
        return whole(self.constants[given, ""], ())

    def call(self, text: str, inputs: Sequence[Input], out: View, *, entrywise: bool = False,
             adds: bool = False) -> View:  # fmt: skip
        if entrywise and not text.startswith("np.copyto"):
            inputs = [self.number(i) for i in inputs]
        self.blocks[-1].append(
            Call(text, tuple(inputs), out, entrywise, adds, self.task, self.formula)
        )
        return out

    @contextmanager
    def loop(self, variable: str, size: int, reverse: bool = False) -> Iterator[None]:
        """What is made inside is the body of a loop."""
        self.blocks.append([])
        yield
        body = tuple(self.blocks.pop())
        if body:
            self.blocks[-1].append(Loop(variable, size, reverse, body, self.task))

    def variable(self, wish: str) -> str:
        """A name for the variable of a loop."""
        name = fresh(wish, self.taken)
        self.taken.add(name)
        return name
