"""Critical initialisations, and the verb that tells them."""

from __future__ import annotations

import json
import math

import pytest
from click.testing import CliRunner

from symbp.cli import main
from symbp.errors import InputError
from symbp.meanfield.critical import critical
from symbp.meanfield.fixed_points import VarianceMap
from symbp.meanfield.moments import moments


@pytest.mark.parametrize(
    ("activation", "sigma_w2", "q_star"),
    [
        ("relu", 2.0, None), ("identity", 1.0, None), ("abs(x)", 1.0, None),
        ("leaky_relu", 2 / 1.0001, None), ("maximum(0.5*x, -x)", 2 / 1.25, None),
        ("tanh", 1.0, 0.0), ("sin", 1.0, 0.0), ("erf", math.pi / 4, 0.0), ("hardtanh", 1.0, 0.0),
        ("elu", 1.0, 0.0), ("sinh(x)/3", 9.0, 0.0),
    ],
)  # fmt: skip
def test_scale_invariant_and_odd_activations(activation, sigma_w2, q_star):
    found = critical(activation)
    assert found.sigma_w2 == pytest.approx(sigma_w2, rel=1e-14)
    assert (found.sigma_b2, found.q_star) == (0.0, q_star)


def test_relu_is_exact():
    found = critical("relu")
    assert (found.sigma_w2, found.sigma_b2, found.q_star) == (2.0, 0.0, None)


# Roberts, Yaida and Hanin (2022), section 5.3.4
@pytest.mark.parametrize(
    ("activation", "sigma_w2", "sigma_b2", "q_star"),
    [("silu", 1.98800468, 0.55514317, 14.32017362), ("gelu", 1.98305826, 0.17292239, 3.5615528)],
)
def test_half_stable_activations_are_critical_at_a_finite_variance(
    activation, sigma_w2, sigma_b2, q_star
):
    found = critical(activation)
    assert found.sigma_w2 == pytest.approx(sigma_w2, abs=5e-8)
    assert found.sigma_b2 == pytest.approx(sigma_b2, abs=5e-8)
    assert found.q_star == pytest.approx(q_star, rel=1e-7)


@pytest.mark.parametrize("activation", ["gelu", "silu", "x*tanh(softplus(x))", "x - x**3"])
def test_there_chi_and_the_slope_of_the_map_are_one(activation):
    found, known = critical(activation), moments(activation)
    to_next = VarianceMap(known, found.sigma_w2, found.sigma_b2)
    assert to_next(found.q_star) == pytest.approx(found.q_star, rel=1e-12)
    assert to_next.slope(found.q_star) == pytest.approx(1, abs=1e-9)
    assert found.sigma_w2 * known.slope(found.q_star) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "activation", ["sigmoid", "softplus", "exp(x)", "x**2", "cos(x)", "sign", "sqrt(abs(x))"]
)
def test_others_have_none_and_say_why(activation):
    found = critical(activation)
    assert (found.sigma_w2, found.sigma_b2, found.q_star) == (None, None, None)
    assert found.reason


def test_the_critical_line_of_tanh():
    found = critical("tanh", sigma_b2=0.05)
    assert found.sigma_w2 == pytest.approx(1.760954640, abs=5.1e-10)
    assert found.sigma_b2 == 0.05
    back = critical("tanh", q=found.q_star)
    assert (back.sigma_w2, back.sigma_b2) == pytest.approx((found.sigma_w2, 0.05), rel=1e-9)


def test_the_critical_line_ends_in_the_limit():
    assert critical("erf", sigma_b2=1e-18).sigma_w2 == pytest.approx(math.pi / 4, rel=1e-5)
    assert critical("erf", sigma_b2=0.0) == critical("erf") == critical("erf", q=0.0)


def test_relu_is_critical_at_every_variance_and_without_biases_alone():
    assert critical("relu", q=3.0).q_star == 3.0
    assert critical("relu", sigma_b2=0.0) == critical("relu")
    assert critical("relu", sigma_b2=0.1).sigma_w2 is None


def test_a_point_below_the_line_is_named():
    assert "sigma_b2 = -2.5197" in critical("softplus", q=3.0).reason


def test_q_and_biases_together_are_refused():
    with pytest.raises(InputError, match="give q or sigma_b2, not both"):
        critical("tanh", 1.0, 0.1)


# --- the command line -----------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["flow", *arguments])
    return result.exit_code, result.output


def document(*arguments: str) -> dict:
    code, output = run(*arguments, "--format", "json")
    assert code == 0
    return json.loads(output)


def test_json_has_the_contracts_keys():
    found = document("--activation", "tanh", "--sigma-w2", "2", "--sigma-b2", "0.05")
    assert {"q_star", "chi", "xi_gradient", "phase"} <= set(found)
    assert found["phase"] == "chaotic"
    found = document("--activation", "relu", "--critical")
    assert (found["sigma_w2"], found["sigma_b2"], found["q_star"]) == (2.0, 0.0, None)


def test_what_is_infinite_or_missing_is_null():
    found = document("--activation", "relu", "--sigma-w2", "2")
    assert (found["q_star"], found["xi_gradient"], found["chi"]) == (None, None, 1.0)
    assert document("--activation", "sigmoid", "--critical")["reason"]


def test_the_points_of_the_critical_line():
    found = document("--activation", "tanh", "--critical", "--sigma-b2", "0.05")
    assert found["sigma_w2"] == pytest.approx(1.760954640)
    again = document("--activation", "tanh", "--critical", "--q", repr(found["q_star"]))
    assert again["sigma_b2"] == pytest.approx(0.05)


def test_a_formula_with_a_scalar():
    text = ["--activation", "x*sigmoid(b*x)", "--scalar", "b=1", "--critical"]
    assert document(*text)["sigma_w2"] == pytest.approx(critical("silu").sigma_w2)


def test_text_shows_closed_forms_and_phases():
    code, output = run("--activation", "relu", "--sigma-w2", "1.5", "--sigma-b2", "0.1")
    assert code == 0
    assert "M(q) = E[φ(√q z)²] = q/2" in output and "ordered" in output and "0.4" in output
    code, output = run("--activation", "gelu", "--critical")
    assert "1.983058257" in output and "3.5615528" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation", "tanh"], "needs --sigma-w2"),
        (["--sigma-w2", "1"], "need --activation"),
        (["article", "--activation", "tanh", "--critical"], "not both"),
        (["--activation", "tanh", "--critical", "--train"], "--train belongs to a network"),
        (["--activation", "tanh", "--critical", "--sigma-w2", "1"], "leave --sigma-w2 out"),
        (["--activation", "tanh", "--sigma-w2", "1", "--q", "1"], "--q belongs to --critical"),
        (["--activation", "tanh", "--critical", "--q", "1", "--sigma-b2", "1"], "give one"),
        (["--activation", "x*b", "--scalar", "b", "--critical"], "NAME=NUMBER"),
        (["--activation", "log(x)", "--critical"], "no real value at x = -1"),
        (["--activation", "tanh", "--sigma-w2", "-1"], "is a variance"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(arguments, message):
    code, output = run(*arguments)
    assert code == 2 and message in output and len(output.splitlines()) == 1
