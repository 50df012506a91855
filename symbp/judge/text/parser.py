"""Formulas -> trees, by recursive descent; what is a call and what a product is told by the names."""

from __future__ import annotations

from dataclasses import replace

from symbp.judge.text.atoms import CLOSING, COMPARED, FRACTIONS, NORMS
from symbp.judge.text.bars import Bars
from symbp.judge.text.cursor import DEPTH
from symbp.judge.text.names import GENERIC, function
from symbp.judge.text.symbols import BASES, Scripts
from symbp.judge.text.tokens import Token, Unreadable
from symbp.judge.text.tree import (
    Call,
    Compare,
    Node,
    Number,
    Power,
    Product,
    Sum,
    Transpose,
)

PRODUCTS = {"*": "*", "odot": "odot", "circ": "odot", "cdot": "cdot", "times": "cdot", "@": "@",
            "ast": "*", "oslash": "odiv", "otimes": "outer", "bullet": "cdot", "star": "*"}  # fmt: skip


class Parser(Bars):
    """``expression()`` reads as far as it can; ``whole()`` insists on the end."""

    def whole(self) -> Node:
        """The whole formula. Raises Unreadable."""
        found = self.comparison()
        if self.now.kind != "end":
            self.fail("an operator, or the end of the formula")
        return found

    def comparison(self) -> Node:
        """Two sides that are compared, or one expression."""
        left = self.expression()
        if self.now.kind in ("sign", "command") and self.now.text in COMPARED:
            token = self.take()
            return Compare(COMPARED[token.text], left, self.expression(), token.start)
        return left

    def expression(self) -> Node:
        """Terms with plus and minus between them."""
        self.depth += 1
        if self.depth > DEPTH:
            raise Unreadable(self.now.start, f"brackets are nested deeper than {DEPTH}")
        start = self.now.start
        signs, terms = [self.sign()], [self.term()]
        while self.now.is_("+", "-"):
            signs.append(self.sign())
            terms.append(self.term())
        self.depth -= 1
        if len(terms) == 1 and signs == [1]:
            return terms[0]
        return Sum(tuple(terms), tuple(signs), start)

    def sign(self) -> int:
        found = 1
        while self.now.is_("+", "-"):
            found *= -1 if self.take().text == "-" else 1
        return found

    def term(self) -> Node:
        """Factors with a sign or nothing between them; a division takes the factors beside it."""
        start = self.now.start
        factors, signs = [self.factor()], []
        while True:
            if self.now.is_("/") or self.now.is_("div"):
                self.take()
                below = self.factor()
                factors[-1] = Product((factors[-1], below), ("/",), factors[-1].start)
            elif self.now.kind in ("sign", "command") and self.now.text in PRODUCTS:
                signs.append(PRODUCTS[self.take().text])
                negative = self.sign() < 0
                factor = self.factor()
                factors.append(Sum((factor,), (-1,), factor.start) if negative else factor)
            elif self.starts_factor():
                signs.append("")
                factors.append(self.factor())
            else:
                break
        return factors[0] if len(factors) == 1 else Product(tuple(factors), tuple(signs), start)

    def starts_factor(self) -> bool:
        token = self.now
        if token.kind in ("number", "word"):
            return True
        if token.kind == "sign":
            opens = token.text == "|" and not self.inside_bars and not self.at_bar()
            return token.text in CLOSING or opens
        return token.kind == "command" and (token.text in BASES or token.text in self.openers)

    @property
    def openers(self) -> tuple[str, ...]:
        return (
            *FRACTIONS,
            "cases",
            "sqrt",
            "sum",
            "partial",
            "nabla",
            "ones",
            "lvert",
            "half",
            *NORMS,
        )

    # -- factors --------------------------------------------------------------------------------

    def factor(self) -> Node:
        """One thing with what is attached to it."""
        start = self.now.start
        found = self.differential_quotient() or self.atom()
        if isinstance(found, Call) and self.now.is_("(") and self.tokens[self.at - 1].is_("}"):
            found = replace(found, arguments=(self.bracketed(),))  # \\frac{d sigma}{dz}(z_2)
        while True:
            if self.now.is_("^"):
                found = self.raised(found)
            elif self.now.is_("**"):
                self.take()
                negative = self.sign() < 0
                exponent = self.factor()
                exponent = Sum((exponent,), (-1,), exponent.start) if negative else exponent
                found = Power(found, exponent, start)
            elif self.at_bar():
                found = self.at_a_place(found)
            elif self.now.is_(".") and self.after.kind == "word":
                found = self.method(found)
            else:
                return found

    # -- names ----------------------------------------------------------------------------------

    def named(self) -> Node:
        """A quantity, or a function with its argument."""
        token = self.now
        base = self.base()
        if base == "d" and self.at_name() and self.known("d") is None:
            return self.named_with("d", token)
        return self.finished(base, self.scripts(base), token)

    def named_with(self, front: str, token: Token) -> Node:
        base = self.base()
        return self.finished(front + base, self.scripts(base), token)

    def finished(self, base: str, scripts: Scripts, token: Token) -> Node:
        known = function(base)
        if scripts.below and function(base + scripts.below):  # sigmoid_derivative
            base, known = base + scripts.below, function(base + scripts.below)
            scripts.below = ""
        whole = base + scripts.below + scripts.above
        opened = self.now.is_("(")
        if (
            known
            and self.known(whole) is None
            and (opened or base not in GENERIC or scripts.primes)
        ):
            if not (scripts.turned and base in GENERIC):
                return self.call(base, known[1] + scripts.primes, scripts, token)
        if base == "e" and self.known(whole) is None and (scripts.powers or self.now.is_("**")):
            return self.attached(Number(2.718281828459045, token.start), scripts)
        if scripts.primes and opened and self.known(base) is None:
            return self.call(base, scripts.primes, scripts, token)
        if opened and (base in self.functions or (self.free and self.known(whole) is None)):
            return self.call(base, scripts.primes, scripts, token)
        if scripts.primes:
            raise Unreadable(token.start, f"'{base}' is no function; a prime needs one")
        return self.attached(self.quantity(base, scripts, token), scripts)

    def attached(self, found: Node, scripts: Scripts) -> Node:
        """With the powers and the transpose that its scripts hold."""
        for group in scripts.powers:
            found = Power(found, self.inner(group), found.start)
        return Transpose(found, found.start) if scripts.turned else found

    def raised(self, base: Node) -> Node:
        """A bracket or a derivative with something above it."""
        token = self.now
        scripts = self.scripts("")
        if scripts.above or scripts.below or scripts.primes:
            raise Unreadable(token.start, "expected an exponent or \\top behind a bracket")
        return self.attached(base, scripts)
