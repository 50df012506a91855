"""Derivatives in every spelling: a fraction of differentials, ``dL/dw``, nabla."""

from __future__ import annotations

from symbp.judge.text.names import function
from symbp.judge.text.symbols import Symbols
from symbp.judge.text.tokens import Token, Unreadable
from symbp.judge.text.tree import Call, Node, Partial, Symbol


class Derivatives(Symbols):
    """Reads what is the derivative of something by something."""

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
        of_function = self._of_function(above, below, token)
        if of_function is not None:
            return of_function
        upper = self._differential(above)
        lower = self._differential(below)
        if lower is None:
            return None
        if upper is None:
            if len(above) != 1 or not (above[0].is_("partial") or above[0].text == "d"):
                return None
            upper = self._next_symbol()  # \frac{\partial}{\partial w} L
        return self._partial(upper, lower, token)

    def _of_function(self, above: list[Token], below: list[Token], token: Token) -> Node | None:
        """``\\frac{d \\sigma}{dz}``: a named function derived at z, whatever z is."""
        front = above and (above[0].is_("partial") or above[0].text == "d")
        written = "".join(t.text for t in above[2:])  # sigma, or sigma(z)
        alone = written in ("", f"({''.join(t.text for t in below[1:])})")
        known = function(above[1].text) if front and len(above) > 1 and alone else None
        if known is None or self.known(above[1].text) is not None:
            return None
        parser = type(self)(below, self.names, self.own, True)
        lower = parser._taken()
        return lower and Call(known[0], known[1] + 1, (lower,), token.start)

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
        return self.quantity(base, scripts, token) if scripts.plain else None

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
