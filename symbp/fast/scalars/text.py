"""Terms as Python source."""

from __future__ import annotations

import math
from collections import Counter

from symbp.fast.scalars.terms import COMPARISONS, Number, Operation, Term, Variable

CHOICE, OR, AND, COMPARE, SUM, PRODUCT, ATOM = range(7)
AGAIN = "e"  # begins the names of what a branch computes where it first reads it


def text(term: Term) -> str:
    return Writer({}).text(term)


def uses(*roots: Term) -> Counter[Term]:
    """How often each operation is read, where one that occurs twice is computed once."""
    counts: Counter[Term] = Counter()

    def visit(term: Term) -> None:
        if isinstance(term, Operation):
            counts[term] += 1
            if counts[term] == 1:
                for argument in term.args:
                    visit(argument)

    for root in roots:
        visit(root)
    return counts


class Writer:
    """Writes one scope, in the order in which Python evaluates it. ``known`` are names of what was
    computed before it; in a branch, what is read twice gets a name where it is read first."""

    def __init__(self, known: dict[Term, str], branch: Term | None = None) -> None:
        self.known = dict(known)
        self.wished: dict[Term, str] = {}
        counts = uses(branch) if branch is not None else Counter[Term]()
        for term, count in counts.items():
            if count > 1 and term not in known and is_work(term):
                self.wished[term] = f"{AGAIN}{len(known) + len(self.wished) or ''}"

    def text(self, term: Term, level: int = CHOICE) -> str:
        written, own = self.piece(term)
        return f"({written})" if own < level else written

    def piece(self, term: Term) -> tuple[str, int]:
        if isinstance(term, Number):
            return _number(term.value)
        if isinstance(term, Variable):
            return term.name, ATOM
        if term in self.known:
            return self.known[term], ATOM
        if term in self.wished:
            written = f"({self.wished[term]} := {self.operation(term)[0]})"
            self.known[term] = self.wished[term]
            return written, ATOM
        return self.operation(term)

    def operation(self, term: Operation) -> tuple[str, int]:
        args = term.args
        match term.op:
            case "+":
                return self.sum(args), SUM
            case "*":
                first, *rest = args
                factors = [self.text(first, PRODUCT), *(self.text(a, ATOM) for a in rest)]
                return " * ".join(factors), PRODUCT
            case "/":
                return f"{self.text(args[0], PRODUCT)} / {self.text(args[1], ATOM)}", PRODUCT
            case "neg":
                return f"-{self.text(args[0], ATOM)}", PRODUCT
            case "if":
                return self.choice(args), CHOICE
            case "or" | "and":
                level = OR if term.op == "or" else AND
                left = self.text(args[0], level)
                return f"{left} {term.op} {Writer(self.known).text(args[1], level + 1)}", level
            case op if op in COMPARISONS:
                return f"{self.text(args[0], SUM)} {op} {self.text(args[1], SUM)}", COMPARE
        return f"{term.op}({', '.join(self.text(a) for a in args)})", ATOM

    def sum(self, terms: tuple[Term, ...]) -> str:
        made = self.text(terms[0], SUM)
        for term in terms[1:]:
            minus, term = signed(term)
            made += f" {'-' if minus else '+'} {self.text(term, PRODUCT)}"
        return made

    def choice(self, args: tuple[Term, ...]) -> str:
        case = self.text(args[0], OR)
        then, otherwise = (Writer(self.known, branch) for branch in args[1:])
        return f"{then.text(args[1], OR)} if {case} else {otherwise.text(args[2])}"


def signed(term: Term) -> tuple[bool, Term]:
    """Whether a minus stands in front, and what is behind it."""
    if isinstance(term, Operation) and term.op == "neg":
        return True, term.args[0]
    if isinstance(term, Number) and term.value < 0:
        return True, Number(-term.value)
    return False, term


def is_work(term: Term) -> bool:
    """Whether a value is worth a name of its own: more than a sign or a comparison."""
    return isinstance(term, Operation) and term.op not in ("neg", "and", "or", *COMPARISONS)


def _number(value: float) -> tuple[str, int]:
    if math.isinf(value):
        return ("inf", ATOM) if value > 0 else ("-inf", PRODUCT)
    return repr(value), ATOM if value >= 0 else PRODUCT
