"""Normal form of sums, and the way back to the form that people write."""

from __future__ import annotations

from functools import cache, lru_cache

import sympy as sp
from sympy.core.random import seed

from symbp.calculus.expression import (
    Entry,
    MeanOver,
    Reduction,
    Size,
    SumOver,
    entries,
    has_reduction,
    rebuild,
)
from symbp.calculus.index import canonical
from symbp.calculus.pullback import axis_size

FACTOR_LIMIT = 120  # operations; polynomial factoring of more is slow and finds nothing
LONG = 1000  # a denominator that reads better as decimals


def to_sums(expr: sp.Basic, axes: dict[str, str]) -> sp.Basic:
    """Write every mean as a sum over its size."""
    if not expr.args or isinstance(expr, Entry):
        return expr
    arguments = [to_sums(a, axes) for a in expr.args]
    if isinstance(expr, MeanOver):
        sizes = sp.Mul(*(axis_size(i, axes) for i in expr.letters))
        return SumOver(arguments[0], *expr.letters) / sizes
    return rebuild(expr, arguments)


def pull_out(expr: sp.Basic, axes: dict[str, str]) -> sp.Basic:
    """``sum(a*b[k], k) = a*sum(b[k], k)``; sums of sums are split; ``sum(1, k) = size(k)``."""
    if not has_reduction(expr):
        return expr
    arguments = [pull_out(a, axes) for a in expr.args]
    if not isinstance(expr, SumOver):
        return rebuild(expr, arguments)
    terms = []
    for term in sp.Add.make_args(sp.expand_mul(arguments[0], deep=False)):
        bound = [i for i in expr.letters if i in term.free_symbols]
        idle = [axis_size(i, axes) for i in expr.letters if i not in term.free_symbols]
        inside: list[sp.Expr] = []
        outside: list[sp.Expr] = []
        for factor in sp.Mul.make_args(term):
            (inside if factor.free_symbols & set(bound) else outside).append(factor)
        inner = _join(sp.Mul(*inside), bound)
        terms.append(sp.Mul(*idle, *outside, inner))
    return sp.Add(*terms)


def _join(body: sp.Expr, letters: list[sp.Symbol]) -> sp.Expr:
    """``sum(sum(b, j), i)`` is one sum over i and j."""
    if not letters:
        return body
    if isinstance(body, SumOver):
        return SumOver(body.body, *sorted({*letters, *body.letters}, key=lambda i: i.name))
    return SumOver(body, *letters)


def tidy(expr: sp.Expr, axes: dict[str, str]) -> sp.Expr:
    """Canonical form: no means, factors pulled out of sums, canonical bound letters."""
    return canonical(pull_out(to_sums(expr, axes), axes))


def compact(expr: sp.Expr, axes: dict[str, str]) -> sp.Expr:
    """The shortest of a few factored forms, with means where a sum stands over its size."""
    expr = _merge(_to_means(sp.expand_mul(expr, deep=False), axes))
    stand_in = {atom: _dummy(k) for k, atom in enumerate(_atoms(expr))}
    shortest = _shortest(expr.xreplace(stand_in))
    result = shortest.xreplace({dummy: atom for atom, dummy in stand_in.items()})
    return canonical(_inside(result, axes))


@cache
def _dummy(number: int) -> sp.Dummy:
    """What stands for an atom: the same in every expression, so that those of one form are one."""
    return sp.Dummy(f"a{number}")


@lru_cache(maxsize=1000)
def _shortest(plain: sp.Expr) -> sp.Expr:
    """Of a few factored forms of an expression in dummies."""
    forms = [plain, sp.factor_terms(plain)]
    if plain.count_ops() <= FACTOR_LIMIT:
        factored = _factored(plain)
        again = factored if forms[1] == plain else _factored(forms[1])
        forms += [factored, sp.factor_terms(again)]
    return _with_decimals(min(forms, key=_length))  # the first of the shortest


def is_contraction(node: Reduction) -> bool:
    """Whether two factors under the sum each have a letter that the other lacks."""
    sets = [f.free_symbols for f in sp.Mul.make_args(node.body) if any(True for _ in entries(f))]
    return any(a - b and b - a for a in sets for b in sets)


def _merge(expr: sp.Expr) -> sp.Expr:
    """``a*sum(b, k) + a*sum(c, k) = a*sum(b + c, k)``, but matrix products stay apart."""
    groups: dict[tuple, list[sp.Expr]] = {}
    rest = []
    for term in sp.Add.make_args(expr):
        sums = [f for f in sp.Mul.make_args(term) if isinstance(f, (SumOver, MeanOver))]
        if len(sums) != 1 or is_contraction(sums[0]):
            rest.append(term)
            continue
        scale, outside = sp.Mul(
            *(f for f in sp.Mul.make_args(term) if f is not sums[0])
        ).as_coeff_Mul()
        key = (type(sums[0]), sums[0].letters, outside)
        groups.setdefault(key, []).append(scale * sums[0].body)
    merged = [
        outside * kind(sp.Add(*bodies), *letters)
        for (kind, letters, outside), bodies in groups.items()
        if len(bodies) > 1
    ]
    merged += [
        outside * bodies[0].as_coeff_Mul()[0] * kind(bodies[0].as_coeff_Mul()[1], *letters)
        for (kind, letters, outside), bodies in groups.items()
        if len(bodies) == 1
    ]
    return sp.Add(*rest, *merged)


def _length(expr: sp.Expr) -> int:
    """How long a form reads: names and operations."""
    names = sum(1 for node in sp.preorder_traversal(expr) if node.is_Symbol)
    return names + expr.count_ops()


def _factored(expr: sp.Expr) -> sp.Expr:
    """Wang's algorithm draws points; few of them make it take minutes: the same are drawn each time."""
    seed(0)
    try:
        return sp.factor(expr)
    except (sp.PolynomialError, NotImplementedError):
        return expr


def _with_decimals(expr: sp.Basic) -> sp.Basic:
    """``(26829*z**2 + 200000)/200000``, whose denominators were cleared, as ``0.134145*z**2 + 1``."""
    if not expr.args:
        return expr
    expr = expr.func(*map(_with_decimals, expr.args))
    scale, rest = expr.as_coeff_Mul() if expr.is_Mul else (sp.S.One, expr)
    if not scale.is_Rational or scale.q < LONG:
        return expr
    factors = list(sp.Mul.make_args(rest))
    sums = [k for k, f in enumerate(factors) if f.is_Add]
    if not sums:
        return expr
    k = max(sums, key=lambda k: max(t.as_coeff_Mul()[0] for t in factors[k].args))
    factors[k] = sp.Add(*(scale * term for term in sp.Add.make_args(factors[k])))
    return sp.Mul(*factors)


def _inside(expr: sp.Basic, axes: dict[str, str]) -> sp.Basic:
    """Compact the bodies of the reductions too."""
    if isinstance(expr, Reduction):
        return expr.func(compact(expr.body, axes), *expr.letters)
    if not has_reduction(expr):
        return expr
    return rebuild(expr, [_inside(a, axes) for a in expr.args])


def _to_means(expr: sp.Expr, axes: dict[str, str]) -> sp.Expr:
    return sp.Add(*(_mean_of_term(term, axes) for term in sp.Add.make_args(expr)))


def _mean_of_term(term: sp.Expr, axes: dict[str, str]) -> sp.Expr:
    factors = list(sp.Mul.make_args(term))
    for k, factor in enumerate(factors):
        if isinstance(factor, SumOver):
            inverses = [1 / axis_size(i, axes) for i in factor.letters]
            if all(inverse in factors for inverse in inverses) and len(set(inverses)) == len(
                inverses
            ):
                rest = [f for m, f in enumerate(factors) if m != k and f not in inverses]
                return sp.Mul(MeanOver(*factor.args), *rest)
    return term


def _atoms(expr: sp.Expr) -> list[sp.Expr]:
    """What polynomial factoring must take as a whole: entries, reductions, sizes, inert nodes."""
    found: dict[sp.Expr, None] = {}

    def visit(node: sp.Basic) -> None:
        if isinstance(node, (Entry, Reduction, Size)) or not (
            node.is_Add or node.is_Mul or node.is_Pow or node.is_Number or node.is_Function
        ):
            if not node.is_number:
                found[node] = None
        else:
            for argument in node.args:
                visit(argument)

    visit(expr)
    return list(found)
