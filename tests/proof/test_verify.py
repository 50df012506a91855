"""``verify``: right networks pass, wrong gradients are named, and the report says so plainly."""

from __future__ import annotations

import math

import numpy as np
import pytest

import symbp
from symbp.proof import verify as proof
from symbp.proof.module import load
from symbp.proof.points import points
from symbp.proof.report import Report, Row
from symbp.proof.verify import verify_source
from symbp.writers.outline import interface
from symbp.writers.package import package

DENSE = {"type": "dense", "units": 3}


def network(*layers, shape=(4,), loss="mse", **tables):
    return symbp.Network(
        name="net", input={"shape": list(shape)}, layer=list(layers), loss={"type": loss}, **tables
    )


MODES = network(DENSE, {"type": "dropout", "rate": 0.25}, {"type": "batchnorm"}, DENSE)


@pytest.mark.parametrize("name", ["article", "bilinear", "iris_residual", "regression", "swish"])
def test_an_example_is_right(name):
    report = symbp.verify(symbp.load(name))
    assert report.ok, report
    assert all(row.complex_step is not None and row.complex_step < 1e-12 for row in report.rows)


def test_both_modes_are_checked_where_they_differ():
    report = symbp.verify(MODES)
    assert report.ok, report
    assert [row.mode for row in report.rows] == ["training"] * 6 + ["inference"] * 6


def test_one_row_a_gradient_where_training_makes_no_difference():
    assert [(r.parameter, r.mode) for r in symbp.verify(network(DENSE)).rows] == [
        ("W1", "both"),
        ("b1", "both"),
    ]


def test_a_gradient_that_is_zero_by_structure_is_no_alarm():
    report = symbp.verify(
        network(DENSE, {"type": "batchnorm"}, {"type": "activation", "function": "tanh"})
    )
    bias = next(r for r in report.rows if (r.parameter, r.mode) == ("b1", "training"))
    assert bias.right and report.ok


def test_a_parameter_that_the_loss_does_not_reach_is_no_alarm():
    formula = {"type": "formula", "formula": "x + w - w", "parameters": {"w": 1.0}}
    assert symbp.verify(network(DENSE, formula)).ok


def test_a_network_without_parameters_has_nothing_to_check():
    report = symbp.verify(network({"type": "softmax"}))
    assert report.ok and not report.rows
    assert str(report) == "net has no parameters: there is nothing to check."


@pytest.mark.parametrize("formula", ["log(y)*t", "sqrt(y - 0.05)*t", "L[n] = -sum(log(y[n,k]), k)"])
def test_a_loss_with_a_domain_is_checked_inside_it(formula):
    """A positive network: at the first point its output may be anything."""
    layers = [DENSE, {"type": "activation", "function": "softplus"}]
    tables = {"loss": {"type": "formula", "formula": formula}}
    made = symbp.Network(name="net", input={"shape": [4]}, layer=layers, **tables)
    assert symbp.verify(made).ok


def test_a_loss_that_is_never_a_number_is_said_to_be_so():
    tables = {"loss": {"type": "formula", "formula": "log(-1 - y**2)*t"}}
    report = symbp.verify(symbp.Network(name="net", input={"shape": [4]}, layer=[DENSE], **tables))
    assert not report.ok
    assert {row.verdict for row in report.rows} == {"the loss is not a number"}


FAULTS = {
    "dW1 = x.T @ dz1": "dW1 = -(x.T @ dz1)",
    "dz1 = dh * h * (1 - h)": "dz1 = dh * h * (1 + h)",
    "db2 = dz2.sum(axis=0)": "db2 = dz2.mean(axis=0)",
    "dy = y - t": "dy = 1.001 * (y - t)",
}


@pytest.mark.parametrize("right", FAULTS)
def test_a_fault_is_found_and_named(right):
    article = symbp.load("article")
    source = package(article.program).module.source
    assert right in source
    report = verify_source(source.replace(right, FAULTS[right]), article.program)
    assert not report.ok
    own = right.split(" ")[0].removeprefix("d")
    if own in ("W1", "b2"):
        assert report.wrong == (own,)


@pytest.mark.parametrize(
    "broken",
    ["dW1 = unknown", "dW1 = (x.T @ dz1).T", "dW1 = x.T @ dz1 * np.nan", "dW1 = (x", "1/0"],
)
def test_a_module_that_does_not_run_or_fit_is_wrong_not_a_crash(broken):
    article = symbp.load("article")
    source = package(article.program).module.source.replace("dW1 = x.T @ dz1", broken)
    report = verify_source(source, article.program)
    assert not report.ok and "W1" in report.wrong
    assert math.isinf(report.rows[0].finite_difference)
    assert "wrong" in str(report)


def test_a_fault_in_one_mode_alone_is_found():
    source = package(MODES.program).module.source
    line = next(x for x in source.splitlines() if "running_mean" in x and "xhat2 =" in x)
    wrong = source.replace("dz1 = dd1  #", "dz1 = 2 * dd1  #")
    assert line and wrong != source
    report = verify_source(wrong, MODES.program)
    assert {row.mode for row in report.rows if not row.right} == {"inference"}


def test_the_same_seed_gives_the_same_report():
    made = network(DENSE, {"type": "activation", "function": "gelu"}, DENSE)
    assert symbp.verify(made, seed=3) == symbp.verify(made, seed=3)


def test_large_parameters_are_checked_along_some_directions():
    many = list(proof._directions((40, 30), 0))
    assert len(many) == proof.ENTRIES + 3
    assert {d.shape for d in many} == {(40, 30)}
    assert all(np.linalg.norm(d) == pytest.approx(1) for d in many)


def test_points_have_unequal_parameters_and_positive_variances():
    made = package(MODES.program)
    net = interface(MODES.program, "float64")
    drawn = points(load(made.module.source), net, made.arrays, fixed=False, samples=5, seed=0)
    for point in drawn:
        assert len(point.x) == len(point.t) == 5
        trained = np.concatenate(
            [v.ravel() for k, v in point.params.items() if not k.startswith("running")]
        )
        assert len(np.unique(trained)) == len(trained) and (trained != 0).all()
        assert (point.params["running_var3"] > 0).all() if "running_var3" in point.params else True


def test_the_networks_own_data_are_used():
    xor = symbp.load("article")
    made = package(xor.program)
    net = interface(xor.program, "float64")
    module = load(made.module.source)
    (first, *_) = points(module, net, made.arrays, fixed=True, samples=6, seed=0)
    assert len(first.x) == 4 and set(first.x.ravel()) == {0.0, 1.0}


ROWS = (
    Row("W1", "both", 1e-10, 1e-16),
    Row("a_name_of_thirty_two_characters_", "inference", 0.5, None),
    Row("b1", "training", math.inf, None, "does not run: ZeroDivisionError"),
)


def test_the_table_is_aligned_and_narrow():
    lines = Report("net", ROWS).table().splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("gradient of") and lines[0].endswith("verdict")
    assert lines[2].endswith("right") and lines[3].endswith("wrong")
    assert lines[-1] == "The gradients of 2 parameters are wrong."
    assert str(Report("net", ROWS)) == Report("net", ROWS).table()


def test_one_wrong_gradient_is_named():
    assert Report("net", ROWS[:2]).summary == (
        "The gradient of a_name_of_thirty_two_characters_ is wrong."
    )
    assert Report("net", ROWS[:1]).summary == "The one gradient is right."


@pytest.mark.parametrize(
    ("difference", "exact", "right"),
    [(1e-7, None, True), (2e-6, None, False), (1e-7, 2e-9, False), (1e-7, 1e-12, True)],
)
def test_what_counts_as_right(difference, exact, right):
    assert Row("W1", "both", difference, exact).right is right


def test_an_error_that_is_no_number_is_wrong():
    assert not Row("W1", "both", math.nan, 0.0).right
    assert not Row("W1", "both", 0.0, math.nan).right
