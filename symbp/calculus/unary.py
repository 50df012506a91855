"""Functions of one variable that SymPy leaves as they are: those with a name of their own, and those
that it would rewrite or has no real form for."""

from __future__ import annotations

import sympy as sp
from sympy.core.symbol import Str

from symbp.calculus.expression import Inert


class Apply(Inert):
    """A named function of one variable, such as ``sigmoid(u)``."""

    def __new__(cls, function: str | Str, argument: sp.Expr) -> Apply:
        name = function if isinstance(function, Str) else Str(function)
        return sp.Expr.__new__(cls, name, argument)

    @property
    def function(self) -> str:
        return self.args[0].name

    @property
    def argument(self) -> sp.Expr:
        return self.args[1]

    def _eval_derivative(self, variable: sp.Symbol) -> sp.Expr:
        return Prime(self.args[0], self.argument) * self.argument.diff(variable)


class Prime(Apply):
    """The derivative of a named function, not worked out yet: ``sigmoid'(u)``."""


class Erf(sp.Function):
    """erf, kept real and unevaluated; its derivative is 2/sqrt(pi) exp(-u^2) by definition."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return 2 / sp.sqrt(sp.pi) * sp.exp(-(self.args[0] ** 2))


class Abs(sp.Function):
    """|u|, with derivative sign(u), 0 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return Sign(self.args[0])


class Sign(sp.Function):
    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


class Log1p(sp.Function):
    """log(1 + u), exact for small u."""

    nargs = 1


class Expm1(sp.Function):
    """exp(u) - 1, exact for small u."""

    nargs = 1
