"""The learning rate, folded into the first adjoint: all that follow are linear in it."""

from __future__ import annotations

from symbp.fast.scalars.terms import (
    BEFORE,
    ZERO,
    Operation,
    Term,
    Unfit,
    Variable,
    is_linear,
    product,
    rebuilt,
    stage,
)


def scaled(term: Term, rate: Variable) -> Term:
    """The term with all that holds no adjoint multiplied: an adjoint's seed, for it is linear in the
    adjoints that it reads, and these are multiplied already."""
    if term == ZERO:
        return term
    if not is_linear(term):
        return _times(term, rate)
    if isinstance(term, Variable):
        return term
    assert isinstance(term, Operation)
    args = list(term.args)
    match term.op:
        case "+" | "neg" | "batch":
            args = [scaled(a, rate) for a in args]
        case "if":
            args[1:] = [scaled(a, rate) for a in args[1:]]
        case "*" | "/":
            (k,) = [k for k, a in enumerate(args) if is_linear(a)]
            args[k] = scaled(args[k], rate)
        case _:
            raise Unfit("an adjoint is not linear in those that it reads")
    return rebuilt(term, args)


def _times(term: Term, rate: Variable) -> Term:
    """rate * term; what is known before the samples stands together in front."""
    if isinstance(term, Operation):
        if term.op in ("neg", "batch"):
            return rebuilt(term, [_times(term.args[0], rate)])
        if term.op == "/" and stage(term.args[1]) == BEFORE:
            return product([product([rate], [term.args[1]]), term.args[0]])
        if term.op == "*":
            return product([rate, *term.args])
    return product([rate, term])
