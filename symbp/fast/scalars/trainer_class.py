"""The lines of a ``Trainer`` whose step runs on plain floats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from symbp.calculus.equation import ADJOINT
from symbp.fast.scalars.frame import END, START, written
from symbp.fast.scalars.names import FUNCTIONS, RATE, SAMPLES
from symbp.fast.scalars.program import Assigned, Unrolled
from symbp.fast.scalars.rows import chained, pattern, rows, spread, wrapped
from symbp.fast.scalars.sharing import needed, shared, variables
from symbp.fast.scalars.terms import (
    AFTER,
    BEFORE,
    SAMPLE,
    Number,
    Operation,
    Term,
    Variable,
    negative,
    total,
)
from symbp.fast.scalars.text import signed, text
from symbp.printers.dialect import PLAIN
from symbp.writers.equations import UPDATE
from symbp.writers.formulas import Formulas
from symbp.writers.layout import INDENT
from symbp.writers.lines import Line, comment, unpack

WRONG = "except (ArithmeticError, AttributeError, TypeError, ValueError):"


def class_lines(made: Unrolled, head: dict[str, str]) -> list[Line]:
    """The class, and the function beside it; ``head`` fills what stands before the body of the step."""
    return [*written(START.format(**head)), *_Step(made).lines(), *written(END)]


class _Step:
    """The body of ``step``: what stands before the loop over samples, the loop, what comes behind."""

    def __init__(self, made: Unrolled) -> None:
        self.made = made
        self.program = made.storage.program
        self.formulas = Formulas(made.storage)
        self.loss = made.values["loss"][()]
        self.new = [total([own, negative(move)]) for own, move in made.updated()]
        self.assigned = shared(needed(made.lines, [self.loss, *self.new]), made.names)
        self.told: set[int] = set()  # statements whose formula stands already
        terms = [self.loss, *self.new, *(line.term for line in self.assigned)]
        self.read = {v.name for term in terms for v in variables(term)}
        self.functions = sorted({f for term in terms for f in _functions(term)} | {"isfinite"})

    def lines(self) -> list[Line]:
        loop = self.of_stage(SAMPLE)
        body = [
            *self.opening(),
            *self.of_stage(BEFORE),
            *chained([line.variable.name for line in self.assigned if line.adds]),
            *([*self.head(), *loop] if loop else []),
            *self.of_stage(AFTER),
            *self.closing(),
        ]
        return [
            Line("try:", depth=2),
            *(replace(line, depth=line.depth + 3) for line in body),
            Line(WRONG, depth=2),
            Line("pass", depth=3),
            Line("return self._step_by_arrays(x, t)", depth=2),
        ]

    def opening(self) -> Iterator[Line]:
        """Parameters, functions and numbers by their names."""
        names = [v.name for own in self.parameters.values() for v in own]
        yield from spread(names, " = self.weights")
        yield from unpack([(f, f"math.{f}") for f in self.functions])
        if RATE in self.read:
            yield Line(f"{RATE} = self.learning_rate")
        if SAMPLES in self.read:
            yield Line(f"{SAMPLES} = len(x)")

    @property
    def parameters(self) -> dict[str, list[Variable]]:
        return {
            p.name: list(self.made.given[p.name].values()) for p in self.program.graph.parameters
        }

    def data(self) -> dict[str, tuple[str, str]]:
        """For the input and each target: the name of its nested list, and the code that makes it."""
        outputs = [o for o, _ in self.program.graph.outputs]
        prepared = any(o.loss.type == "cross_entropy" for o in outputs)
        whole = "_targets(t)" if prepared else "t"
        parts = [whole if len(outputs) == 1 else f"{whole}[{o.target!r}]" for o in outputs]
        source = next(t.name for t in self.program.tensors.values() if t.role == "input")
        made = {source: "x", **dict(zip(self.program.targets, parts, strict=True))}
        return {
            name: (
                self.made.names.free(f"{name}_list"),
                f"{c}.tolist()"
                if prepared and c in parts
                else f"{c} if type({c}) is list else {c}.tolist()",
            )
            for name, c in made.items()
        }

    def head(self) -> list[Line]:
        """The loop: one sample and its targets at a time, whatever holds them."""
        data = self.data()
        patterns = [
            pattern(self.program.tensors[name].shape[1:], iter(self.made.given[name].values()))
            for name in data
        ]
        lists = ", ".join(local for local, _ in data.values())
        return [
            *(Line(f"{local} = {code}") for local, code in data.values()),
            *wrapped("for ", ", ".join(patterns), f" in zip({lists}, strict=True):"),
        ]

    def of_stage(self, known: int) -> list[Line]:
        """The lines of one part of the step, each statement's formula in front of its first."""
        mine = [a for a in self.assigned if (SAMPLE if a.adds else a.variable.stage) == known]
        made: list[Line] = []
        for number, group in groupby(mine, key=lambda a: a.statement):
            statement, depth = self.made.statements[number], int(known == SAMPLE)
            lines = list(group)
            codes = [_code(line) for line in lines]
            formula = ""
            if number not in self.told and not all(line.common for line in lines):
                formula = self.formulas.formula(statement, PLAIN)
                self.told.add(number)
            if len(codes) > 1 and formula:
                above = comment(formula, INDENT * (depth + 3))
                made += [Line(row.strip(), depth=depth) for row in above]
                formula = ""
            made += [Line(code, formula, statement.id, depth) for code in codes]
        return made

    def closing(self) -> Iterator[Line]:
        yield Line(f"if isfinite({text(self.loss)}):")
        yield Line("self.weights = [", id=UPDATE, depth=1)
        new = iter(self.new)
        for parameter, own in self.parameters.items():
            name = self.made.storage.name(parameter).unicode()
            slope = self.made.storage.name(ADJOINT + parameter).unicode()
            yield Line(f"# {name} ← {name} - α {slope}", depth=2)
            values = [text(next(new)) for _ in own]
            yield from (replace(line, id=UPDATE, depth=2) for line in rows(values))
        yield Line("]", depth=1)
        yield Line(f"return {text(self.loss)}", depth=1)


def _code(line: Assigned) -> str:
    if not line.adds:
        return f"{line.variable.name} = {text(line.term)}"
    minus, term = signed(line.term)
    return f"{line.variable.name} {'-' if minus else '+'}= {text(term)}"


def _functions(term: Term) -> set[str]:
    """The names of ``math`` that a term reads."""
    if isinstance(term, Operation):
        own = {term.op} & set(FUNCTIONS)
        return own.union(*(_functions(a) for a in term.args))
    return {"inf"} if isinstance(term, Number) and math.isinf(term.value) else set()
