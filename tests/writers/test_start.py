"""The arrays that stand before the loop of a recurrence, as lines of the module."""

from __future__ import annotations

import pytest

from symbp.writers.start import shape_text
from tests.layers.proved import dense, formula, lines, network
from tests.network.networks import Table

MSE = {"type": "mse"}


def net(text: str, **more: object) -> Table:
    return network(dense(3), formula(text, **more), shape=(4, 3), loss=MSE)


def starting(tables: Table, start: str) -> list[str]:
    return [line for line in lines(tables) if line.startswith(start)]


def test_a_history_has_a_step_before_its_first_and_two_views():
    found = lines(net("h[n,t,d] = tanh(h[n,t-1,d] + x[n,t,d])"))
    place = next(k for k, line in enumerate(found) if line.startswith("h1_all = "))
    assert found[place].startswith("h1_all = np.zeros((len(x), 5, 3), dtype=")
    assert found[place + 1] == "h_prev1, h1 = h1_all[:, :-1], h1_all[:, 1:]"


def test_a_history_from_the_end_has_a_step_behind_its_last():
    found = lines(net("h[n,t,d] = tanh(h[n,t+1,d] + x[n,t,d])"))
    assert "h_next1, h1 = h1_all[:, 1:], h1_all[:, :-1]" in found


def test_a_history_of_two_steps_has_a_view_for_each():
    found = lines(net("h[n,t,d] = tanh(h[n,t-1,d] + h[n,t-2,d] + x[n,t,d])"))
    (views,) = [line for line in found if line.startswith("h_prev") and "h1_all[" in line]
    assert "h1_all[:, :-2]" in views
    assert "h1_all[:, 1:-1]" in views
    assert views.endswith("h1_all[:, 2:]")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("h[n,-1,d] = s[d]\nh[n,t,d] = tanh(h[n,t-1,d] + x[n,t,d])", "h2_all[:, 0] = h_start2"),
        ("h[n,size(t),d] = s[d]\nh[n,t,d] = tanh(h[n,t+1,d] + x[n,t,d])", "h2_all[:, -1] = h_end2"),
    ],
)
def test_a_start_is_written_beyond_the_edge(text, line):
    assert line in lines(net(text, parameters={"s": ["d"]}))


def test_what_is_handed_back_starts_from_zeros_without_the_letter_of_the_steps():
    (line,) = starting(net("h[n,t,d] = tanh(h[n,t-1,d] + x[n,t,d])"), "dh_next1 = np.zeros(")
    assert line.startswith("dh_next1 = np.zeros((n, 3), dtype=")


def test_what_the_rest_reads_is_filled_step_by_step():
    tables = network({"type": "rnn", "units": 2}, shape=(4, 3), loss=MSE)
    (line,) = starting(tables, "dz1 = np.zeros(")
    assert line.startswith("dz1 = np.zeros((n, 4, 2), dtype=")
    assert starting(tables, "dz1[:, step] = ")


@pytest.mark.parametrize(
    ("shape", "text"), [((None, 4), "(n, 4)"), ((None,), "(n,)"), ((), "()"), ((3,), "(3,)")]
)
def test_shapes_are_tuples(shape, text):
    assert shape_text(shape, "n") == text
