"""Functions, methods and sums: what has arguments."""

from __future__ import annotations

import re

from symbp.judge.text.derivatives import Derivatives
from symbp.judge.text.names import SIZES, function
from symbp.judge.text.symbols import Scripts
from symbp.judge.text.tokens import Token
from symbp.judge.text.tree import Call, Node, Number, Product, Reduce, Sum, Symbol, Transpose

METHODS = ("T", "sum", "mean", "dot", "transpose", "shape", "copy", "reshape", "astype", "size")
REDUCED = ("sum", "mean", "npsum", "npmean")


class Calls(Derivatives):
    """``functions`` are those that the answer defines itself."""

    inside_bars = False
    functions: frozenset[str] = frozenset()

    def comparison(self) -> Node:
        raise AssertionError

    def atom(self) -> Node:
        raise AssertionError

    def factor(self) -> Node:
        raise AssertionError

    def term(self) -> Node:
        raise AssertionError

    def inner(self, group: list[Token]) -> Node:
        raise AssertionError

    def attached(self, found: Node, scripts: Scripts) -> Node:
        raise AssertionError

    # -- functions ------------------------------------------------------------------------------

    def call(self, base: str, primes: int, scripts: Scripts, token: Token) -> Node:
        """A function and its argument; ``\\sigma'_2`` is sigma'(z_2)."""
        known = function(base)
        name = base if base in self.functions or known is None else known[0]
        if name in REDUCED:
            return self.reduction_by_name(name, scripts, token)
        if name == "f":
            name = base + scripts.below + scripts.above
        if self.now.is_("("):
            arguments, named = self.arguments()
            if name == "len":
                return Symbol("N", (), token.start)
            del named
            return self.attached(Call(name, primes, tuple(arguments), token.start), scripts)
        label = scripts.below + scripts.above
        if label and self.names.tensor(f"z{label}"):
            found = Call(name, primes, (Symbol(f"z{label}", (), token.start),), token.start)
            return self.attached(found, scripts)
        bar = self.at + self.now.is_(")")  # sigma'|_{z_2}, or \left. sigma' \right|_{z_2}
        if self.tokens[bar].is_("|") and self.tokens[bar + 1].is_("_"):
            return Call(name, primes, (Symbol("", (), token.start),), token.start)
        if not (self.at_name() or self.now.kind == "number" or self.now.is_("{", "frac", "sqrt")):
            primed = "'" * primes
            self.fail(f"'(' behind {base}{primed}: what is it a function of?")
        argument = self.inside() if self.now.is_("{") else self.factor()
        return self.attached(Call(name, primes, (argument,), token.start), scripts)

    def inside(self) -> Node:
        self.expect("{")
        found = self.comparison()
        self.expect("}")
        return found

    def arguments(self) -> tuple[list[Node], dict[str, Node | str]]:
        """Between brackets: expressions, and ``axis=0`` with its like."""
        self.expect("(")
        found: list[Node] = []
        named: dict[str, Node | str] = {}
        while not self.now.is_(")"):
            if self.now.kind == "word" and self.after.is_("="):
                key = self.take().text
                self.take()
                word = self.now.text
                if word in ("True", "False", "None"):
                    self.take()
                    named[key] = word
                else:
                    named[key] = self.comparison()
            else:
                found.append(self.comparison())
            if not self.skip(","):
                break
        self.expect(")")
        return found, named

    def method(self, found: Node) -> Node:
        """``x.T``, ``dz.sum(axis=0)``, ``x.shape[0]``."""
        point = self.take()
        token = self.take()
        if token.text == "T":
            return Transpose(found, point.start)
        if token.text not in METHODS:
            self.fail("one of .T, .sum(..), .mean(..), .dot(..), .shape[0]", token)
        if token.text in ("shape", "size"):
            if self.skip("["):
                self.take()
                self.expect("]")
            return Symbol("N", (), token.start)
        arguments, named = self.arguments()
        if token.text in REDUCED:
            return self.reduced(token.text, token, found, arguments, named)
        if token.text == "transpose":
            return Transpose(found, point.start)
        if token.text == "dot" and arguments:
            return Product((found, arguments[0]), ("@",), point.start)
        return found

    # -- sums -----------------------------------------------------------------------------------

    def reduction(self) -> Node:
        """A sum with the letters below it, over the term that follows."""
        token = self.take()
        letters, batch, condition = self.letters()
        body = self.term()
        if condition:
            body = Product((self.inner(condition), body), ("",), body.start)
        return Reduce("sum", letters, 0, body, batch, token.start)

    def letters(self) -> tuple[tuple[str, ...], bool, list[Token]]:
        """The indices of a sum: ``_{n=1}^{N}``, ``_i`` or ``_{n j}``, ``n`` where none is written;
        whether its upper bound is the number of samples; and the condition of ``_{n : x_n = v}``."""
        found: tuple[str, ...] = ()
        batch = False
        condition: list[Token] = []
        while self.now.is_("_", "^", "limits"):
            below = self.take().text == "_"
            group = self.group() if self.now.is_("{") else [self.take()]
            if below:
                cuts = [k for k, t in enumerate(group) if t.is_(":", "|", "mid", "colon")]
                if cuts:
                    group, condition = group[: cuts[0]], group[cuts[0] + 1 :]
                shown = "".join(t.text for t in group).partition("=")[0]
                found = tuple(re.findall(r"[a-z]", shown))
            else:
                batch = self.written(group) in SIZES
        return found or ("n",), batch, condition

    def reduction_by_name(self, kind: str, scripts: Scripts, token: Token) -> Node:
        """``np.sum(dz, axis=0)``, ``sum_n x_n``; ``sum(dz)`` goes over the samples, as Python's own."""
        python, kind = kind == kind.removeprefix("np"), kind.removeprefix("np")
        letters = tuple(re.findall(r"[a-z]", scripts.below))
        if letters or not self.now.is_("("):
            return Reduce(kind, letters or ("n",), 0, self.term(), False, token.start)
        arguments, named = self.arguments()
        if not arguments:
            self.fail("what is summed", token)
        if python and len(arguments) == 1 and not named:
            return Reduce(kind, ("n",), 0, arguments[0], True, token.start)
        return self.reduced(kind, token, arguments[0], arguments[1:], named)

    def reduced(
        self,
        kind: str,
        token: Token,
        body: Node,
        arguments: list[Node],
        named: dict[str, Node | str],
    ) -> Node:
        axis = named.get("axis", arguments[0] if arguments else None)
        axis = named.get("dim", axis)
        if axis is None or axis == "None":
            return Reduce(kind, (), None, body, False, token.start)
        negative = isinstance(axis, Sum) and axis.signs == (-1,)
        number = axis.terms[0] if isinstance(axis, Sum) else axis
        if not isinstance(number, Number) or number.value not in (0, 1, 2):
            self.fail("axis=0 or axis=1", token)
        value = -int(number.value) if negative else int(number.value)
        return Reduce(kind, (), value, body, False, token.start)
