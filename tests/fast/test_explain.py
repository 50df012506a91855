"""The report on the fast style: layouts, passes, memory."""

from __future__ import annotations

import pytest

from symbp.errors import InputError
from symbp.fast.explain import explain
from symbp.fast.history import PLANNING, purposes
from tests.examples import example
from tests.fast.test_same_gradients import by_descent


def test_it_names_the_layout_the_passes_and_the_memory():
    text = explain(example("digits_mlp").program, "float32", 32)
    for word in ("batch innermost", "chosen", "common results", "dead results", "buffer planning"):
        assert word in text


def test_of_a_tiny_network_it_says_that_it_runs_on_floats():
    assert explain(example("article").program).startswith("scalar unrolling: chosen")


def changed(text: str, sign: str) -> list[str]:
    return [
        row[1:]
        for row in text.splitlines()
        if row.startswith(sign) and not row.startswith(3 * sign)
    ]


def test_one_pass_is_shown_before_and_behind():
    program = example("digits_conv").program
    text = explain(program, name="maxima first")
    assert "a1 = np.empty((12, 8, 8, B), dtype)" in changed(text, "-")
    assert "a1 = np.empty((12, 4, 4, B), dtype)" in changed(text, "+")
    assert explain(program, name="max") == text


def test_planned_memory_is_shown_before_and_behind():
    text = explain(example("digits_mlp").program, name=PLANNING)
    assert any(row.startswith("memory0 = np.empty(") for row in changed(text, "+"))
    assert all("memory" not in row for row in changed(text, "-"))


@pytest.mark.parametrize("name", [name for name, _ in purposes()])
def test_every_pass_can_be_shown(name):
    assert name in explain(example("digits_mlp").program, name=name)


def test_the_learning_rate_is_counted_away():
    text = explain(by_descent("spirals").program, name="learning rate")
    assert any("rate" in row for row in changed(text, "+"))
    assert not any("rate" in row for row in changed(text, "-"))


@pytest.mark.parametrize("name", ["x", "c", "hoisting out of loop s"])
def test_an_unknown_pass_is_an_error_that_names_all(name):
    with pytest.raises(InputError, match=r"known are: maxima first, constants, .*buffer planning"):
        explain(example("digits_mlp").program, name=name)
