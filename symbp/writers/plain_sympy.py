"""Scalar expressions in SymPy's own functions, to be compared with SymPy's own derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp
from sympy.core.symbol import Str

from symbp.calculus.expression import Compare, Entry, Iverson, Logical, Stop, Where
from symbp.calculus.functions import U
from symbp.calculus.unary import Abs, Apply, Erf, Sign

RELATIONS = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}


def plain(expr: sp.Basic, bodies: Mapping[str, sp.Expr], read: Callable[[str], sp.Expr]) -> sp.Expr:
    """An expression in SymPy's own functions: choices as Piecewise, named activations written out."""
    if isinstance(expr, Entry):
        return read(expr.name)
    if not expr.args:
        return expr
    if isinstance(expr, Apply):
        return plain(bodies[expr.function].xreplace({U: expr.argument}), bodies, read)
    args = [plain(a, bodies, read) for a in expr.args if not isinstance(a, Str)]
    match expr:
        case Where() | Iverson():
            then, otherwise = args[1:] or (sp.S.One, sp.S.Zero)
            return sp.Piecewise((then, args[0]), (otherwise, True))
        case Compare():
            return RELATIONS[expr.op](*args)
        case Logical():
            return (sp.And if expr.op == "and" else sp.Or)(*args)
        case Stop():
            return args[0]
        case Abs() | Sign() | Erf():
            return {Abs: sp.Abs, Sign: sp.sign, Erf: sp.erf}[type(expr)](*args)
    return expr.func(*args)
