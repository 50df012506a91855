"""Expressions over plain floats: what one entry of a tensor is, for one sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BEFORE, SAMPLE, AFTER = 0, 1, 2  # the loop over samples: where a value is known
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip
CONDITIONS = (*COMPARISONS, "and", "or")


class Unfit(Exception):
    """Why a program cannot be written in floats, sample by sample."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Variable:
    """A local of the step, or a number that is handed in; ``adjoint`` values are linear in the seed."""

    name: str
    stage: int = SAMPLE
    adjoint: bool = False


@dataclass(frozen=True)
class Operation:
    """``op`` is + * / neg, a comparison, and, or, if (condition, then, otherwise), the name of a
    function of floats, or "batch": the sum over all samples."""

    op: str
    args: tuple[Term, ...]


Term = Number | Variable | Operation
ZERO, ONE = Number(0.0), Number(1.0)


def stage(term: Term) -> int:
    """Where a value is known; Unfit where a sample would have to wait for all others."""
    if isinstance(term, Number):
        return BEFORE
    if isinstance(term, Variable):
        return term.stage
    found = {stage(a) for a in term.args} - {BEFORE}
    if found == {SAMPLE, AFTER} or (term.op == "batch" and AFTER in found):
        raise Unfit("a sample's values depend on those of the whole batch")
    if term.op == "batch":
        return AFTER
    return max(found, default=BEFORE)


def is_linear(term: Term) -> bool:
    """Whether a value holds an adjoint."""
    if isinstance(term, Operation):
        return any(map(is_linear, term.args))
    return isinstance(term, Variable) and term.adjoint


# -- making them, with constants folded ---------------------------------------------------------


def negative(term: Term) -> Term:
    if isinstance(term, Number):
        return Number(-term.value)
    if isinstance(term, Operation) and term.op == "neg":
        return term.args[0]
    return Operation("neg", (term,))


def total(terms: Sequence[Term]) -> Term:
    """Their sum; numbers stand as one where the first of them stood."""
    constant = sum(t.value for t in terms if isinstance(t, Number))
    first = next((k for k, t in enumerate(terms) if isinstance(t, Number)), len(terms))
    rest: list[Term] = [t for t in terms if not isinstance(t, Number)]
    if constant or not rest:
        rest.insert(first, Number(constant))
    return rest[0] if len(rest) == 1 else Operation("+", tuple(rest))


def product(over: Sequence[Term], under: Sequence[Term] = (), coefficient: float = 1.0) -> Term:
    """coefficient * product of ``over`` / product of ``under``; a sign stands in front of it all."""
    top: list[Term] = []
    bottom: list[Term] = []
    for terms, kept, power in ((over, top, 1), (under, bottom, -1)):
        for term in terms:
            if isinstance(term, Operation) and term.op == "neg":
                coefficient, term = -coefficient, term.args[0]
            if not isinstance(term, Number):
                kept.append(term)
            elif power > 0:
                coefficient *= term.value
            elif term.value:
                coefficient /= term.value
            else:
                raise Unfit("it divides by zero")
    if not coefficient or not (top or bottom):
        return Number(coefficient)
    if abs(coefficient) != 1 or not top:
        top.insert(0, Number(abs(coefficient)))
    made = _joined(top)
    if bottom:
        made = Operation("/", (made, _joined(bottom)))
    return negative(made) if coefficient < 0 else made


def _joined(factors: Sequence[Term]) -> Term:
    return factors[0] if len(factors) == 1 else Operation("*", tuple(factors))


def power(x: Term, exponent: float) -> Term:
    """Small whole powers are products, the others ``math.pow``."""
    if exponent in (2, 3, 4):
        return product([x] * int(exponent))
    return call("pow", x, Number(exponent))


def call(function: str, *args: Term) -> Term:
    """A function of ``math``, or ``abs``; of numbers at once."""
    numbers = [a.value for a in args if isinstance(a, Number)]
    if len(numbers) < len(args):
        return Operation(function, args)
    try:
        return Number(float((abs if function == "abs" else getattr(math, function))(*numbers)))
    except (ArithmeticError, ValueError):
        raise Unfit(f"{function} of a constant is no number") from None


def condition(op: str, left: Term, right: Term) -> Term:
    """A comparison, or ``and`` / ``or``; of numbers it is 1 or 0."""
    if op in COMPARISONS:
        if isinstance(left, Number) and isinstance(right, Number):
            return Number(float(COMPARISONS[op](left.value, right.value)))
        return Operation(op, (left, right))
    for known, other in ((left, right), (right, left)):
        if isinstance(known, Number):
            return other if bool(known.value) == (op == "and") else known
    return Operation(op, (left, right))


def choice(case: Term, then: Term, otherwise: Term) -> Term:
    if isinstance(case, Number):
        return then if case.value else otherwise
    return then if then == otherwise else Operation("if", (case, then, otherwise))


def largest(terms: Sequence[Term]) -> Term:
    return terms[0] if len(terms) == 1 else Operation("max", tuple(terms))


def over_batch(term: Term, samples: Variable) -> Term:
    """The sum over all samples."""
    if stage(term) == BEFORE:
        return product([samples, term])
    return Operation("batch", (term,))


def rebuilt(term: Operation, args: Sequence[Term]) -> Term:
    """The operation of other arguments, folded anew."""
    match term.op:
        case "+":
            return total(args)
        case "*":
            return product(args)
        case "/":
            return product(args[:1], args[1:])
        case "neg":
            return negative(args[0])
        case "if":
            return choice(*args)
        case "max" | "batch":
            return Operation(term.op, tuple(args))
        case op if op in CONDITIONS:
            return condition(op, *args)
    return call(term.op, *args)
