"""How formulas write parts of an axis, borders and means over several letters."""

from __future__ import annotations

import symbp
from tests.layers.proved import functions, network
from tests.network.real_networks import conv2d, formula, pool, recurrent


def test_a_part_of_an_axis_is_written_as_the_formula_has_it() -> None:
    text = functions(network(recurrent("lstm", 4), shape=(5, 3)))
    assert "# i1[n,t,j] = σ(z1[n,t,(0,j)])" in text
    assert "# o1[n,t,j] = σ(z1[n,t,(3,j)])" in text
    assert "z1[:, 12:16]" in text


def test_a_border_says_what_fills_it() -> None:
    padded = formula("y[n,p] = max(pad(x[n,p+u-1], -inf), u)", sizes={"u": 3})
    assert "# x_pad[n,i+1] = x[n,i], else -∞" in functions(network(padded)).replace(
        "x_pad1", "x_pad"
    )
    convolution = symbp.Network(**network(conv2d(2, 3, padding=1), shape=(1, 5, 5)))
    assert r"x_{nij}, \; \text{else} \; 0" in convolution.derive(notation="index").render(
        "markdown"
    ).replace("x_{ncij}", "x_{nij}")


def test_a_mean_over_two_letters_is_one_fraction() -> None:
    text = functions(network(pool("avg", [2, 3]), shape=(1, 4, 6)))
    assert "1/(2·3) Σ_uv" in text


def test_a_padded_array_has_no_matrix_form() -> None:
    text = functions(network(conv2d(2, 3, padding=1), conv2d(2, 3, padding=1), shape=(1, 5, 5)))
    assert "# ∂L/∂z1[n,c,i,j] = ∂L/∂x_pad2[n,c,i+1,j+1]" in text
