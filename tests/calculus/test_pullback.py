"""The reverse walk: one contribution for each read, in the order of the chain rule."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import (
    Compare,
    Entry,
    FirstMax,
    Iverson,
    MaxOver,
    MeanOver,
    Size,
    Stop,
    SumOver,
    Where,
    letter,
)
from symbp.calculus.pullback import pullback
from symbp.calculus.unary import Apply, Prime

I, J, N, P, U = map(letter, "ijnpu")
AXES = {name: name for name in "ijnpu"}
Y, X = Entry("y", N, J), Entry("x", N, J)
DY = Entry("∂y", N, J)


def walk(rhs: sp.Expr, target: Entry = Y):
    return [(str(c.target), c.factors) for c in pullback(Equation(target, rhs), AXES)]


def test_a_sum_of_products_opens_its_letter():
    w, x = Entry("W", I, J), Entry("x", N, I)
    found = dict(walk(SumOver(x * w, I) + Entry("b", J)))
    assert found == {"x[n, i]": (DY, w), "W[i, j]": (DY, x), "b[j]": (DY,)}


def test_letters_of_a_sum_step_aside_for_open_ones():
    (contribution,) = pullback(Equation(Y, SumOver(Entry("x", N, J), J)), AXES)
    assert str(contribution.target) == "x[n, j_1]"
    assert [i.name for i in contribution.letters] == ["j", "n", "j_1"]


def test_every_read_of_a_tensor_contributes():
    assert walk(Entry("x", N, J) * Entry("x", N, 2 * J)) == [
        ("x[n, j]", (DY, Entry("x", N, 2 * J))),
        ("x[n, 2*j]", (DY, X)),
    ]


def test_a_mean_divides_by_its_size():
    assert walk(MeanOver(Entry("x", N, I), I), Entry("y", N)) == [
        ("x[n, i]", (Entry("∂y", N), 1 / Size(I)))
    ]


def test_a_maximum_goes_to_its_first_place():
    assert walk(MaxOver(Entry("x", N, I), I), Entry("y", N)) == [
        ("x[n, i]", (Entry("∂y", N), FirstMax(Entry("x", N, I), I)))
    ]


def test_a_window_keeps_its_index():
    window = Entry("x", N, 2 * P + U)
    ((place, _),) = walk(MeanOver(window, U), Entry("y", N, P))
    assert place == "x[n, 2*p + u]"


def test_a_named_function_is_primed_and_not_worked_out():
    assert walk(Apply("f", X)) == [("x[n, j]", (DY, Prime("f", X)))]


CONSTANT = {
    "stop": Stop(X) + 1,
    "a condition": Where(Compare(">", X, sp.S.Zero), sp.S.One, -sp.S.One),
    "an indicator": Iverson(Compare(">", X, sp.S.Zero)),
    "a mask": FirstMax(X, J),
    "a letter": J**2 / Size(J),
}


@pytest.mark.parametrize("name", CONSTANT)
def test_what_is_constant_contributes_nothing(name):
    assert walk(CONSTANT[name]) == []


def test_a_choice_stays_a_choice():
    condition = Compare(">", X, sp.S.Zero)
    ((_, factors),) = walk(Where(condition, X**2, sp.S.Zero))
    assert factors == (DY, Where(condition, 2 * X, sp.S.Zero))


def test_a_loss_has_no_seed():
    (contribution,) = pullback(Equation(Entry("L"), SumOver(X, N, J)), AXES, seed=False)
    assert contribution.factors == ()
