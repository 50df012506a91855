"""The symbolic factor of each layer, the product of them, and its bounds."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from symbp.flow.measure import bench
from symbp.flow.pieces import function_of
from symbp.flow.product import Products
from symbp.flow.steepness import Steepness, steepest
from tests.flow.networks import example, stack, with_activation


def products(name: str) -> Products:
    return Products(example(name).program)


def steepness(formula: str) -> Steepness:
    function = function_of(with_activation(formula).program.graph.nodes[1])
    assert function is not None
    found = steepest(function)
    assert found is not None
    return found


def test_a_dense_layer_multiplies_by_its_slope_and_its_weights_transposed() -> None:
    made = products("deep_sigmoid")
    plain = {s.label: step.text.plain for s, step in zip(made.sites, made.steps, strict=True)}
    assert plain["h3"] == "diag(σ'(z4)) W4ᵀ"
    assert plain["h8"] == "W9ᵀ"


def test_the_product_goes_from_the_loss_to_the_first_layer() -> None:
    made = products("deep_sigmoid")
    middle = " ".join(f"diag(σ'(z{k})) W{k}ᵀ" for k in range(8, 1, -1))
    assert made.product(len(made.sites) - 1).plain == f"(1/N (y - t)) W9ᵀ {middle}"


def test_the_product_is_written_in_latex() -> None:
    made = products("article")
    assert made.product(1).latex == (
        r"\left(y - t\right) \, \operatorname{diag}\left(\sigma'(z_2)\right) \, W_2^\top"
    )


def test_around_a_residual_block_the_identity_leads() -> None:
    made = products("iris_residual")
    step = made.steps[[s.label for s in made.sites].index("a1")]
    assert step.text.plain == "(I + diag(relu'(z3)) W3ᵀ diag(relu'(z2)) W2ᵀ)"
    assert step.around
    assert step.bound is not None and step.bound.text.plain == "1 + ‖W3‖ ‖W2‖"


@pytest.mark.slow
def test_two_residual_blocks_in_a_copy_are_two_brackets() -> None:
    made = products("shakespeare_transformer")
    step = made.steps[[s.label for s in made.sites].index("h2[1]")]
    assert step.text.plain.count("(I + ") == 2


def test_the_copies_of_a_repeat_are_one_product_over_their_letter() -> None:
    made = products("deep_repeat")
    text = made.product(len(made.sites) - 1).plain
    assert "Π_l=11..0 (I + W4[l]ᵀ diag(tanh'(z3[l])) W3[l]ᵀ" in text


def test_two_outputs_add_their_shares() -> None:
    made = products("detector")
    step = made.steps[[s.label for s in made.sites].index("h")]
    assert step.text.plain == "(∂L/∂z4 W4ᵀ + ∂L/∂corners W5ᵀ)"


def test_the_factors_are_those_of_the_numbers() -> None:
    """The rows of the measured adjoint times the factor, multiplied out, are the adjoint below."""
    network = example("deep_sigmoid")
    made = bench(network.program)
    params = made.init_params(3)
    made.module.loss_and_grads(params, made.x, made.t)
    seen = dict(made.module._seen)
    h7 = made.module._forward(params, made.x, False, None)[1]["h7"]
    factor = np.einsum("nj,ij->nji", h7 * (1 - h7), params["W7"])
    assert np.allclose(np.einsum("nj,nji->ni", seen["h7", ()], factor), seen["h6", ()], rtol=1e-12)


@pytest.mark.parametrize(
    ("formula", "exact"),
    [
        ("sigmoid", sp.Rational(1, 4)),
        ("tanh", sp.S.One),
        ("relu", sp.S.One),
        ("gelu", sp.Rational(1, 2) + sp.erf(1) / 2 + sp.exp(-1) / sp.sqrt(sp.pi)),
        ("sin", sp.S.One),
        ("softplus", sp.S.One),
        ("hardtanh", sp.S.One),
        ("leaky_relu", sp.S.One),
        ("x/(1 + abs(x))", sp.S.One),
        ("2*sin(3*x)", sp.Integer(6)),
        ("atan(x)", sp.S.One),
        ("erf(x)", 2 / sp.sqrt(sp.pi)),
    ],
)
def test_the_largest_slope_is_exact_where_it_can_be(formula: str, exact: sp.Expr) -> None:
    found = steepness(formula)
    assert found.exact is not None
    assert sp.simplify(found.exact - exact) == 0


@pytest.mark.parametrize(
    ("formula", "number"),
    [("silu", 1.0998393201), ("gelu_tanh", 1.1289930686), ("sqrt(x**2 + 1)", 1.0)],
)
def test_the_largest_slope_is_searched_for_elsewhere(formula: str, number: float) -> None:
    found = steepness(formula)
    assert found.exact is None
    assert found.number == pytest.approx(number, abs=1e-8)


@pytest.mark.parametrize("formula", ["x**2", "exp(x)", "sqrt(abs(x))", "x*log(1 + x**2)"])
def test_a_slope_without_bound_is_said(formula: str) -> None:
    assert not steepness(formula).bounded


def test_a_learnable_slope_counts_with_its_first_value() -> None:
    node = example("swish").program.graph.nodes[1]
    function = function_of(node)
    assert function is not None
    found = steepest(function)
    assert found is not None and found.number == pytest.approx(1.0998393201, abs=1e-8)


@pytest.mark.slow
def test_every_layer_stays_below_its_bound() -> None:
    from symbp.flow.report import report

    for network in (example("deep_sigmoid"), stack(6, 6, 6, 2), example("iris_residual")):
        rows = report(network.program, seeds=3).rows
        assert all(r.limit is not None and r.measured is not None for r in rows)
        assert all(r.measured.median <= r.limit * (1 + 1e-9) for r in rows)  # type: ignore[union-attr,operator]
