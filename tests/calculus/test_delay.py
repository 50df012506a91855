"""Reads of the own past are reads of a delayed tensor; its adjoint comes back over a link."""

from __future__ import annotations

import pytest

from symbp.calculus.delay import STARTS, back_links, hands_back
from symbp.calculus.derive import derive
from symbp.calculus.equation import Link
from symbp.calculus.expression import letter
from tests.calculus.made import RNN, RNN_PARAMETERS, equations, made

N, T, D = map(letter, "ntd")
COPY = "\ny[n,t,d] = h[n,t,d]"


def links(text: str, **declared) -> dict[str, Link]:
    return {link.name: link for link in made(text + COPY, **declared).links}


def adjoints(text: str, **declared) -> dict[str, str]:
    derivation = derive(made(text, **declared))
    return {str(e.target): str(e.rhs) for a in derivation.adjoints for e in a.equations}


def test_a_read_of_the_step_before_is_a_read_of_a_delayed_tensor():
    unit = made(RNN, parameters=RNN_PARAMETERS)
    assert "sum(Wh[k, j]*h_prev[n, t, k], k)" in equations(unit)["z[n, t, j]"]
    (link,) = unit.links
    assert (link.name, link.base, str(link.letter), link.axis, link.offset) == (
        "h_prev", "h", "t", 1, -1,
    )  # fmt: skip
    assert link.starts == (None,)
    assert unit.letters["h_prev"] == unit.letters["h"]


@pytest.mark.parametrize(
    ("read", "name", "back", "offset"),
    [
        ("t-1", "h_prev", "h_next", -1),
        ("t+1", "h_next", "h_prev", 1),
        ("t-2", "h_prev2", "h_next2", -2),
        ("t+3", "h_next3", "h_prev3", 3),
    ],
)
def test_a_link_is_named_for_its_way_and_for_the_steps(read, name, back, offset):
    link = links(f"h[n,t,d] = 0.5*h[n,{read},d] + x[n,t,d]")[name]
    assert (link.offset, link.shares) == (offset, (name, back))
    assert link.starts == (None,) * abs(offset)


def test_equal_reads_share_one_link_and_others_have_their_own():
    found = links("h[n,t,d] = h[n,t-1,d]*h[n,t-1,d] + h[n,t-2,d] + x[n,t,d]")
    assert sorted(found) == ["h_prev", "h_prev2"]


def test_a_delayed_tensor_takes_no_name_of_the_user():
    text = "h_prev[n,t,d] = 2*x[n,t,d]\nh[n,t,d] = h[n,t-1,d] + h_prev[n,t,d]"
    (name,) = links(text)
    assert name != "h_prev"


def test_what_reads_a_recurrence_from_outside_reads_no_link():
    unit = made("h[n,t,d] = h[n,t-1,d] + x[n,t,d]\ny[n,d] = h[n,size(t)-1,d]")
    assert equations(unit)["y[n, d]"] == "h[n, size(t) - 1, d]"


# -- starts -----------------------------------------------------------------------------------------


def test_a_start_is_a_tensor_without_the_letter_of_the_steps():
    text = "h[n,-1,d] = s[d]\nh[n,t,d] = 0.5*h[n,t-1,d] + x[n,t,d]"
    unit = made(text + COPY, parameters={"s": ("d",)})
    assert unit.links[0].starts == ("h_start",)
    assert equations(unit)["h_start[n, d]"] == "s[d]"


def test_a_start_behind_the_end_is_one_of_a_way_back():
    text = "h[n,size(t),d] = s[d]\nh[n,t,d] = 0.5*h[n,t+1,d] + x[n,t,d]"
    found = links(text, parameters={"s": ("d",)})
    assert found["h_next"].starts == ("h_end",)


def test_starts_stand_from_the_nearest_outwards():
    text = "h[n,-1,d] = s[d]\nh[n,-2,d] = x[n,0,d]\nh[n,t,d] = h[n,t-1,d]*h[n,t-2,d] + x[n,t,d]"
    found = links(text, parameters={"s": ("d",)})
    assert found["h_prev"].starts == ("h_start",)
    assert found["h_prev2"].starts == ("h_start", "h_start2")


def test_a_start_that_is_not_given_is_zero():
    text = "h[n,-2,d] = x[n,0,d]\nh[n,t,d] = h[n,t-2,d] + x[n,t,d]"
    (link,) = links(text).values()
    assert link.starts[0] is None
    assert link.starts[1] is not None


def test_a_start_stands_in_front_of_the_steps_that_read_it():
    text = "h[n,t,d] = 0.5*h[n,t-1,d] + x[n,t,d]\nh[n,-1,d] = s[d]"
    names = [e.name for e in made(text + COPY, parameters={"s": ("d",)}).equations]
    assert names.index("h_start") < names.index("h")


# -- backwards --------------------------------------------------------------------------------------


def test_the_adjoint_of_a_link_points_the_other_way():
    (back,) = derive(made(RNN, parameters=RNN_PARAMETERS)).links
    assert (back.name, back.base, back.offset) == ("∂h_next", "∂h_prev", 1)
    assert back.starts == ()


def test_what_comes_back_is_added_to_what_comes_from_outside():
    found = adjoints(RNN, parameters=RNN_PARAMETERS)
    assert set(found["∂h[n, t, j]"].split(" + ")) == {"∂h_next[n, t, j]", "∂y[n, t, j]"}
    assert found["∂h_prev[n, t, k]" if "∂h_prev[n, t, k]" in found else "∂h_prev[n, t, j]"]


def test_every_link_hands_back_its_own_share():
    text = "h[n,t,d] = h[n,t-1,d] + 2*h[n,t-2,d] + x[n,t,d]"
    found = adjoints(text + COPY)
    assert set(found["∂h[n, t, d]"].split(" + ")) == {
        "∂h_next[n, t, d]", "∂h_next2[n, t, d]", "∂y[n, t, d]",
    }  # fmt: skip
    assert found["∂h_prev[n, t, d]"] == "∂h[n, t, d]"
    assert found["∂h_prev2[n, t, d]"] == "2*∂h[n, t, d]"


def test_a_start_gets_what_the_first_steps_hand_back():
    link = Link("h_prev2", "h", T, 1, -2, ("a", "b"), "h_next2")
    found = hands_back(link, {"h": (N, T, D)})
    assert [(str(c.target), str(c.factors[0]), c.source) for c in found] == [
        ("h[n, t, d]", "∂h_next2[n, t, d]", "h_prev2"),
        ("a[n, d]", "∂h_prev2[n, 1, d]", STARTS),
        ("b[n, d]", "∂h_prev2[n, 0, d]", STARTS),
    ]


def test_an_end_gets_what_the_last_steps_hand_back():
    link = Link("h_next2", "h", T, 1, 2, ("a", None), "h_prev2")
    found = hands_back(link, {"h": (N, T, D)})
    assert [str(c.factors[0]) for c in found] == [
        "∂h_prev2[n, t, d]",
        "∂h_next2[n, size(t) - 2, d]",
    ]


def test_back_links_of_back_links_are_the_way_out():
    link = Link("h_prev", "h", T, 1, -1, (None,), "h_next")
    (back,) = back_links((link,))
    assert (back.offset, back.letter, back.axis) == (1, T, 1)


def test_a_recurrence_that_the_output_does_not_read_hands_nothing_back():
    found = adjoints("h[n,t,d] = w[d]*h[n,t-1,d] + x[n,t,d]\ny[n,t,d] = x[n,t,d]**2 + 0*h[n,t,d]",
                     parameters={"w": ("d",)})  # fmt: skip
    assert not any("h_prev" in target or "h_next" in rhs for target, rhs in found.items())
