"""The equations of one unit as functions on arrays; what was compiled for one system serves all others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from symbp.calculus.equation import ADJOINT, Equation, Unit
from symbp.calculus.expression import Letter, SumOver, entries
from symbp.calculus.index import base
from symbp.judge.evaluate import Array, Compiler, one_letter
from symbp.judge.evaluate_operations import Run, Tensors
from symbp.judge.evaluate_sums import LARGE
from symbp.judge.evaluate_values import Value

SAMPLES = 4
Kernel = Callable[[Tensors], Array]


@dataclass(frozen=True)
class Written:
    """An equation in a system; one that ``overwrites`` keeps the last of several values at a place:
    the last of a loop over the letters that adjoints have ("places"), or of one over the others
    ("windows")."""

    equation: Equation
    overwrites: str = ""


class Machine:
    """Runs the equations of one unit; what was compiled for one system serves all others."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.compiler = Compiler(unit)
        self.kernels: dict[Written, Kernel] = {}

    @cached_property
    def work(self) -> int:
        """What one run of the unit's adjoints costs, in small equations."""
        total = 0
        for e in self.unit.equations:
            letters = {base(i) for i in e.rhs.atoms(sp.Symbol)} & self.unit.sizes.keys()
            entries_ = math.prod(self.unit.sizes[i] or SAMPLES for i in sorted(letters))
            total += 2 + entries_ // LARGE
        steps = max((self.unit.size_of(k.letter) or 1 for k in self.unit.links), default=1)
        return total * steps

    def kernel(self, written: Written) -> Kernel:
        if written not in self.kernels:
            self.kernels[written] = self._kernel(written)
        return self.kernels[written]

    def _kernel(self, written: Written) -> Kernel:
        target, rhs = written.equation.target, written.equation.rhs
        rest = sorted(self.compiler.value(rhs).letters, key=str)
        rest = [i for i in rest if i not in target.free_symbols]
        value = self.compiler.value(SumOver(rhs, *rest) if rest else rhs)
        own = self.unit.letters[target.name.lstrip(ADJOINT)]
        sizes = [self.compiler.size(i) for i in own]
        if target.plain and sizes == [self.compiler.size(i) for i in target.indices]:
            return self.compiler.whole(value, target.indices)
        return self._scatter(written, value)

    def _scatter(self, written: Written, value: Value) -> Kernel:
        """Values that go to parts of their target, and are added up where several go to one place."""
        target = written.equation.target
        lengths = [self.compiler.length(i) for i in self.unit.letters[target.name.lstrip(ADJOINT)]]
        fill = float(self.unit.fills.get(target.name, 0))
        cut = self.compiler.slices(target)
        if cut is not None:
            letters = tuple(i for i in map(one_letter, target.indices) if i is not None)
            block = value.over(letters)

            def placed(t: Tensors) -> Array:
                total = np.full([length(t) for length in lengths], fill)
                total[cut(t)] = block(t)
                return total

            return placed
        letters, places = self.compiler.places(target)
        if written.overwrites:
            letters, places = self._outer_first(written, letters, places)
        run = self.compiler.whole(value, letters)

        def scattered(t: Tensors) -> Array:
            total = np.full([length(t) for length in lengths], fill)
            values = run(t)
            where = tuple(np.broadcast_to(w, values.shape) for w in places(t))
            if fill or written.overwrites:
                total[where] = values
            else:
                np.add.at(total, where, values)
            return total

        return scattered

    @staticmethod
    def _outer_first(
        written: Written, letters: tuple[Letter, ...], places: Run
    ) -> tuple[tuple[Letter, ...], Run]:
        """The letters with those of the loop in front, whose last step is what stays."""
        reads = entries(written.equation.rhs)
        known = {i for r in reads if r.name.startswith(ADJOINT) for i in r.indices}
        outer = [i for i in letters if (i in known) == (written.overwrites == "places")]
        order = (*outer, *(i for i in letters if i not in outer))
        axes = [letters.index(i) for i in order]
        return order, lambda t: tuple(np.transpose(a, axes) for a in places(t))
