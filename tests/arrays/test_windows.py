"""Which letters of a window become loops of the code: the few, never the many."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp.arrays.windows import incoming, scatter_loops, window_loops
from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, Group, SumOver, letter

C, F, G, N, P, Q, U, V = map(letter, "cfgnpquv")
SIZES = {"n": None, "c": 8, "f": 16, "p": 30, "q": 20, "u": 3, "v": 5, "g": 2}
NONE: frozenset = frozenset()


def size_of(index):
    return SIZES[index.name.partition("_")[0]]


X, K, DY = Entry("x", N, C, 2 * P + U), Entry("K", F, C, U), Entry("∂y", N, F, P)


def loops(rhs: sp.Expr, target: Entry, sizes=size_of, fixed=NONE):
    inner, found = window_loops(rhs, target, fixed, sizes)
    return inner, [i.name for i in found]


def test_a_sum_over_windows_loops_over_the_offsets():
    inner, found = loops(SumOver(X * K, C, U), Entry("y", N, F, P))
    assert found == ["u"]
    assert inner == SumOver(X * K, C)


def test_the_gradient_of_a_kernel_loops_over_the_offsets_too():
    inner, found = loops(SumOver(DY * X, N, P), Entry("∂K", F, C, U))
    assert found == ["u"]
    assert inner == SumOver(DY * X, N, P)


def test_a_window_of_two_axes_has_two_loops():
    image = Entry("x", N, C, P + U, 2 * Q + V)
    _, found = loops(SumOver(image * Entry("K", F, C, U, V), C, U, V), Entry("y", N, F, P, Q))
    assert found == ["u", "v"]


def test_the_letter_of_the_result_stays_an_axis_though_it_is_shorter():
    short = {**SIZES, "p": 2}
    _, found = loops(SumOver(X * K, C, U), Entry("y", N, F, P), lambda i: short[i.name])
    assert found == ["u"]


def test_of_two_letters_of_the_result_the_longer_one_stays():
    rhs = SumOver(Entry("x", N, C, P + U) * Entry("w", C), C)
    for sizes, loop in (({"p": 9, "u": 3}, "u"), ({"p": 3, "u": 9}, "p")):
        known = {**SIZES, **sizes}
        _, found = loops(rhs, Entry("y", N, P, U), lambda i, known=known: known[i.name])
        assert found == [loop]


def test_what_stands_outside_the_sum_stays_outside():
    inner, found = loops(Entry("s", F) * SumOver(X * K, C, U), Entry("y", N, F, P))
    assert found == ["u"]
    assert inner == Entry("s", F) * SumOver(X * K, C)


def test_a_loop_takes_no_letter_of_the_result():
    rhs = SumOver(Entry("x", N, P + U) * Entry("w", U), U)
    _, found = loops(rhs, Entry("y", N, P, U))
    assert found == ["u_1"]


@pytest.mark.parametrize(
    "term",
    [X * Entry("w", U), SumOver(X, U), SumOver(Entry("x", N, C) * K, C)],
    ids=["no sum", "a sum of one entry", "no window"],
)
def test_other_terms_have_no_loops(term):
    assert loops(term, Entry("y", N, F, P)) == (term, [])


def test_a_letter_of_a_loop_around_makes_no_window():
    _, found = loops(SumOver(X * K, C, U), Entry("y", N, F, P), fixed=frozenset({U}))
    assert found == []


def test_groups_are_no_windows():
    rhs = SumOver(Entry("x", N, Group(G, C), P) * Entry("K", F, C), C)
    assert loops(rhs, Entry("y", N, G, F, P))[1] == []


def test_a_scatter_loops_over_what_the_adjoint_does_not_have():
    equation = Equation(X.at(N, C, 2 * P + U), SumOver(DY * K, F))
    assert scatter_loops(equation, NONE, size_of) == (U,)


def test_a_scatter_without_windows_has_no_loops():
    assert scatter_loops(Equation(Entry("∂x", N, P + 1), Entry("∂y", N, P)), NONE, size_of) == ()


def test_the_letters_of_adjoints_come_in():
    assert incoming(DY * K) == {N, F, P}
    assert incoming(K) == set()
