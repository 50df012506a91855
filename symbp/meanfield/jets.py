"""Values and slopes of an activation on an array of points: the chain rule along its parse tree.

Each operation brings its partial derivatives from SymPy (primitives.py). At kinks the slope is the
project's: relu'(0) = 0, abs'(0) = 0, a maximum's goes to its first argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symbp.language import tree
from symbp.meanfield import primitives
from symbp.meanfield.activation import Activation, named
from symbp.meanfield.primitives import A, B

Array = np.ndarray
WIDE_WORK = 20_000  # operations of mpmath's at most, in one evaluation
WIDE_POINTS = 1_500
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


@dataclass(frozen=True)
class Jet:
    """A value and its derivative by x, entry by entry; slope None stands for 0 everywhere."""

    value: Any
    slope: Any = None


def values(activation: Activation, x: Array, precise: bool = False) -> tuple[Array, Array]:
    """phi(x) and phi'(x), of the shape of x; NaN where phi has no real value, inf beyond a float.

    What floats cannot tell is computed once more by mpmath; with ``precise`` everything is.
    """
    walk = Walk()
    phi, slope = walk.floats(activation, x)
    if precise:
        phi[:], slope[:] = np.inf, np.inf
    lost = np.flatnonzero(~(np.isfinite(phi) & np.isfinite(slope)))
    if lost.size:
        lost = lost[np.argsort(x.flat[lost], kind="stable")]
        most = min(WIDE_POINTS, WIDE_WORK // max(walk.operations, 1) + 1)
        some = lost[:: -(-lost.size // most)]  # of too many the others lie between them
        with mpmath.workdps(primitives.DIGITS):
            points = np.frompyfunc(mpmath.mpf, 1, 1)(x.flat[some])
            found = Walk(wide=True).floats(activation, points)
        for made, exact in zip((phi, slope), found, strict=True):
            made.flat[lost] = np.interp(x.flat[lost], x.flat[some], exact)
    return phi, slope


def steepness(activation: Activation, x: Array) -> Array:
    """x phi'(x)/phi(x), also where phi is beyond every float."""
    with mpmath.workdps(primitives.DIGITS), np.errstate(all="ignore"):
        points = np.frompyfunc(mpmath.mpf, 1, 1)(x)
        phi, slope = Walk(wide=True).run(activation, points)
        ratio = np.frompyfunc(lambda p, s: s / p if p else mpmath.nan, 2, 1)(phi, slope)
        return np.array(points * ratio, dtype=float)


def marks(activation: Activation, x: Array) -> list[tuple[Array, Array]]:
    """Values and slopes of everything whose zeros matter: kinks, poles, the centres of steps.

    Their order depends on the formula alone.
    """
    walk = Walk()
    walk.floats(activation, x)
    return [
        (np.broadcast_to(m.value, x.shape), np.broadcast_to(m.slope, x.shape)) for m in walk.marks
    ]


def without_value(activation: Activation, x: float) -> str:
    """``log(-1)``: the operation that has no real value on the way to phi(x)."""
    walk = Walk()
    walk.floats(activation, np.array([x]))
    return walk.failed[0] if walk.failed else "phi"


@dataclass
class Walk:
    """One evaluation, by floats or by mpmath's numbers (``wide``)."""

    wide: bool = False
    marks: list[Jet] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # operations without a value at a single point
    operations: int = 0

    def run(self, activation: Activation, x: Array) -> tuple[Array, Array]:
        """Value and slope, of the shape of x."""
        names = {name: Jet(self._number(sp.Float(v))) for name, v in activation.scalars}
        one = self._number(sp.S.One)
        with np.errstate(all="ignore"):
            jet = self.jet(activation.body, {**names, "x": Jet(x, np.full(x.shape, one))})
        slope = 0.0 if jet.slope is None else jet.slope
        return np.broadcast_to(jet.value, x.shape), np.broadcast_to(slope, x.shape)

    def floats(self, activation: Activation, x: Array) -> tuple[Array, Array]:
        """Value and slope as new arrays of floats."""
        value, slope = self.run(activation, x)
        return np.array(value, dtype=float), np.array(slope, dtype=float)

    def jet(self, node: tree.Expr, names: Mapping[str, Jet]) -> Jet:
        match node:
            case tree.Number(value):
                return Jet(self._number(sp.Rational(value.numerator, value.denominator)))
            case tree.Constant(name):
                return Jet(self._number(sp.pi if name == "pi" else sp.oo))
            case tree.Name(name):
                return names[name]
            case tree.Negative(body):
                return self._chain(primitives.function("negative"), self.jet(body, names))
            case tree.StopGradient(body):
                return Jet(self.jet(body, names).value)
            case tree.Binary(op, left, right):
                return self._binary(op, self.jet(left, names), self.jet(right, names))
            case tree.Call(function, arguments):
                return self._call(function, [self.jet(a, names) for a in arguments])
            case tree.Where(condition, then, otherwise):
                chosen, known = self._condition(condition, names), len(self.failed)
                made = self._choose(chosen, self.jet(then, names), self.jet(otherwise, names))
                if np.isfinite(np.asarray(made.value, dtype=float)).all():
                    del self.failed[known:]  # of the branch that is not taken
                return made
        raise AssertionError(node)

    def _number(self, value: sp.Expr) -> Any:
        return primitives.constant(value, self.wide)

    def _binary(self, op: str, left: Jet, right: Jet) -> Jet:
        if op == "**" and right.slope is None and np.isfinite(float(right.value)):
            exponent = sp.Float(float(right.value))
            whole = float(right.value).is_integer()
            if not whole or exponent < 0:
                self._mark(left)
            exponent = sp.Integer(exponent) if whole else exponent
            return self._chain(
                primitives.operation(op, exponent), left, f"{{}}**{float(exponent):g}"
            )
        if op in ("/", "**"):
            self._mark(right if op == "/" else left)
        return self._chain(primitives.operation(op), left, f"{{}} {op} {{}}", right)

    def _call(self, function: str, arguments: list[Jet]) -> Jet:
        first = arguments[0]
        if function in ("maximum", "minimum"):
            second = arguments[1]
            self._mark(self._difference(first, second))
            chosen = np.greater_equal if function == "maximum" else np.less_equal
            return self._choose(chosen(first.value, second.value), first, second)
        if function not in primitives.UNARY:
            return self.jet(named(function), {"x": first})
        self._mark(first)
        for edge in primitives.edges(function):
            if edge != A:
                self._mark(self._chain(edge, first))
        return self._chain(primitives.function(function), first, f"{function}({{}})")

    def _difference(self, first: Jet, second: Jet) -> Jet:
        return self._chain(primitives.operation("-"), first, second=second)

    def _chain(self, expr: sp.Expr, first: Jet, text: str = "", second: Jet | None = None) -> Jet:
        """The chain rule of one operation, which is written as ``text`` where it fails."""
        self.operations += 1
        arguments = {A: first} if second is None else {A: first, B: second}
        values = {variable: jet.value for variable, jet in arguments.items()}
        slope = None
        for variable, jet in arguments.items():
            factor = primitives.partial(expr, variable)
            if jet.slope is not None and factor != 0:
                term = np.multiply(primitives.evaluate(factor, values, self.wide), jet.slope)
                slope = term if slope is None else np.add(slope, term)
        made = primitives.evaluate(expr, values, self.wide)
        if text and np.size(made) == 1 and np.isnan(float(np.ravel(made)[0])):
            given = [float(np.ravel(v)[0]) for v in values.values()]
            if not np.isnan(given).any():
                self.failed.append(text.format(*(f"{v:.4g}" for v in given)))
        return Jet(made, slope)

    def _condition(self, node: tree.Condition, names: Mapping[str, Jet]) -> Any:
        if isinstance(node, tree.Logical):
            parts = [self._condition(part, names) for part in node.parts]
            combine = np.logical_and if node.op == "and" else np.logical_or
            whole = parts[0]
            for part in parts[1:]:
                whole = combine(whole, part)
            return whole
        left, right = self.jet(node.left, names), self.jet(node.right, names)
        self._mark(self._difference(left, right))
        return COMPARISONS[node.op](left.value, right.value)

    def _choose(self, chosen: Any, first: Jet, second: Jet) -> Jet:
        chosen = np.asarray(chosen, dtype=bool)
        value = np.where(chosen, first.value, second.value)
        if first.slope is None and second.slope is None:
            return Jet(value)
        zero = self._number(sp.S.Zero)
        slopes = [zero if jet.slope is None else jet.slope for jet in (first, second)]
        return Jet(value, np.where(chosen, *slopes))

    def _mark(self, what: Jet) -> None:
        if what.slope is not None and not self.wide:
            self.marks.append(what)
