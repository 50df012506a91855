"""Each pass over the instructions helps, and its condition is needed: without it numbers go wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from symbp.fast.instructions import Call, arrays
from symbp.fast.passes import common as sharing
from symbp.fast.passes import copies as copying
from symbp.fast.passes import hoisting as lifting
from symbp.fast.passes import transposes as turning
from symbp.fast.passes.common import common
from symbp.fast.passes.copies import copies
from symbp.fast.passes.dead import dead
from symbp.fast.passes.hoisting import hoisting
from symbp.fast.passes.rewriting import Body, kept
from symbp.fast.passes.transposes import transposes
from symbp.fast.strides import View
from tests.fast.bodies import copy, dot, full, length, loop, turn, turned, ufunc, values

NONE: frozenset[str] = frozenset()
RNG = np.random.default_rng
x = full("x", 4, 3, role="input")
z, a, b, y = (full(name, 4, 3) for name in "zaby")
g = full("g", 4, 3, role="gradient")
X = RNG(0).standard_normal((4, 3))


class Blind(Counter):
    """Counts nothing."""

    def __getitem__(self, key: str) -> int:
        return 1 if key in "ab" else 0


def differ(made: Body, body: Body, name: str, batch: int = 4, **given: np.ndarray) -> bool:
    """Whether an array ends with other numbers."""
    found, wanted = (values(items, batch, **given)[name] for items in (made, body))
    return not np.allclose(found, wanted)


# -- common results -------------------------------------------------------------------------------


def test_what_is_computed_twice_is_computed_once():
    body = (ufunc("exp", x, out=a), ufunc("exp", x, out=b), ufunc("add", a, b, out=y))
    made = common(body)
    assert (length(body), length(made)) == (3, 2)
    np.testing.assert_array_equal(values(made, x=X)["y"], 2 * np.exp(X))


CHANGED = ufunc("exp", x, out=a), copy(a, x), ufunc("exp", x, out=b), ufunc("add", a, b, out=y)


def test_a_result_is_not_shared_where_an_input_was_written_in_between(monkeypatch):
    assert common(CHANGED) == CHANGED
    monkeypatch.setattr(sharing, "Counter", Blind)
    wrong = common(CHANGED)
    assert length(wrong) == 3
    assert differ(wrong, CHANGED, "y", x=X)


def test_a_result_is_not_shared_between_turns_of_a_loop_that_changes_its_input(monkeypatch):
    inside = loop(3, ufunc("exp", x, out=b), ufunc("subtract", b, "2.0", out=x))
    body = (ufunc("exp", x, out=a), inside, ufunc("add", a, b, out=y))
    assert common(body) == body
    monkeypatch.setattr(sharing._Finder, "spoil", lambda *_: None)
    assert differ(common(body), body, "y", x=X)


def test_a_result_that_somebody_else_writes_to_is_not_shared(monkeypatch):
    twice = ufunc("multiply", b, b, out=b)
    body = (ufunc("exp", x, out=a), ufunc("exp", x, out=b), twice, ufunc("add", a, b, out=y))
    assert common(body) == body
    monkeypatch.setattr(sharing, "writes", lambda _: Counter("ab"))
    assert differ(common(body), body, "y", x=X)


def test_random_numbers_are_drawn_each_time():
    draws = tuple(Call("self.rng.random(None, {out}.dtype, {out})", (), view) for view in (a, b))
    assert common(draws) == draws


# -- needless copies ------------------------------------------------------------------------------


def test_readers_of_a_copy_read_the_original_through_a_view_too():
    body = (copy(x, a), ufunc("exp", a, out=b), dot(turned(a), b, full("y", 3, 3)))
    made = copies(body, NONE)
    assert (length(made), "a" in arrays(made)) == (2, False)
    np.testing.assert_allclose(values(made, x=X)["y"], X.T @ np.exp(X))


def test_a_copy_stays_where_its_original_is_written_while_it_is_read(monkeypatch):
    body = (copy(x, a), ufunc("exp", x, out=x), ufunc("add", a, x, out=y))
    assert copies(body, NONE) == body
    blind = copying._Block.__init__

    def unseen(own, block, counts, wanted):
        blind(own, block, counts, wanted)
        own.writing.clear()

    monkeypatch.setattr(copying._Block, "__init__", unseen)
    assert differ(copies(body, NONE), body, "y", x=X)


def test_a_copy_stays_where_somebody_else_writes_to_it(monkeypatch):
    body = (copy(x, a), ufunc("exp", a, out=a), ufunc("add", a, x, out=y))
    assert copies(body, NONE) == body
    monkeypatch.setattr(copying, "writes", lambda _: Counter("a"))
    assert differ(copies(body, NONE), body, "y", x=X)


# -- dead results ---------------------------------------------------------------------------------


def test_what_nobody_reads_goes_with_all_that_it_alone_needed():
    body = (ufunc("exp", x, out=a), ufunc("negative", a, out=b), ufunc("negative", x, out=g))
    assert dead(body, NONE) == body[2:]


def test_gradients_and_the_loss_stay_though_no_call_reads_them():
    body = (ufunc("exp", x, out=y), ufunc("negative", x, out=g))
    assert dead(body, frozenset("y")) == body
    without = kept(body, lambda call: False)
    assert "g" not in values(without, x=X) and "g" in values(body, x=X)


def test_what_the_next_turn_reads_is_not_dead():
    inside = loop(3, ufunc("negative", a, out=g), ufunc("exp", g, out=a))
    body = (ufunc("exp", x, out=a), inside)
    assert dead(body, NONE) == body
    wrong = kept(body, lambda call: call != inside.body[1])
    assert differ(wrong, body, "g", x=X)


# -- hoisting -------------------------------------------------------------------------------------

ROW = full("row", 3)


def test_what_no_turn_hands_on_is_computed_for_all_turns_at_once():
    inside = loop(4, ufunc("exp", turn(x), out=turn(a)), ufunc("add", ROW, turn(a), out=ROW))
    made = hoisting((inside,), NONE)
    assert len(made) == 2 and length(made[1:]) == 1
    for body in ((inside,), made):
        np.testing.assert_allclose(values(body, x=X, row=[0, 0, 0])["row"], np.exp(X).sum(0))


def test_a_result_of_one_turn_gets_an_array_for_all_of_them():
    one, taken = full("one", 3), full("one_all", 3)
    inside = loop(4, ufunc("exp", turn(x), out=one), ufunc("add", one, taken, out=turn(y)))
    made = hoisting((inside, ufunc("add", x, y, out=a)), NONE)
    assert "one_all_" in arrays(made)
    np.testing.assert_allclose(values(made, x=X, one_all=[1, 1, 1])["y"], np.exp(X) + 1)


def test_what_the_turn_before_handed_on_stays_in_the_loop(monkeypatch):
    grow = ufunc("multiply", ROW, turn(x), out=turn(a))
    inside = loop(4, grow, ufunc("add", ROW, turn(a), out=ROW), ufunc("exp", ROW, out=turn(y)))
    body = (inside,)
    assert hoisting(body, NONE) == body
    monkeypatch.setattr(lifting, "calls", lambda _: ())  # as though the loop wrote nothing
    given = {"x": X, "row": [1, 2, 3]}
    assert differ(hoisting(body, NONE), body, "y", **given)


def test_a_result_that_is_read_behind_the_loop_stays_in_it(monkeypatch):
    one = full("one", 3)
    inside = loop(4, ufunc("exp", turn(x), out=one), ufunc("add", one, "1.0", out=turn(y)))
    body = (inside, ufunc("add", x, y, out=a), ufunc("add", one, "0.0", out=g))
    assert hoisting(body, NONE) == body
    monkeypatch.setattr(lifting, "reads", lambda _: Counter(["one"]))
    made = hoisting(body, NONE)
    assert len(made) == 4
    assert np.isnan(values(made, x=X)["g"]).all() and not np.isnan(values(body, x=X)["g"]).any()


# -- transposes -----------------------------------------------------------------------------------

W = full("W", 3, 3, role="parameter")
V = RNG(1).standard_normal((3, 3))


def steps(count: int, *more: Call, weight: View = W) -> tuple:
    return (loop(count, dot(full("h", 4, 3), turned(weight), full("u", 4, 3)),
                 copy(full("u", 4, 3), full("h", 4, 3)), *more),)  # fmt: skip


def test_a_weight_that_a_loop_reads_transposed_is_transposed_once():
    made = transposes(steps(5), NONE)
    assert isinstance(made[0], Call) and made[0].inputs[0] == turned(W)
    for body in (steps(5), made):
        wanted = X @ np.linalg.matrix_power(V.T, 5)
        np.testing.assert_allclose(values(body, h=X, W=V)["h"], wanted)


def test_few_turns_do_not_pay_for_a_copy():
    assert transposes(steps(turning.FEW), NONE) == steps(turning.FEW)


def test_a_weight_that_the_loop_writes_to_is_read_where_it_is(monkeypatch):
    body = steps(5, ufunc("multiply", W, "0.5", out=W))
    assert transposes(body, NONE) == body
    monkeypatch.setattr(turning, "calls", lambda _: ())
    given = {"h": X, "W": V}
    assert differ(transposes(body, NONE), body, "h", **given)


def test_two_loops_may_read_parts_of_one_weight_in_different_shapes():
    wide = replace(full("W", 3, 2), array=full("W", 2, 3, role="parameter").array)
    tall = replace(full("W", 2, 3), array=wide.array)
    first = loop(5, dot(full("p", 2), turned(wide), full("q", 3)))
    second = loop(5, dot(full("q", 3), turned(tall), full("r", 2)), variable="j")
    made = values(transposes((first, second), NONE), W=V[:2], p=[1, 2])
    np.testing.assert_allclose(made["r"], [1, 2] @ V[:2].reshape(3, 2).T @ V[:2].T)
