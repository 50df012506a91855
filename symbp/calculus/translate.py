"""From the parse tree of a formula to equations, naming the parts that deserve a name.

The names come from the tree, before SymPy sees it: SymPy would turn exp(-(a + b)) into exp(-a - b).
Named are: arguments of calls that hold a contraction, non-linear calls below the top, factors that
carry a reduction, maxima, and what stands beside a parameter in a product (its gradient reads it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.core.symbol import Str

from symbp.calculus.derive import is_contraction
from symbp.calculus.equation import Equation
from symbp.calculus.expression import (
    Abs,
    Apply,
    Compare,
    Entry,
    Erf,
    Group,
    Iverson,
    Letter,
    Logical,
    MaxOver,
    MeanOver,
    Reduction,
    Sign,
    Size,
    Stop,
    SumOver,
    Where,
    entries,
    has_reduction,
    letter,
)
from symbp.calculus.index import base, fresh, signature, substitute
from symbp.calculus.pullback import axis_size
from symbp.errors import InputError
from symbp.language import tree
from symbp.language.walk import rebuild as rebuild_tree

FUNCTIONS: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt, "abs": Abs, "sign": Sign,
    "cos": sp.cos, "tan": sp.tan, "asin": sp.asin, "acos": sp.acos, "atan": sp.atan,
    "sinh": sp.sinh, "cosh": sp.cosh, "erf": Erf, "erfc": lambda u: 1 - Erf(u),
}  # fmt: skip
HINTS = {sp.exp: "e", Erf: "e", Apply: "a"}
WHOLE, ADDITIVE, INNER = "whole", "additive", "inner"  # where a subexpression stands


@dataclass(frozen=True)
class Formulas:
    """What names mean: activations kept by name, and activations that are written out."""

    named: frozenset[str]
    written_out: Mapping[str, tree.Expr]  # body in the bare name `x`


@dataclass(frozen=True)
class Translated:
    equations: tuple[Equation, ...]
    parts: frozenset[str]
    cuts: frozenset[str]
    axes: Mapping[str, str]
    letters: Mapping[str, tuple[Letter, ...]]


def translate(
    equations: tuple[tree.Equation, ...],
    letters: frozenset[str],
    parameters: frozenset[str],
    formulas: Formulas,
    taken: frozenset[str] = frozenset(),
    place: tuple[str | None, int] = (None, 1),
    built_in: bool = False,
) -> Translated:
    """Equations with expanded ellipses -> SymPy equations in order of evaluation.

    ``letters`` tells index letters from scalars; ``taken`` are names that no part may get; ``place``
    is the file and the line of the formula's first line; a layer of the house may sum into place.
    Raises InputError for what is not derived.
    """
    return _Translator(letters, parameters, formulas, taken, place, built_in).run(equations)


class _Translator:
    def __init__(
        self,
        letters: frozenset[str],
        parameters: frozenset[str],
        formulas: Formulas,
        taken: frozenset[str],
        place: tuple[str | None, int],
        built_in: bool = False,
    ) -> None:
        self.letters = letters
        self.parameters = parameters
        self.formulas = formulas
        self.taken = set(taken) | set(letters) | set(parameters)
        self.place = place
        self.built_in = built_in
        self.out: list[Equation] = []
        self.defined: set[str] = set()
        self.parts: dict[str, str] = {}  # signature -> name
        self.part_letters: dict[str, tuple[Letter, ...]] = {}
        self.cuts: set[str] = set()
        self.axes: dict[str, str] = {}
        self.order: list[Letter] = []
        self.line = 0

    def run(self, equations: tuple[tree.Equation, ...]) -> Translated:
        self.defined = {e.name for e in equations}
        self.taken |= self.defined
        self._unite_axes(equations)
        for equation in equations:
            self.line = equation.line
            if equation.accumulate and not self.built_in:
                raise self.not_yet("'+='")
            target = Entry(equation.name, *(self.index(p) for p in equation.positions))
            self.order = sorted(target.free_symbols, key=_position(target))
            rhs = self.value(equation.rhs, WHOLE)
            self.out.append(Equation(target, rhs))
        own = self._canonical_letters()
        return Translated(
            tuple(self.out),
            frozenset(self.part_letters),
            frozenset(self.cuts),
            dict(self.axes),
            own,
        )

    def not_yet(self, what: str) -> InputError:
        file, first = self.place
        return InputError(
            f"{what} is understood but not derived by this version; write the layer without it",
            file,
            first + max(self.line, 1) - 1,
        )

    def _unite_axes(self, equations: tuple[tree.Equation, ...]) -> None:
        """Letters that read the same axis bare stand for one axis, named by the first of them."""
        first: dict[tuple[str, int], str] = {}
        for equation in equations:
            reads = [tree.Read(equation.name, equation.positions), *_reads(equation.rhs)]
            for read in reads:
                for axis, position in enumerate(read.positions):
                    if isinstance(position, tree.Affine) and position.letter:
                        here = self._axis(position.letter)
                        there = self._axis(first.setdefault((read.name, axis), here))
                        for family, axis_name in list(self.axes.items()):
                            if axis_name == here:
                                self.axes[family] = there

    def _axis(self, family: str) -> str:
        return self.axes.setdefault(family, family)

    def _canonical_letters(self) -> dict[str, tuple[Letter, ...]]:
        """Of every tensor the letters of its definition, else of its first bare read, else fresh ones."""
        known: dict[str, tuple[Letter, ...]] = {}
        several = [e.name for e in self.out]
        for equation in self.out:
            if equation.target.plain and several.count(equation.name) == 1:
                known.setdefault(equation.name, equation.target.indices)
        for equation in self.out:
            if several.count(equation.name) > 1 and not equation.target.plain:
                known.setdefault(equation.name, self._fresh_letters(equation.target))
        for equation in self.out:
            for read in [equation.target, *entries(equation.rhs)]:
                if read.name not in known and read.plain:
                    known[read.name] = tuple(letter(base(i)) for i in read.indices)
        for equation in self.out:
            for read in [equation.target, *entries(equation.rhs)]:
                if read.name not in known:
                    known[read.name] = self._fresh_letters(read)
        return known

    def _fresh_letters(self, read: Entry) -> tuple[Letter, ...]:
        """Letters for a tensor that is only read at composite places: new families, one an axis."""
        chosen: list[Letter] = []
        for axis, index in enumerate(read.indices):
            if index.is_Symbol and index not in chosen:
                chosen.append(index)
                continue
            names = _candidates(f"{read.name.replace('_', '')}{axis}")
            family = next(c for c in names if c not in self.axes and c not in self.letters)
            self.axes[family] = self._axis(base(index)) if index.is_Symbol else family
            chosen.append(letter(family))
        return tuple(chosen)

    # -- index positions ------------------------------------------------------------------------

    def index(self, position: tree.Position) -> sp.Expr:
        if isinstance(position, tree.Affine):
            terms = [c * letter(name) for c, name in position.terms]
            sizes = [c * axis_size(letter(name), self.axes) for c, name in position.sizes]
            return sp.Add(*terms, *sizes, sp.Integer(position.constant))
        if isinstance(position, tree.Group):
            return Group(*(self.index(p) for p in position.parts))
        raise self.not_yet("an index that is read from a tensor")

    # -- values ---------------------------------------------------------------------------------

    def value(self, node: tree.Expr, place: str) -> sp.Expr:
        match node:
            case tree.Number(value):
                return sp.Rational(value.numerator, value.denominator)
            case tree.Constant(name):
                return sp.pi if name == "pi" else sp.oo
            case tree.Name(name):
                return letter(name) if name in self.letters else Entry(name)
            case tree.Read(name, positions):
                return Entry(name, *(self.index(p) for p in positions))
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
                raise self.not_yet("pad(...)")
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
        top = self.part(power, "e")
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
        text, free = signature(expr)
        if text in self.parts:
            name = self.parts[text]
            return Entry(name, *_match(self.part_letters[name], self._free[name], free))
        name = next(c for c in _candidates(hint) if c not in self.taken)
        self.taken.add(name)
        own = tuple(sorted(free, key=lambda i: (self._rank(i), i.name)))
        self.parts[text] = name
        self.part_letters[name] = own
        self.defined.add(name)
        self._free[name] = free
        self.out.append(Equation(Entry(name, *own), expr))
        return Entry(name, *own)

    @property
    def _free(self) -> dict[str, tuple[Letter, ...]]:
        return self.__dict__.setdefault("free_of_part", {})

    def _rank(self, index: Letter) -> int:
        return self.order.index(index) if index in self.order else len(self.order)


def _match(
    own: tuple[Letter, ...], old: tuple[Letter, ...], new: tuple[Letter, ...]
) -> list[Letter]:
    renamed = dict(zip(old, new, strict=True))
    return [renamed[i] for i in own]


def _position(target: Entry) -> Callable[[Letter], tuple[int, str]]:
    def key(index: Letter) -> tuple[int, str]:
        for place, position in enumerate(target.indices):
            if index in position.free_symbols:
                return place, index.name
        return len(target.indices), index.name

    return key


def _candidates(hint: str) -> list[str]:
    return [hint, *(f"{hint}{k}" for k in range(2, 1000))]


def _factors(node: tree.Expr) -> tuple[list[tree.Expr], list[tree.Expr]]:
    """Numerator and denominator factors of a product as written."""
    if isinstance(node, tree.Binary) and node.op in "*/" and node.op != "**":
        upper, lower = _factors(node.left)
        more_upper, more_lower = _factors(node.right)
        if node.op == "/":
            more_upper, more_lower = more_lower, more_upper
        return upper + more_upper, lower + more_lower
    return [node], []


def _reads(node: object) -> list[tree.Read]:
    """Every read in a tree, outermost first."""
    found = [node] if isinstance(node, tree.Read) else []
    for value in getattr(node, "__dict__", {}).values():
        for child in value if isinstance(value, tuple) else (value,):
            if hasattr(child, "__dataclass_fields__"):
                found += _reads(child)
    return found


def _insert(body: tree.Expr, argument: tree.Expr) -> tree.Expr:
    """Replace the bare name ``x`` in an activation's formula by an argument."""
    return rebuild_tree(body, lambda node: argument if node == tree.Name("x") else node)


def body_of(node: tree.Expr, argument: sp.Symbol) -> sp.Expr:
    """An activation's formula as a SymPy expression of ``argument``, with nothing named."""
    translator = _Translator(
        frozenset(), frozenset(), Formulas(frozenset(), {}), frozenset(), (None, 1)
    )
    marker = Entry("x")
    translator.part = lambda expr, hint: expr  # type: ignore[method-assign, assignment, return-value]
    return translator.value(node, WHOLE).xreplace({marker: argument})


__all__ = ["Formulas", "Size", "Translated", "body_of", "translate"]
