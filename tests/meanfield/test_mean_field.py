"""Fixed points, phases and depth scales of infinitely wide networks."""

from __future__ import annotations

import math

import pytest

from symbp.errors import InputError
from symbp.meanfield.fixed_points import VarianceMap
from symbp.meanfield.mean_field import mean_field
from symbp.meanfield.moments import moments


@pytest.mark.parametrize(
    ("activation", "sigma_w2", "sigma_b2", "q_star", "chi"),
    [
        ("tanh", 1.5, 0.05, 0.41803720, 0.93863627),
        ("tanh", 2.0, 0.05, 0.72176187, 1.04766600),
        ("erf", 1.0, 0.05, 0.28842669, 0.86759458),
        ("relu", 1.5, 0.10, 0.40000000, 0.75000000),
        ("sigmoid", 1.0, 0.0, 0.26468688, 0.05572071),
    ],
)
def test_known_figures_to_seven_digits(activation, sigma_w2, sigma_b2, q_star, chi):
    found = mean_field(activation, sigma_w2, sigma_b2)
    assert found.q_star == pytest.approx(q_star, abs=5.1e-9)
    assert found.chi == pytest.approx(chi, abs=5.1e-9)
    assert found.phase == ("chaotic" if chi > 1 else "ordered")
    assert found.xi_gradient == pytest.approx(1 / abs(math.log(found.chi)))
    assert found.error < 1e-12


def test_relu_has_its_closed_form():
    found = mean_field("relu", 1.2, 0.3)
    assert (found.q_star, found.chi) == (0.3 / (1 - 1.2 / 2), 0.6)
    assert found.xi_q == found.xi_gradient == pytest.approx(-1 / math.log(0.6))


@pytest.mark.parametrize(
    ("sigma_w2", "sigma_b2", "phase"), [(2, 0, "critical"), (2, 0.1, "critical"), (3, 0, "chaotic")]
)
def test_relu_without_a_fixed_point_has_a_chi(sigma_w2, sigma_b2, phase):
    found = mean_field("relu", sigma_w2, sigma_b2)
    assert (found.q_star, found.chi, found.phase) == (None, sigma_w2 / 2, phase)
    assert ("every q" in found.reason) == (sigma_b2 == 0 and sigma_w2 == 2)


MAPS = [
    ("tanh", 2.0, 0.0, ["unstable", "stable"]),
    ("tanh", 1.0, 0.0, ["stable"]),
    ("tanh", 0.5, 0.0, ["stable"]),
    ("x + x**3", 1.0, 0.0, ["unstable"]),
    ("x**2", 1.0, 0.05, ["stable", "unstable"]),
    ("exp(x)", 0.05, 0.0, ["stable", "unstable"]),
    ("exp(x**2)", 0.09, 0.0, ["stable", "unstable"]),
    ("exp(x**2)", 0.2, 0.0, []),
    ("gelu", 1.9830582574, 0.17292239076, ["stable", "half-stable"]),
    ("x*exp(-x**2)", 9000.0, 0.0, ["unstable", "stable"]),
    ("where(abs(x) > 2, x, 0)", 1.2, 0.1, ["stable", "unstable"]),
    ("softplus", 3.0, 0.1, []),
    ("hardtanh", 1.0, 0.0, ["stable"]),
    ("sign", 1.0, 0.5, ["stable"]),
    ("1e6*sign(x)*sqrt(abs(x))", 1.0, 0.0, ["unstable", "stable"]),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "sigma_w2", "sigma_b2", "expected"), MAPS)
def test_every_fixed_point_is_found_and_judged(activation, sigma_w2, sigma_b2, expected):
    found = mean_field(activation, sigma_w2, sigma_b2)
    assert [p.stability for p in found.fixed_points] == expected
    to_next = VarianceMap(moments(activation), sigma_w2, sigma_b2)
    for point in found.fixed_points:
        assert to_next(point.q) == pytest.approx(point.q, rel=1e-9)
    stable = [p.q for p in found.fixed_points if p.stability == "stable"]
    assert found.q_star == (stable[-1] if stable else None)
    assert bool(found.reason) == (found.q_star is None or found.chi == math.inf)


def test_stable_points_are_where_iterating_ends():
    for activation, start in (("tanh", 3.0), ("x**2", 0.2), ("gelu", 0.3)):
        to_next, q = VarianceMap(moments(activation), 1.3, 0.02), start
        for _ in range(400):
            q = to_next(q)
        assert mean_field(activation, 1.3, 0.02).q_star == pytest.approx(q, rel=1e-8)


def test_of_two_stable_points_the_larger_counts():
    steps = "where(abs(x) < 1, 0.1*x, where(abs(x) < 4, x, 4*sign(x)))"
    found = mean_field(steps, 1.9, 0.001)
    stable = [p.q for p in found.fixed_points if p.stability == "stable"]
    assert len(stable) == 2 and found.q_star == stable[1] > stable[0]


def test_a_jump_stops_the_gradient():
    found = mean_field("sign", 1.0, 0.0)
    assert (found.q_star, found.chi, found.xi_gradient) == (pytest.approx(1.0), 0.0, 0.0)


def test_tiny_biases_settle_where_the_linear_map_says():
    found = mean_field("tanh", 0.5, 1e-18)
    assert found.q_star == pytest.approx(2e-18, rel=1e-9)
    assert found.chi == pytest.approx(0.5)


@pytest.mark.parametrize("given", [(-1.0, 0.0), (1.0, -0.1), (math.nan, 0.0), (1.0, math.inf)])
def test_what_is_no_variance_is_refused(given):
    with pytest.raises(InputError, match="is a variance, a finite number of at least 0"):
        mean_field("tanh", *given)
