"""An activation as SymPy expressions of x, one for each interval between its exact kinks.

Only what has Gaussian integrals in closed form is written so: sums and products of polynomials,
exponentials, sines, cosines and erf of linear arguments, cut at rational kinks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from symbp.language import tree
from symbp.layers.activations import ACTIVATIONS
from symbp.meanfield.activation import Activation, named

X = sp.Symbol("x", real=True)
FUNCTIONS: Mapping[str, Callable[[sp.Expr], sp.Expr]] = {
    "exp": sp.exp, "erf": sp.erf, "erfc": lambda a: 1 - sp.erf(a),
    "sin": lambda a: sp.sin(a).rewrite(sp.exp), "cos": lambda a: sp.cos(a).rewrite(sp.exp),
    "sinh": lambda a: sp.sinh(a).rewrite(sp.exp), "cosh": lambda a: sp.cosh(a).rewrite(sp.exp),
}  # fmt: skip
MOST_NODES = 200


class NoForm(Exception):
    """The activation is not of the family."""


@dataclass(frozen=True)
class Interval:
    left: sp.Expr  # -oo, or a number
    right: sp.Expr
    value: sp.Expr  # phi as an expression of X


def intervals(activation: Activation, points: Sequence[float]) -> list[Interval]:
    """The activation from left to right; ``points`` are its kinks as floats. Raises NoForm."""
    kinks: set[sp.Expr] = set()
    for middle in _middles(points):
        kinks |= set(_at(activation, middle)[1])
    ends = [-sp.oo, *sorted(kinks), sp.oo]
    found: list[Interval] = []
    for left, right, middle in zip(ends, ends[1:], _middles(sorted(kinks)), strict=False):
        value = _at(activation, middle)[0]
        if found and found[-1].value == value:
            found[-1] = Interval(found[-1].left, right, value)
        else:
            found.append(Interval(left, right, value))
    return found


def _middles(points: Sequence[sp.Expr | float]) -> list[sp.Rational]:
    """A rational point inside every interval between these."""
    exact = [sp.Rational(p) for p in points]
    if not exact:
        return [sp.Rational(1, 3)]
    between = [(a + b) / 2 for a, b in itertools.pairwise(exact)]
    return [exact[0] - 1, *between, exact[-1] + 1]


def _at(activation: Activation, point: sp.Rational) -> tuple[sp.Expr, list[sp.Expr]]:
    names = {name: sp.Rational(repr(value)) for name, value in activation.scalars}
    reader = _Reader(point)
    return reader.value(activation.body, {**names, "x": X}), reader.kinks


@dataclass
class _Reader:
    """Reads a tree as it is around one point, and notes where it would read otherwise."""

    point: sp.Rational
    kinks: list[sp.Expr] = field(default_factory=list)
    nodes: int = 0

    def value(self, node: tree.Expr, names: Mapping[str, sp.Expr]) -> sp.Expr:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise NoForm
        match node:
            case tree.Number(value):
                return sp.Rational(value.numerator, value.denominator)
            case tree.Constant("pi"):
                return sp.pi
            case tree.Name(name):
                return names[name]
            case tree.Negative(body):
                return -self.value(body, names)
            case tree.Binary(op, left, right):
                return self._binary(op, self.value(left, names), self.value(right, names))
            case tree.Call(function, arguments):
                return self._call(function, [self.value(a, names) for a in arguments])
            case tree.Where(condition, then, otherwise):
                return self.value(then if self._holds(condition, names) else otherwise, names)
        raise NoForm

    def _binary(self, op: str, left: sp.Expr, right: sp.Expr) -> sp.Expr:
        if op in "+-":
            return left + right if op == "+" else left - right
        if op == "*":
            return left * right
        if right.has(X) or (op == "**" and left.has(X) and not (right.is_Integer and right >= 0)):
            raise NoForm
        return left / right if op == "/" else left**right

    def _call(self, function: str, arguments: list[sp.Expr]) -> sp.Expr:
        first = arguments[0]
        if function in ("maximum", "minimum"):
            larger = self._sign(first - arguments[1]) >= 0
            return first if larger == (function == "maximum") else arguments[1]
        if function == "sqrt" and not first.has(X):
            return sp.sqrt(first)
        if function in ("abs", "sign"):
            sign = self._sign(first)
            return sign * first if function == "abs" else sp.Integer(sign)
        if function in FUNCTIONS:
            return FUNCTIONS[function](first)
        if function not in ACTIVATIONS or function == "tanh":
            raise NoForm
        return self.value(named(function), {"x": first})

    def _holds(self, node: tree.Condition, names: Mapping[str, sp.Expr]) -> bool:
        if isinstance(node, tree.Logical):
            parts = [self._holds(part, names) for part in node.parts]
            return all(parts) if node.op == "and" else any(parts)
        sign = self._sign(self.value(node.left, names) - self.value(node.right, names))
        return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0,
                "==": sign == 0, "!=": sign != 0}[node.op]  # fmt: skip

    def _sign(self, difference: sp.Expr) -> int:
        """Its sign around the point; it must be a constant or linear, so that its zero is exact."""
        difference = sp.expand(difference)
        if difference.has(X):
            slope = difference.coeff(X, 1)
            rest = difference - slope * X
            if not slope.is_number or sp.expand(rest).has(X):
                raise NoForm
            self.kinks.append(-rest / slope)
        value = difference.subs(X, self.point)
        if not value.is_real:
            raise NoForm
        return int(sp.sign(value))
