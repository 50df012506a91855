"""What forward equations say: names for what was computed, and sums that are known."""

from __future__ import annotations

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, Group, SumOver, letter
from symbp.calculus.facts import Fact, apply_inverse, definitions, fold, inverse, known_sums

K, M, N = map(letter, "kmn")
X, E, P = (Entry(name, N, K) for name in "xep")
S = Entry("s", N)
SOFTMAX = Unit(
    equations=(
        Equation(E, sp.exp(X)),
        Equation(S, SumOver(Entry("e", N, M), M)),
        Equation(P, E / S),
    ),
    inputs=("x",),
    parameters=(),
    letters={"x": (N, K), "e": (N, K), "s": (N,), "p": (N, K)},
    sizes={"n": None, "k": 4, "m": 4},
    axes={"n": "n", "k": "k", "m": "k"},
)


def test_an_expression_goes_by_its_name_whatever_its_letters():
    there = sp.exp(Entry("x", N, M)) * 3
    assert fold(there, definitions(SOFTMAX)) == 3 * Entry("e", N, M)


def test_a_power_goes_by_the_name_of_its_root():
    v = Entry("v", N)
    facts = [Fact(sp.sqrt(v + 1), S)]
    assert fold((v + 1) ** sp.Rational(-3, 2), facts) == S**-3


def test_a_linear_fraction_is_inverted():
    found = inverse(SOFTMAX.equations[-1], SOFTMAX)
    assert found is not None
    name, read, solution = found
    assert (name, read, solution) == ("e", E, P * S)
    assert apply_inverse(Entry("e", N, M), found) == Entry("p", N, M) * S


def test_a_group_of_letters_is_inverted_where_it_is_split_alike():
    c, c_1, d, g, h = (letter(name) for name in ("c", "c_1", "d", "g", "h"))
    x, y = Entry("x", Group(g, c)), Entry("y", Group(g, c))
    found = inverse(Equation(y, x - Entry("m", g)), SOFTMAX)
    assert found == ("x", x, y + Entry("m", g))
    assert apply_inverse(x.at(Group(g, c_1)), found) == y.at(Group(g, c_1)) + Entry("m", g)
    for elsewhere in (x.at(Group(h, d)), x.at(c)):
        assert apply_inverse(elsewhere, found) == elsewhere


def test_a_function_with_branches_is_left_alone():
    square = Equation(P, X**2)
    assert inverse(square, SOFTMAX) is None


def test_a_sum_of_probabilities_is_one_by_their_definition():
    facts = known_sums(SOFTMAX)
    assert fold(SumOver(P, K), facts) == 1
    assert fold(SumOver(E, K), facts) == S
    assert fold(SumOver(P**2, K), facts) == SumOver(P**2, K)


def test_what_is_given_is_a_fact():
    t = SumOver(Entry("t", N, K), K)
    from dataclasses import replace

    unit = replace(SOFTMAX, given=((t, sp.S.One),))
    assert Fact(t, sp.S.One) in known_sums(unit)
