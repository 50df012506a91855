"""Functions, methods, sums and derivatives: everything in a formula that has a word of its own."""

from __future__ import annotations

import re

from symbp.judge.text.names import function
from symbp.judge.text.symbols import Scripts, Symbols
from symbp.judge.text.tokens import Token, Unreadable
from symbp.judge.text.tree import Call, Node, Number, Partial, Product, Reduce, Symbol, Transpose

METHODS = ("T", "sum", "mean", "dot", "transpose", "shape", "copy", "reshape", "astype", "size")
REDUCED = ("sum", "mean")


class Calls(Symbols):
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
            return self.reduced(token, found, arguments, named)
        if token.text == "transpose":
            return Transpose(found, point.start)
        if token.text == "dot" and arguments:
            return Product((found, arguments[0]), ("@",), point.start)
        return found

    # -- sums -----------------------------------------------------------------------------------

    def reduction(self) -> Node:
        """A sum with the letters below it, over the term that follows."""
        token = self.take()
        letters = self.letters()
        return Reduce("sum", letters, 0, self.term(), start=token.start)

    def letters(self) -> tuple[str, ...]:
        """The indices of a sum: ``_{n=1}^{N}``, ``_i`` or ``_{n j}``; ``n`` where none is written."""
        found: tuple[str, ...] = ()
        while self.now.is_("_", "^", "limits"):
            below = self.take().text == "_"
            group = self.group() if self.now.is_("{") else [self.take()]
            if below:
                shown = "".join(t.text for t in group).partition("=")[0]
                found = tuple(re.findall(r"[a-z]", shown))
        return found or ("n",)

    def reduction_by_name(self, kind: str, scripts: Scripts, token: Token) -> Node:
        """``np.sum(dz, axis=0)``, ``sum_n x_n``, ``mean(dz)``."""
        letters = tuple(re.findall(r"[a-z]", scripts.below))
        if letters or not self.now.is_("("):
            return Reduce(kind, letters or ("n",), 0, self.term(), start=token.start)
        arguments, named = self.arguments()
        if not arguments:
            self.fail("what is summed", token)
        return self.reduced(token, arguments[0], arguments[1:], named)

    def reduced(
        self, token: Token, body: Node, arguments: list[Node], named: dict[str, Node | str]
    ) -> Node:
        axis = named.get("axis", arguments[0] if arguments else None)
        axis = named.get("dim", axis)
        keep = named.get("keepdims", named.get("keepdim", "False")) == "True"
        if axis is None or axis == "None":
            return Reduce(token.text, (), None, body, keep, token.start)
        negative = not isinstance(axis, (Number, str)) and getattr(axis, "signs", ()) == (-1,)
        number = axis.terms[0] if negative else axis  # type: ignore[union-attr]
        if not isinstance(number, Number) or number.value not in (0, 1, 2):
            self.fail("axis=0 or axis=1", token)
        value = -int(number.value) if negative else int(number.value)
        return Reduce(token.text, (), value, body, keep, token.start)

    # -- derivatives ----------------------------------------------------------------------------

    def differential_quotient(self) -> Node | None:
        """``\\frac{\\partial L}{\\partial w}``, ``dL/dw``, ``\\nabla_w L``; None where none stands here."""
        token, at = self.now, self.at
        if token.is_("nabla"):
            return self.gradient()
        if token.is_("frac", "dfrac", "tfrac", "cfrac"):
            self.take()
            if self.now.is_("{"):
                above, below = self.group(), self.group() if self.now.is_("{") else []
                found = self._quotient(above, below, token)
                if found is not None:
                    return found
        elif token.is_("partial") and self.after.is_("_"):
            self.take()
            return self.gradient()
        elif token.is_("partial") or (token.kind == "word" and token.text.startswith("d")):
            before = list(self.tokens)
            found = self._inline(token)
            if found is not None:
                return found
            self.tokens = before
            if token.is_("partial"):
                raise Unreadable(
                    token.start, "expected a derivative, such as \\partial L/\\partial w"
                )
        self.at = at
        return None

    def gradient(self) -> Node:
        """Behind nabla: what it is taken by, and the loss, which may be left out."""
        token = self.take() if self.now.is_("nabla") else self.now
        if self.now.is_("_"):
            self.take()
            group = self.group() if self.now.is_("{") else [self.take()]
            lower = self._symbol(group)
            loss = self.at_name() and self.names.find(self.now.text)
            if loss and loss.kind == "loss":
                self.skip_name()
        else:
            base = self.base()
            lower = self.resolve(base, self.scripts(base), token)
        if lower is None:
            self.fail("a parameter below nabla", token)
        return Partial(None, lower, token.start)

    def skip_name(self) -> None:
        base = self.base()
        self.scripts(base)

    def _quotient(self, above: list[Token], below: list[Token], token: Token) -> Node | None:
        upper = self._differential(above)
        lower = self._differential(below)
        if lower is None:
            return None
        if upper is None:
            if len(above) != 1 or not (above[0].is_("partial") or above[0].text == "d"):
                return None
            upper = self._next_symbol()  # \frac{\partial}{\partial w} L
        return self._partial(upper, lower, token)

    def _next_symbol(self) -> Symbol:
        opened = self.skip("(")
        token = self.now
        base = self.base()
        found = self.resolve(base, self.scripts(base), token)
        if opened:
            self.expect(")")
        return found

    def _inline(self, token: Token) -> Node | None:
        """``\\partial L / \\partial w`` and ``dL/dw`` in one line."""
        try:
            upper = self._taken()
            lower = self._taken() if upper and self.skip("/") else None
        except Unreadable:
            if token.is_("partial"):
                raise
            return None
        return self._partial(upper, lower, token) if upper and lower else None

    def _taken(self) -> Symbol | None:
        """A differential here: the symbol behind its d."""
        token = self.now
        if token.is_("partial") or (token.kind == "word" and token.text == "d"):
            self.take()
        elif token.kind == "word" and token.text.startswith("d") and len(token.text) > 1:
            self.split(1)
        else:
            return None
        if not self.at_name():
            return None
        token = self.now
        base = self.base()
        scripts = self.scripts(base)
        return self.resolve(base, scripts, token) if scripts.plain else None

    def _differential(self, group: list[Token]) -> Symbol | None:
        parser = type(self)(group, self.names, self.own, self.free)
        parser.latex = self.latex
        try:
            found = parser._taken()
        except Unreadable:
            if group and (group[0].is_("partial")):
                raise
            return None
        return found if parser.now.kind == "end" else None

    def _symbol(self, group: list[Token]) -> Symbol | None:
        parser = type(self)(group, self.names, self.own, self.free)
        parser.latex = self.latex
        if not parser.at_name():
            return None
        token = parser.now
        base = parser.base()
        return parser.resolve(base, parser.scripts(base), token)

    def _partial(self, upper: Symbol, lower: Symbol, token: Token) -> Partial:
        meaning = self.names.find(upper.key)
        is_loss = meaning is not None and meaning.kind == "loss"
        return Partial(None if is_loss else upper, lower, token.start)
