"""Which equations stand in a loop, in which direction, and what stands outside."""

from __future__ import annotations

import pytest

from symbp.arrays.schedule import Loop, Scheduled, ScheduleError, flat, schedule
from symbp.calculus.derive import derive
from symbp.calculus.equation import Equation, Link
from symbp.calculus.expression import Entry, letter
from tests.calculus.made import RNN, RNN_PARAMETERS, made

I, J, N, T = map(letter, "ijnt")


def equation(target: str, *reads: str) -> Equation:
    """``target = sum of reads``, all of them over i and j."""
    return Equation(Entry(target, I, J), sum((Entry(r, I, J) for r in reads), Entry("x", I, J)))


def link(base: str, along: str, offset: int = -1) -> Link:
    """``base_i`` is ``base`` at i + offset; ``base_j`` at j + offset."""
    axis = "ij".index(along)
    name = f"{base}_{along}{'' if offset < 0 else '+'}"
    return Link(name, base, letter(along), axis, offset, (None,) * abs(offset), "")


def shape(items: Scheduled) -> list:
    """Names of equations, and of loops (letter, reverse, body)."""
    return [
        (str(item.letter), item.reverse, shape(item.body)) if isinstance(item, Loop) else item.name
        for item in items
    ]


def test_equations_without_links_run_in_order():
    assert shape(schedule([equation("b", "a"), equation("c"), equation("a")], ())) == [
        "c",
        "a",
        "b",
    ]


def test_what_reads_its_past_runs_forwards():
    assert shape(schedule([equation("h", "h_i")], [link("h", "i")])) == [("i", False, ["h"])]


def test_what_reads_its_future_runs_backwards():
    links = [link("h", "i", 1)]
    assert shape(schedule([equation("h", "h_i+")], links)) == [("i", True, ["h"])]


def test_what_the_steps_do_not_need_stands_outside():
    equations = [equation("y", "h"), equation("h", "a", "h_i"), equation("a")]
    assert shape(schedule(equations, [link("h", "i")])) == ["a", ("i", False, ["h"]), "y"]


def test_a_read_over_a_link_from_outside_makes_no_loop():
    equations = [equation("a"), equation("y", "a_i")]
    assert shape(schedule(equations, [link("a", "i")])) == ["a", "y"]


def test_a_loop_holds_its_equations_in_the_order_of_a_step():
    equations = [equation("h", "c"), equation("c", "z", "c_i"), equation("z", "h_i")]
    links = [link("h", "i"), link("c", "i")]
    assert shape(schedule(equations, links)) == [("i", False, ["z", "c", "h"])]


def test_two_recurrences_are_two_loops():
    equations = [equation("g", "g_i", "h"), equation("h", "h_i")]
    links = [link("g", "i"), link("h", "i")]
    assert shape(schedule(equations, links)) == [("i", False, ["h"]), ("i", False, ["g"])]


def test_several_steps_back_are_one_loop():
    far = Link("h_far", "h", I, 0, -3, (None,) * 3, "")
    assert shape(schedule([equation("h", "h_i", "h_far")], [link("h", "i"), far])) == [
        ("i", False, ["h"])
    ]


# -- two letters ------------------------------------------------------------------------------------


def test_a_cell_that_reads_two_neighbours_is_a_loop_in_a_loop():
    equations = [equation("h", "h_i", "h_j")]
    assert shape(schedule(equations, [link("h", "i"), link("h", "j")])) == [
        ("i", False, [("j", False, ["h"])])
    ]


def test_every_loop_of_a_nest_has_its_own_direction():
    equations = [equation("h", "h_i", "h_j+")]
    assert shape(schedule(equations, [link("h", "i"), link("h", "j", 1)])) == [
        ("i", False, [("j", True, ["h"])])
    ]


def test_inside_a_loop_what_needs_no_second_one_has_none():
    """Rows depend on the row above; within a row b runs from left to right."""
    equations = [equation("a", "b_i"), equation("b", "a", "b_j")]
    assert shape(schedule(equations, [link("b", "i"), link("b", "j")])) == [
        ("i", False, ["a", ("j", False, ["b"])])
    ]


def test_a_letter_with_both_ways_gives_way_to_the_other():
    """What steps both ways along i is settled, step by step, along j."""
    equations = [equation("h", "g_j"), equation("g", "h_i", "h_i+")]
    links = [link("h", "i"), link("h", "i", 1), link("g", "j")]
    assert shape(schedule(equations, links)) == [("j", False, ["h", "g"])]


# -- what cannot run --------------------------------------------------------------------------------


def test_past_and_future_at_once_are_refused():
    with pytest.raises(ScheduleError, match="h: a value depends on itself in one step, or on past"):
        schedule([equation("h", "h_i", "h_i+")], [link("h", "i"), link("h", "i", 1)])


def test_a_cycle_within_one_step_is_refused():
    with pytest.raises(ScheduleError, match="a, b: a value depends on itself in one step"):
        schedule([equation("a", "b"), equation("b", "a", "b_i")], [link("b", "i")])


def test_a_cycle_without_links_is_refused():
    with pytest.raises(ScheduleError, match="depends on itself"):
        schedule([equation("a", "a")], ())


# -- from formulas ----------------------------------------------------------------------------------


def test_a_recurrence_runs_forwards_and_its_adjoint_back():
    unit = made(RNN, parameters=RNN_PARAMETERS)
    derivation = derive(unit)
    backward = [e for a in derivation.adjoints for e in a.equations]
    assert shape(schedule(unit.equations, unit.links)) == ["z_x", ("t", False, ["z", "h"]), "y"]
    (loop, *rest) = shape(schedule(backward, derivation.links))
    assert loop[:2] == ("t", True)
    assert set(loop[2]) == {"∂h", "∂z", "∂h_prev"}
    assert rest == ["∂x", "∂Wx", "∂Wh", "∂b"]


def test_both_directions_are_two_loops():
    unit = made(
        "f[n,t,d] = tanh(f[n,t-1,d] + x[n,t,d])\ng[n,t,d] = tanh(g[n,t+1,d] + x[n,t,d])\n"
        "y[n,t,d] = f[n,t,d]*g[n,t,d]"
    )
    found = [item for item in schedule(unit.equations, unit.links) if isinstance(item, Loop)]
    assert sorted(loop.reverse for loop in found) == [False, True]


def test_flat_gives_back_every_equation_in_the_order_of_a_step():
    equations = [equation("h", "a", "h_i", "h_j"), equation("a")]
    items = schedule(equations, [link("h", "i"), link("h", "j")])
    assert [e.name for e in flat(items)] == ["a", "h"]
