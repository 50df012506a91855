"""``stop_gradient``: no proof moves what is stopped, and a wrong gradient is still found."""

from __future__ import annotations

import re

import numpy as np
import pytest

import symbp
from symbp.proof.module import load
from symbp.proof.verify import verify_source

DENSE = {"type": "dense", "units": 3}
TANH = "x*stop_gradient(tanh(x))"


def network(text: str = TANH, *more, loss=None):
    formula = {"type": "formula", "formula": text}
    return symbp.Network(
        name="net", input={"shape": [4]}, layer=[DENSE, formula, *more],
        loss=loss or {"type": "mse"},
    )  # fmt: skip


FORMULAS = {
    "of an activation": TANH,
    "of the factor itself": "x*stop_gradient(x + 1)",
    "twice": "x*stop_gradient(x) + stop_gradient(tanh(x))*x**2",
    "nested": "x*stop_gradient(x*stop_gradient(x))",
    "of a sum": "y[n,d] = x[n,d]/stop_gradient(sum(x[n,k]**2, k) + 1)",
    "with a name": "s[n,d] = stop_gradient(sigmoid(x[n,d]))\ny[n,d] = s[n,d]*x[n,d]",
    "beside a kink": "relu(x)*stop_gradient(x + 1)",
    "of an index": "y[n,d] = x[n,d]*stop_gradient(d + 1)",
    "of a constant": "x*stop_gradient(2*pi)",
}


@pytest.mark.parametrize("text", FORMULAS)
def test_right_gradients_are_right(text):
    report = symbp.verify(network(FORMULAS[text]))
    assert report.ok, report


def test_both_modes_are_right():
    report = symbp.verify(network(TANH, {"type": "dropout", "rate": 0.25}, {"type": "batchnorm"}))
    assert report.ok and {row.mode for row in report.rows} == {"training", "inference"}, report


def test_a_loss_by_formula_may_stop_its_own_output():
    formula = "L[n] = sum((y[n,k]*stop_gradient(y[n,k]) - t[n,k])**2, k)"
    report = symbp.verify(network(loss={"formula": formula}))
    assert report.ok, report


@pytest.mark.parametrize("text", ["of an activation", "beside a kink"])
def test_a_gradient_through_what_is_stopped_is_found(text):
    source = network(FORMULAS[text]).generate()
    wrong, found = re.subn(r"(    dz1 = .*?)(  #.*)?\n", r"\1 + 0.1 * dy\n", source)
    assert found == 1
    report = verify_source(wrong, network(FORMULAS[text]).program)
    assert report.wrong == ("W1", "b1")
    assert all(row.finite_difference > 1e-3 and row.complex_step > 1e-3 for row in report.rows)


def test_a_check_leaves_the_module_as_it_was():
    made = load(network().generate())
    rng = np.random.default_rng(0)
    params, x, t = made.init_params(0), rng.standard_normal((5, 4)), np.zeros((5, 3))
    before = made.loss(params, x, t)
    assert max(made.check_gradients(params, x, t).values()) < 1e-8
    assert made.HOLD == [] and made.loss(params, x, t) == before


def test_a_check_that_fails_holds_nothing():
    made = load(network().generate())
    with pytest.raises(ValueError):
        made._held_loss([], made.init_params(0), np.ones((5, 4)), np.ones((5, 2)))
    assert made.HOLD == []


def test_modules_that_stop_nothing_carry_no_line_of_it():
    source = network("x*tanh(x)").generate()
    assert not re.search(r"stop_gradient|HOLD|held", source)


def test_it_is_printed_as_sg():
    derivation = symbp.derive(network())
    assert "sg(a1)" in derivation.text()
    assert r"\operatorname{sg}(" in derivation.render("latex")
