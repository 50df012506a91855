"""From the right-hand side of a formula to an expression, naming the parts that deserve a name.

The names come from the tree, before SymPy sees it: SymPy would turn exp(-(a + b)) into exp(-a - b).
Named are: arguments of calls that hold a contraction, non-linear calls below the top, factors that
carry a reduction, maxima, and what stands beside a parameter in a product (its gradient reads it).
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from sympy.core.symbol import Str

from symbp.calculus.collect import is_contraction
from symbp.calculus.delay import Delays
from symbp.calculus.equation import Equation
from symbp.calculus.expression import (
    Compare,
    Entry,
    Iverson,
    Letter,
    Logical,
    MaxOver,
    MeanOver,
    Reduction,
    Size,
    Stop,
    SumOver,
    Where,
    entries,
    has_reduction,
    letter,
)
from symbp.calculus.index import fresh, substitute
from symbp.calculus.padding import Borders
from symbp.calculus.parts import Parts
from symbp.calculus.positions import index_of
from symbp.calculus.pullback import axis_size
from symbp.calculus.surroundings import Formulas, Surroundings
from symbp.calculus.unary import Abs, Apply, Erf, Sign
from symbp.errors import InputError
from symbp.language import tree
from symbp.language.walk import rebuild as rebuild_tree

FUNCTIONS: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt, "abs": Abs, "sign": Sign,
    "cos": sp.cos, "tan": sp.tan, "asin": sp.asin, "acos": sp.acos, "atan": sp.atan,
    "sinh": sp.sinh, "cosh": sp.cosh, "erf": Erf, "erfc": lambda u: 1 - Erf(u),
}  # fmt: skip
HINTS = {sp.exp: "u", Erf: "e", Apply: "a"}
WHOLE, ADDITIVE, INNER = "whole", "additive", "inner"  # where a subexpression stands


class Values:
    """The values of one formula's right-hand sides, and the names given to their parts."""

    borders: Borders

    def __init__(self, around: Surroundings, formulas: Formulas) -> None:
        self.around = around
        self.letters = frozenset(around.sizes)
        self.parameters = around.parameters
        self.formulas = formulas
        self.out: list[Equation] = []
        self.parts = Parts(self.out, {*around.taken, *self.letters, *self.parameters})
        self.defined: set[str] = set()
        self.cuts: set[str] = set()
        self.axes: dict[str, str] = {}
        self.order: list[Letter] = []
        self.delays = Delays(around.recurrences, self.parts)
        self.current = ""  # the name that the present equation defines
        self.line = 0

    def index(self, position: tree.Position) -> sp.Expr:
        return index_of(position, self.axes)

    def value(self, node: tree.Expr, place: str) -> sp.Expr:
        match node:
            case tree.Number(value):
                return sp.Rational(value.numerator, value.denominator)
            case tree.Constant(name):
                return sp.pi if name == "pi" else sp.oo
            case tree.Name(name):
                return letter(name) if name in self.letters else Entry(name)
            case tree.Read(name, positions):
                places = [self.index(p) for p in positions]
                if self.delays.step(node, self.current):
                    return self.delays.read(node, self.current, places)
                return Entry(name, *places)
            case tree.SizeOf(name):
                return axis_size(letter(name), self.axes)
            case tree.Negative(body):
                return -self.value(body, ADDITIVE if place == WHOLE else place)
            case tree.StopGradient(body):
                return Stop(self.value(body, INNER))
            case tree.Binary("+" | "-", left, right):
                place = ADDITIVE if place == WHOLE else place
                second = self.value(right, place)
                first = self.value(left, place)
                return first + second if node.op == "+" else first - second
            case tree.Binary("*" | "/"):
                return self.product(node, place)
            case tree.Binary("**", left, right):
                exponent = self.value(right, INNER)
                return sp.Pow(self.named_reductions(self.value(left, INNER)), exponent)
            case tree.Call(function, arguments):
                return self.call(function, arguments, place)
            case tree.Reduction():
                return self.reduction(node, place)
            case tree.Where(condition, then, otherwise):
                return Where(
                    self.condition(condition), self.value(then, INNER), self.value(otherwise, INNER)
                )
            case tree.Pad():
                return self.with_border(node)
        raise AssertionError(node)

    def product(self, node: tree.Expr, place: str) -> sp.Expr:
        upper, lower = _factors(node)
        constants = [f for f in upper + lower if isinstance(f, (tree.Number, tree.SizeOf))]
        alone = len(upper) + len(lower) - len(constants) <= 1
        inside = (ADDITIVE if place != INNER else INNER) if alone else INNER
        over = [self.value(f, inside) for f in upper]
        under = [self.value(f, INNER) for f in lower]
        if not alone:
            over = [self.named_reductions(f) for f in over]
        under = [self.named_reductions(f) for f in under]
        factors = [*over, *(1 / f for f in under)]
        if place != INNER:
            factors = self.beside_parameters(factors)
        return sp.Mul(*factors)

    def beside_parameters(self, factors: list[sp.Expr]) -> list[sp.Expr]:
        """Name the product that stands beside a parameter: the parameter's gradient reads it."""
        mine = [f for f in factors if isinstance(f, Entry) and f.name in self.parameters]
        rest = [f for f in factors if f not in mine and not f.is_number]
        product = sp.Mul(*rest)
        if not mine or len(rest) < 2 or not any(f.indices for f in mine):
            return factors
        widest = sorted(entries(product), key=lambda r: -len(r.indices))
        reads = [r.name for r in widest if r.name not in self.defined]
        part = self.part(product, f"{reads[0]}hat" if reads else "u")
        self.cuts.add(part.name)
        return [*mine, *(f for f in factors if f.is_number), part]

    def call(self, function: str, arguments: tuple[tree.Expr, ...], place: str) -> sp.Expr:
        if function in ("maximum", "minimum"):
            first, second = (self.value(a, INNER) for a in arguments)
            op = ">=" if function == "maximum" else "<="
            return Where(Compare(op, first, second), first, second)
        if function in self.formulas.written_out:
            body = self.formulas.written_out[function]
            return self.value(_insert(body, arguments[0]), place)
        argument = self.value(arguments[0], ADDITIVE)
        if any(is_contraction(s) for s in argument.atoms(SumOver)):
            argument = self.part(argument, "z")
        else:
            argument = self.named_reductions(argument)
        if function in self.formulas.named:
            value: sp.Expr = Apply(function, argument)
        else:
            value = {"tanh": sp.tanh, "sin": sp.sin, **FUNCTIONS}[function](argument)
        reused = isinstance(value, Apply) or value.func in HINTS or function == "sqrt"
        if place == WHOLE or not reused or not any(True for _ in entries(value)):
            return value
        return self.part(value, HINTS.get(value.func, "s"))

    def reduction(self, node: tree.Reduction, place: str) -> sp.Expr:
        bound = tuple(letter(name) for name in node.letters)
        condition = None if node.condition is None else self.condition(node.condition)
        if node.op == "softmax":
            return self.softmax(node, bound, condition, place)
        sign = -1 if node.op == "min" else 1
        body = sign * self.value(node.body, INNER)
        if condition is not None and node.op in ("max", "min"):
            body = Where(condition, body, -sp.oo)
        elif condition is not None:
            body = self.masked(condition, body)
        if node.op == "mean" and condition is not None:
            count = SumOver(Iverson(condition), *bound)
            some = Where(Compare(">=", count, sp.S.One), count, sp.S.One)  # an empty mean is 0
            return SumOver(body, *bound) / some
        kind = {"sum": SumOver, "mean": MeanOver, "max": MaxOver, "min": MaxOver}[node.op]
        scale, body = (sp.S.One, body) if kind is MaxOver else body.as_coeff_Mul()
        value = scale * kind(body, *bound)
        if kind is MaxOver and (place != WHOLE or sign < 0):
            return sign * self.part(value, "m")
        return value

    def masked(self, condition: sp.Expr, body: sp.Expr) -> sp.Expr:
        """``body`` where the condition holds, else 0; a product of what comes from outside stays one
        (it is finite: 0 times infinity cannot be), so that no array of all its letters is stored."""
        tame = (Entry, sp.Mul, sp.Add, sp.Symbol, sp.Number, Size)
        nodes = [n for n in sp.preorder_traversal(body) if not isinstance(n, (sp.Symbol, Str))]
        simple = all(
            isinstance(n, tame) or (n.is_Pow and n.exp.is_Integer and n.exp > 0) for n in nodes
        )
        if simple and not any(read.name in self.defined for read in entries(body)):
            return Iverson(condition) * body
        return Where(condition, body, sp.S.Zero)

    def softmax(
        self,
        node: tree.Reduction,
        bound: tuple[Letter, ...],
        condition: sp.Expr | None,
        place: str,
    ) -> sp.Expr:
        argument = self.named_reductions(self.value(node.body, INNER))
        power = sp.exp(argument)
        if condition is not None:
            power = Where(condition, power, sp.S.Zero)
        top = self.part(power, "u")
        taken = set(self.order) | top.free_symbols | set(bound)
        moved: dict[Letter, Letter] = {}
        for index in bound:
            moved[index] = fresh(index, taken)
            taken.add(moved[index])
        total = self.part(SumOver(substitute(top, moved), *moved.values()), "s")
        value = top / total
        return value if place == WHOLE else self.part(value, "p")

    def condition(self, node: tree.Condition) -> sp.Expr:
        if isinstance(node, tree.Logical):
            return Logical(node.op, *(self.condition(p) for p in node.parts))
        return Compare(node.op, self.value(node.left, INNER), self.value(node.right, INNER))

    # -- parts ----------------------------------------------------------------------------------

    def named_reductions(self, expr: sp.Expr) -> sp.Expr:
        """Give every reduction in ``expr`` a name."""
        if isinstance(expr, Reduction):
            return self.part(expr, "m" if isinstance(expr, MeanOver) else "s")
        if not has_reduction(expr):
            return expr
        if expr.is_Add and any(is_contraction(s) for s in expr.atoms(SumOver)):
            return self.part(expr, "z")
        return expr.func(*(self.named_reductions(a) for a in expr.args))

    def part(self, expr: sp.Expr, hint: str) -> Entry:
        """A tensor for ``expr``; the same one for what is equal up to letters."""
        made = self.parts.part(expr, hint, self.order)
        self.defined.add(made.name)
        return made

    # -- borders --------------------------------------------------------------------------------

    def with_border(self, node: tree.Pad) -> Entry:
        name = node.read.name
        if name in self.around.recurrences:
            raise self.not_yet(f"pad({name}[..]) of a tensor that reads its own past")
        made = self.borders.read(node, [self.index(p) for p in node.read.positions], self.parts)
        self.defined.add(made.name)
        return made

    # -- errors ---------------------------------------------------------------------------------

    def not_yet(self, what: str) -> InputError:
        return self.wrong(
            f"{what} is understood but not derived by this version; write the layer without it"
        )

    def wrong(self, message: str) -> InputError:
        """An error at the line of the present equation."""
        return InputError(message, self.around.file, self.around.line + max(self.line, 1) - 1)


def _factors(node: tree.Expr) -> tuple[list[tree.Expr], list[tree.Expr]]:
    """Numerator and denominator factors of a product as written."""
    if isinstance(node, tree.Binary) and node.op in "*/" and node.op != "**":
        upper, lower = _factors(node.left)
        more_upper, more_lower = _factors(node.right)
        if node.op == "/":
            more_upper, more_lower = more_lower, more_upper
        return upper + more_upper, lower + more_lower
    return [node], []


def _insert(body: tree.Expr, argument: tree.Expr) -> tree.Expr:
    """Replace the bare name ``x`` in an activation's formula by an argument."""
    return rebuild_tree(body, lambda node: argument if node == tree.Name("x") else node)


def body_of(node: tree.Expr, argument: sp.Symbol) -> sp.Expr:
    """An activation's formula as a SymPy expression of ``argument``, with nothing named."""
    translator = Values(Surroundings({}), Formulas(frozenset(), {}))
    marker = Entry("x")
    translator.part = lambda expr, hint: expr  # type: ignore[method-assign, assignment, return-value]
    return translator.value(node, WHOLE).xreplace({marker: argument})
