"""What the arrays of a loop are: histories, whole arrays, values of one step, values carried on."""

from __future__ import annotations

import pytest

from symbp.arrays.scan import Inside, Stored
from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, SumOver, letter
from symbp.layers.definition import Definition
from symbp.network.template import Library, Place
from symbp.network.unit_text import Items, Scan, UnitText
from tests.calculus.made import RNN, RNN_PARAMETERS

J, N, T = map(letter, "jnt")
LAST = "\ny[n,d] = h[n,size(t)-1,d]"
COPY = "\ny[n,t,d] = h[n,t,d]"


def text_of(formula: str, **declared) -> UnitText:
    definition = Definition(formula, inputs=("x",), output="y", **declared)
    return Library().unit_text(definition, formula, Place(((None, 5, 3),), None), True)[0]


def loop(items: Items) -> Scan:
    (found,) = (item for item in items if isinstance(item, Scan))
    return found


def forward(formula: str, **declared) -> Stored:
    return loop(text_of(formula, **declared).forward_items).stored


def backward(formula: str, **declared) -> Stored:
    return loop(text_of(formula, **declared).backward_items).stored


def test_what_reads_its_past_is_kept_with_a_step_in_front():
    (history,) = forward(RNN, parameters=RNN_PARAMETERS).histories
    assert (history.base, history.axis, history.steps, history.ahead) == ("h", 1, 1, False)
    assert history.views == (("h_prev", 1),)


def test_what_reads_its_future_is_kept_with_a_step_behind():
    (history,) = forward("h[n,t,d] = 0.5*h[n,t+1,d] + x[n,t,d]" + COPY).histories
    assert (history.steps, history.ahead) == (1, True)
    assert history.views == (("h_next", 1),)


def test_one_history_serves_all_steps_back():
    (history,) = forward("h[n,t,d] = h[n,t-1,d]*x[n,t,d] + h[n,t-3,d]" + COPY).histories
    assert history.steps == 3
    assert sorted(history.views) == [("h_prev", 1), ("h_prev3", 3)]


def test_a_history_knows_its_start():
    text = "h[n,-1,d] = s[d]\nh[n,t,d] = tanh(h[n,t-1,d] + x[n,t,d])" + COPY
    (history,) = forward(text, parameters={"s": ("d",)}).histories
    assert history.starts == ("h_start",)


def test_what_a_single_step_alone_reads_loses_the_letter():
    stored = forward(RNN, parameters=RNN_PARAMETERS)
    assert dict(stored.inside.drop) == {"z": 1}
    assert stored.whole == ()


def test_what_the_backward_pass_reads_stays_whole():
    text = "a[n,t,d] = sigmoid(h[n,t-1,d])\nh[n,t,d] = a[n,t,d]*x[n,t,d]" + COPY
    stored = forward(text)
    assert stored.whole == ("a",)
    assert "a" not in stored.inside.drop


def test_what_equations_behind_the_loop_read_stays_whole():
    stored = backward(RNN, parameters=RNN_PARAMETERS)
    assert stored.whole == ("∂z",)


def test_what_goes_to_the_step_before_is_carried_in_one_variable():
    stored = backward(RNN, parameters=RNN_PARAMETERS)
    assert stored.carried == (("∂h_next", "∂h_prev", 1),)
    assert stored.inside.rename == {"∂h_prev": "∂h_next"}
    assert {"∂h", "∂h_prev", "∂h_next"} <= set(stored.inside.drop)
    assert stored.histories == ()


def test_what_goes_two_steps_back_is_a_history():
    stored = backward("h[n,t,d] = h[n,t-2,d]*x[n,t,d]" + COPY)
    (history,) = stored.histories
    assert (history.base, history.steps, history.ahead) == ("∂h_prev2", 2, True)
    assert stored.carried == ()


def test_what_a_start_collects_is_a_history():
    """The adjoint of the first step is read behind the loop, so it is not overwritten."""
    text = "h[n,-1,d] = s[d]\nh[n,t,d] = tanh(h[n,t-1,d] + x[n,t,d])" + LAST
    stored = backward(text, parameters={"s": ("d",)})
    assert [h.base for h in stored.histories] == ["∂h_prev"]
    assert stored.carried == ()


def test_two_states_are_carried_in_two_variables():
    text = "c[n,t,d] = c[n,t-1,d]*h[n,t-1,d] + x[n,t,d]\nh[n,t,d] = tanh(c[n,t,d])" + COPY
    assert {name for name, *_ in backward(text).carried} == {"∂h_next", "∂c_next"}


def test_an_adjoint_that_is_filled_before_the_loop_stays_whole():
    assert "∂h" in backward("h[n,t,d] = tanh(h[n,t-1,d] + x[n,t,d])" + LAST).whole


@pytest.mark.parametrize("way", ["forward_items", "backward_items"])
def test_every_tensor_is_one_thing(way):
    scan = loop(getattr(text_of(RNN, parameters=RNN_PARAMETERS), way))
    histories = {h.base for h in scan.stored.histories}
    kinds = [histories, {*scan.stored.whole}, {*scan.stored.inside.drop}]
    for finished in scan.body:
        assert sum(finished.equation.name in kind for kind in kinds) == 1


def test_inside_a_loop_entries_lose_the_axis_and_change_their_name():
    inside = Inside(T, {"a": 1, "b": 0}, {"a": "c"})
    equation = Equation(Entry("a", N, T, J), SumOver(Entry("b", T, J) * Entry("x", N, T), J))
    assert inside.apply(equation) == Equation(
        Entry("c", N, J), SumOver(Entry("b", J) * Entry("x", N, T), J)
    )
