"""What a recurrence computes of its input alone is one product for all steps."""

from __future__ import annotations

import pytest

from tests.calculus.made import RNN, RNN_PARAMETERS, equations, made

W = {"W": ("i", "j")}
COPY = "\ny[n,t,j] = h[n,t,j]"


def outside(text: str, **declared) -> set[str]:
    """The tensors that hoisting made."""
    words = set(text.replace("[", " ").split())
    unit = made(text + COPY, **declared)
    delayed = {name for link in unit.links for name in (link.name, link.back)}
    return {p for p in unit.parts - delayed if p.startswith(("h_", "z_")) and p not in words}


def test_a_product_without_the_past_leaves_the_loop():
    found = equations(made(RNN, parameters=RNN_PARAMETERS))
    assert found["z_x[n, t, j]"] == "sum(Wx[i, j]*x[n, t, i], i)"
    assert found["z[n, t, j]"] == "b[j] + z_x[n, t, j] + sum(Wh[k, j]*h_prev[n, t, k], k)"


def test_it_stands_in_front_of_the_loop():
    names = [e.name for e in made(RNN, parameters=RNN_PARAMETERS).equations]
    assert names.index("z_x") < names.index("z")


def test_a_product_with_the_past_stays():
    text = "h[n,t,j] = sum(x[n,t,i]*W[i,j]*h[n,t-1,j], i)"
    assert outside(text, parameters={"W": (3, 4)}) == set()


def test_a_product_with_another_tensor_of_the_loop_stays():
    text = "c[n,t,i] = h[n,t-1,i]*x[n,t,i]\nh[n,t,j] = tanh(sum(c[n,t,i]*W[i,j], i))"
    assert outside(text, parameters={"W": (3, "i")}) == set()


@pytest.mark.parametrize("term", ["x[n,t,j]", "sum(x[n,t,i], i)", "mean(x[n,t,i], i)", "b[j]"])
def test_what_is_added_and_no_product_stays(term):
    text = f"h[n,t,j] = 0.5*h[n,t-1,j] + {term} + b[j] + x[n,t,j]"
    assert outside(text, parameters={"b": ("j",)}) == set()


def test_a_formula_without_a_loop_stays_as_it_is():
    unit = made(
        "y[n,t,j] = sum(x[n,t,i]*W[i,j], i) + b[j]", parameters={"W": ("i", 4), "b": ("j",)}
    )
    assert list(equations(unit)) == ["y[n, t, j]"]


def test_an_equation_outside_the_loop_keeps_its_product():
    text = "h[n,t,j] = 0.5*h[n,t-1,j] + x[n,t,j]\ny[n,t,k] = sum(h[n,t,j]*W[j,k], j)"
    found = equations(made(text, parameters={"W": ("j", 4)}))
    assert list(found) == ["h[n, t, j]", "y[n, t, k]"]


def test_two_products_have_two_names():
    text = "h[n,t,j] = h[n,t-1,j] + sum(x[n,t,i]*W[i,j], i) + sum(x[n,t,i]**2*V[i,j], i)"
    found = outside(text, parameters={"W": (3, 4), "V": ("i", "j")})
    assert found == {"h_x", "h_x2"}


def test_a_name_of_the_user_is_taken():
    text = (
        "h_x[n,t,j] = x[n,t,j]**2\n"
        "h[n,t,j] = h[n,t-1,j] + h_x[n,t,j] + sum(x[n,t,i]*W[i,j], i)\ny[n,t,j] = h[n,t,j]"
    )
    found = equations(made(text, parameters={"W": ("i", "j")}))
    assert found["h_x2[n, t, j]"] == "sum(W[i, j]*x[n, t, i], i)"
