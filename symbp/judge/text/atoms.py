"""The smallest parts of a formula: numbers, brackets, fractions, cases, vectors of ones."""

from __future__ import annotations

from symbp.judge.text.calls import Calls
from symbp.judge.text.tokens import Token
from symbp.judge.text.tree import Call, Node, Number, Ones, Product

COMPARED = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "le": "<=", "ge": ">=", "leq": "<=",
            "geq": ">=", "lt": "<", "gt": ">", "==": "==", "ne": "!=", "!=": "!=", "neq": "!=",
            "=": "=="}  # fmt: skip
CLOSING = {"(": ")", "[": "]", "{": "}"}
FRACTIONS = ("frac", "tfrac", "dfrac", "cfrac")
NORMS = ("norm", "Vert", "lVert")


class Atoms(Calls):
    """Reads one thing, without what is attached to it."""

    def named(self) -> Node:
        raise AssertionError

    def expression(self) -> Node:
        raise AssertionError

    def atom(self) -> Node:
        token = self.now
        if token.kind == "number":
            return self.number()
        if self.at_name():
            return self.named()
        if token.is_("(", "[", "{"):
            return self.bracketed()
        if token.is_("|", "lvert", *NORMS):
            return self.bars()
        if token.is_("ones"):
            self.take()
            return self.ones(token)
        if token.is_("half"):
            self.take()
            return Number(0.5, token.start)
        if token.is_(*FRACTIONS):
            self.take()
            above, below = self.argument(), self.argument()
            return Product((above, below), ("/",), token.start)
        if token.is_("sqrt"):
            self.take()
            return Call("sqrt", 0, (self.argument(),), token.start)
        if token.is_("sum"):
            return self.reduction()
        if token.is_("cases"):
            return self.cases()
        if token.kind == "command":
            self.fail("a command that this grammar knows, such as \\frac, \\sigma, \\odot or \\sum")
        self.fail("a number, a symbol or a bracket")

    def number(self) -> Node:
        token = self.take()
        if token.text == "1" and self.now.is_("_"):
            return self.ones(token)
        return Number(float(token.text), token.start)

    def argument(self) -> Node:
        """What a command takes: a group in braces, or one sign."""
        if self.now.is_("{"):
            return self.bracketed()
        if self.now.kind in ("number", "word") and len(self.now.text) > 1 and self.latex:
            token = self.split(1)
            if token.kind == "number":
                return Number(float(token.text), token.start)
            self.at -= 1
        return self.atom()

    def bracketed(self) -> Node:
        opening = self.take()
        bars, self.inside_bars = self.inside_bars, False
        found = self.comparison()
        self.inside_bars = bars
        self.expect(CLOSING[opening.text])
        return found

    def bars(self) -> Node:
        opening = self.take()
        bars, self.inside_bars = self.inside_bars, True
        found = self.expression()
        self.inside_bars = bars
        if not self.skip("|", "rvert", "rVert", *NORMS):
            self.fail("'|'")
        return Call("norm" if opening.is_(*NORMS) else "abs", 0, (found,), opening.start)

    def cases(self) -> Node:
        """Values with the conditions behind them, the last one for everything else."""
        start = self.take().start
        rows: list[tuple[Node, Node | None]] = []
        while not self.skip("endcases"):
            value = self.expression()
            self.between()
            condition = None if self.row_ends() else self.comparison()
            self.between()
            rows.append((value, condition))
            if self.now.kind == "row":
                self.take()
            elif not self.now.is_("endcases"):
                self.fail("the end of the cases, or \\\\ and another one")
        found: Node = Number(0.0, start)
        for value, condition in reversed(rows):
            found = (
                value if condition is None else Call("where", 0, (condition, value, found), start)
            )
        return found

    def between(self) -> None:
        """What separates a value from its condition."""
        while self.now.kind in ("gap", "align") or self.now.is_(",", ";", "."):
            self.take()

    def row_ends(self) -> bool:
        """Whether nothing or only words, such as *otherwise*, are left of a row."""
        while self.now.kind == "word" and self.now.text in ("otherwise", "else", "if", "sonst"):
            self.take()
        return self.now.kind == "row" or self.now.is_("endcases")

    def ones(self, token: Token) -> Node:
        """A vector of ones, or where a condition follows what it selects."""
        if self.now.is_("_"):
            at = self.at
            self.take()
            if self.now.is_("{") and any(t.text in COMPARED for t in self.group()):
                self.at = at + 1
                return self.bracketed()
            self.at = at
            self.scripts("1")
            return Ones(token.start)
        if self.now.is_("(", "[", "{"):
            return self.bracketed()
        return Ones(token.start)
