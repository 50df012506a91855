"""Arrays with letters: one axis for each free letter of an expression."""

from __future__ import annotations

from dataclasses import dataclass

from symbp.calculus.expression import Letter
from symbp.judge.evaluate_operations import Run


@dataclass(frozen=True)
class Value:
    """``run`` gives an array with the axes ``letters``, each in its full length."""

    run: Run
    letters: tuple[Letter, ...] = ()

    def over(self, letters: tuple[Letter, ...]) -> Run:
        """The value with these axes, in this order; those that it lacks have length one."""
        if letters == self.letters:
            return self.run
        run = self.run
        order = [self.letters.index(i) for i in letters if i in self.letters]
        place = tuple(slice(None) if i in self.letters else None for i in letters)
        if not self.letters:
            return run
        if order == sorted(order):
            return lambda t: run(t)[place]
        return lambda t: run(t).transpose(order)[place]


def union(values: list[Value]) -> tuple[Letter, ...]:
    return tuple(dict.fromkeys(i for v in values for i in v.letters))
