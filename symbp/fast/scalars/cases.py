"""Case by case: ``1/(1 + e) if u >= 0 else e/(1 + e)`` in place of a formula that asks for the sign of
u in several places."""

from __future__ import annotations

from collections.abc import Iterator

from symbp.fast.scalars.terms import ZERO, Operation, Term, choice, negative, rebuilt

# what ``u op 0`` says, or its opposite, of u
SAYS = {(">", True): ">", (">=", True): ">=", (">", False): "<=", (">=", False): "<",
        ("<", True): "<", ("<=", True): "<=", ("<", False): ">=", ("<=", False): ">"}  # fmt: skip
KNOWN = {
    ">": {">": True, ">=": True, "<": False, "<=": False},
    "<": {"<": True, "<=": True, ">": False, ">=": False},
    ">=": {">=": True, "<": False},
    "<=": {"<=": True, ">": False},
}


def by_case(term: Term) -> Term:
    """The same value: cases with an absolute value beside them on the outside, what a case says used
    inside it, and NaN handed on by every maximum, as NumPy does."""
    return _handing_on(_split(term))


def _split(term: Term) -> Term:
    if not isinstance(term, Operation):
        return term
    term = rebuilt(term, [_split(a) for a in term.args])
    if not isinstance(term, Operation) or term.op == "batch":
        return term
    if term.op == "if":
        case, then, otherwise = term.args
        return choice(case, _assuming(then, case, True), _assuming(otherwise, case, False))
    sizes = [t.args[0] for t in _parts(term) if t.op == "abs"]
    for case in (t.args[0] for t in _parts(term) if t.op == "if"):
        if (known := _sign_of(case)) and known[0] in sizes:
            return choice(case, _assuming(term, case, True), _assuming(term, case, False))
    return term


def _sign_of(case: Term) -> tuple[Term, str] | None:
    """u and op of a case ``u op 0``, with no equality."""
    if isinstance(case, Operation) and (case.op, True) in SAYS and case.args[1] == ZERO:
        return case.args[0], case.op
    return None


def _parts(term: Term) -> Iterator[Operation]:
    """The operations of a term that belong to one sample, from the outside in."""
    if isinstance(term, Operation) and term.op != "batch":
        yield term
        for argument in term.args:
            yield from _parts(argument)


def _assuming(term: Term, case: Term, holds: bool) -> Term:
    """The value where a case holds, or does not."""
    if not isinstance(term, Operation) or term.op == "batch":
        return term
    if term.op == "if" and term.args[0] == case:
        return _assuming(term.args[1 if holds else 2], case, holds)
    if known := _sign_of(case):
        u, says = known[0], SAYS[known[1], holds]
        asked = _sign_of(term.args[0]) if term.op == "if" else None
        if asked is not None and asked[0] == u and asked[1] in KNOWN[says]:
            return _assuming(term.args[1 if KNOWN[says][asked[1]] else 2], case, holds)
        if term.op == "abs" and term.args[0] == u:
            return u if says in (">", ">=") else negative(u)
    return rebuilt(term, [_assuming(a, case, holds) for a in term.args])


def _handing_on(term: Term) -> Term:
    """``x if x > b else b`` is b for a NaN; ``b if x <= b else x`` is NaN."""
    if not isinstance(term, Operation):
        return term
    if term.op == "if":
        case, then, otherwise = term.args
        if isinstance(case, Operation) and case.args == (then, otherwise):
            turned = {">": "<=", ">=": "<=", "<": ">=", "<=": ">="}
            if case.op in turned:
                return Operation("if", (Operation(turned[case.op], case.args), otherwise, then))
    return rebuilt(term, [_handing_on(a) for a in term.args])
