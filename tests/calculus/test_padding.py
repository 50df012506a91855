"""``pad(x[..])``: which borders there are, what shares them, and what is refused."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp.calculus.derive import derive
from symbp.calculus.padding import Padding, paddings
from symbp.errors import InputError
from symbp.language import tree
from symbp.language.parser import parse
from tests.calculus.made import equations, made

SIZES = {"n": None, "t": 5, "d": 3, "p": 3, "u": 3}
SHAPES = {"x": (None, 5, 3)}


def borders(text: str, sizes: dict = SIZES) -> list[Padding]:
    return list(paddings(parse(text).equations, sizes, SHAPES).values())


def test_a_border_reaches_as_far_as_its_read():
    (border,) = borders("y[n,t,d] = pad(x[n,t-2,d])")
    assert border == Padding((0, 2, 0), (0, 0, 0), sp.S.Zero)


def test_a_border_reaches_as_far_as_the_whole_window():
    (border,) = borders("y[n,p,d] = sum(pad(x[n,2*p+u-1,d])*w[u], u)")
    assert (border.low, border.high) == ((0, 1, 0), (0, 1, 0))  # 2*2 + 2 - 1 = 5 is one too far


def test_a_letter_that_counts_down_reaches_below():
    (border,) = borders("y[n,t,d] = sum(pad(x[n,t-u,d])*w[u], u)")
    assert (border.low, border.high) == ((0, 2, 0), (0, 0, 0))


def test_reads_share_one_border_that_holds_them_all():
    unit = made("y[n,t,d] = x[n,t,d]*pad(x[n,t-1,d])*pad(x[n,t+2,d])")
    assert equations(unit) == {
        "x_pad[n, t + 1, d]": "x[n, t, d]",
        "y[n, t, d]": "x[n, t, d]*x_pad[n, t, d]*x_pad[n, t + 3, d]",
    }
    assert unit.shape_of(unit.letters["x_pad"]) == (None, 8, 3)


def test_every_fill_has_a_border_of_its_own():
    unit = made("y[n,t,d] = x[n,t,d]*pad(x[n,t-1,d])*pad(x[n,t+1,d], 1)")
    assert unit.fills == {"x_pad2": 1}
    assert [unit.shape_of(unit.letters[k])[1] for k in ("x_pad", "x_pad2")] == [6, 6]


def test_a_border_of_zeros_needs_no_fill_however_it_is_written():
    assert made("y[n,t,d] = pad(x[n,t-1,d]) + pad(x[n,t-1,d], 0)").fills == {}
    assert len(borders("y[n,t,d] = pad(x[n,t-1,d]) + pad(x[n,t-1,d], 0)")) == 1


@pytest.mark.parametrize(
    ("written", "fill"),
    [("1.5", sp.Rational(3, 2)), ("-inf", -sp.oo), ("inf", sp.oo), ("pi", sp.pi), ("-2", -2)],
)
def test_a_border_may_hold_any_number(written, fill):
    unit = made(f"y[n,t,d] = maximum(pad(x[n,t-1,d], {written}), x[n,t,d])")
    assert unit.fills == {"x_pad": fill}


def test_axes_that_stay_inside_have_no_border():
    unit = made("y[n,t,d] = x[n,t,d]*pad(x[n,t-1,d-1])")
    assert unit.shape_of(unit.letters["x_pad"]) == (None, 6, 4)
    unit = made("y[n,t,d] = x[n,t,d]*pad(x[n,t-1,d])")
    n, moved, d = unit.letters["x_pad"]
    assert (n.name, d.name) == ("n", "d")
    assert moved.name not in "ntd"


def test_a_read_that_stays_inside_needs_no_border():
    assert equations(made("y[n,t,d] = pad(x[n,t,d])")) == {"y[n, t, d]": "x[n, t, d]"}


def test_a_border_takes_no_name_and_no_letter_of_the_user():
    unit = made("x_pad[n,i,j] = 2*x[n,i,j]\ny[n,i,j] = pad(x_pad[n,i-1,j]) + pad(x[n,i-1,j])")
    assert len({e.name for e in unit.equations}) == len(unit.equations) == 4
    made_up = {i.name for e in unit.equations for i in unit.letters[e.name]} - set("nij")
    assert made_up and all(unit.sizes[i] == 6 for i in made_up)


def test_a_gradient_comes_back_from_inside_the_border_alone():
    derivation = derive(made("y[n,t,d] = pad(x[n,t-1,d], 7)*x[n,t,d]"))
    (into,) = derivation.adjoint("x").equations
    assert "∂x_pad[n, t + 1, d]" in str(into.rhs) or "∂y[n, t + 1, d]" in str(into.rhs)


@pytest.mark.parametrize("value", ["s[d]", "2*pi", "size(t)"])
def test_a_border_that_is_no_number_is_refused(value):
    with pytest.raises(InputError, match=r"the value of a pad\(\.\.\.\) must be a number"):
        made(f"y[n,t,d] = pad(x[n,t-1,d], {value}) + s[d]", parameters={"s": ("d",)})


def test_a_border_of_places_that_are_read_from_a_tensor_is_refused():
    with pytest.raises(ValueError, match="a position that is read from a tensor"):
        borders("y[n,t,d] = pad(x[n,a[t]-1,d])")


def test_only_numbers_have_a_value():
    from symbp.calculus.padding import number

    (equation,) = parse("y[n] = pad(x[n], -pi)").equations
    assert isinstance(equation.rhs, tree.Pad)
    assert number(equation.rhs.value) == -sp.pi
