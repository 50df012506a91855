"""What a loop carries begins with what its first turn would add, where the rest of that array is zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from symbp.fast.instructions import Call, Loop
from symbp.fast.passes import starts as starting
from symbp.fast.passes.rewriting import Body
from symbp.fast.passes.starts import ADD, FILL, starts
from symbp.fast.strides import Array, Count, Dim, View, whole
from tests.fast.bodies import copy, full, length, ufunc, values

NONE: frozenset[str] = frozenset()
N, I = 4, 3
X = np.random.default_rng(0).standard_normal((N, I))


def named(name: str, role: str = "work") -> View:
    return whole(Array(name, (Count.of(N), Count.of(I)), role), ["n", "i"])  # type: ignore[list-item]


def row(view: View, place: int | None = None) -> View:
    """The row of a turn, or a row of its own."""
    step, rest = view.dims[0].stride, view.dims[1:]
    if place is None:
        return View(view.array, rest, moves={"k": step})
    return View(view.array, rest, offset=Count.of(place) * step)


x, a, y = named("x", "given"), named("a"), named("y")
c = View(Array("c", (Count.of(I),)), (Dim("i", Count.of(I), Count.of(1)),))  # type: ignore[arg-type]
first = full("first", I, role="given")


def body(place: int = N - 1, *more: Call, reverse: bool = True, read: View = a) -> Body:
    """The rows of ``a`` are zero but one; each turn adds ``c``, multiplies by x, and hands that on."""
    turns = (
        Call(ADD, (c,), row(a), entrywise=True, adds=True, task="sum"),
        ufunc("multiply", row(read), row(x), out=row(y)),
        copy(row(y), c),
    )
    empty = Call(FILL, (), a)
    part = copy(first, row(a, place))
    return (empty, part, *more, Call(FILL, (), c), Loop("k", N, reverse, turns))


def y_of(made: Body) -> np.ndarray:
    return values(made, x=X, first=np.arange(3.0))["y"]


@pytest.mark.parametrize("reverse", [True, False])
def test_nothing_is_added_where_all_but_the_first_turns_part_is_zero(reverse):
    before = body(N - 1 if reverse else 0, reverse=reverse)
    after = starts(before, NONE)
    assert length(after) == length(before) - 3  # both fillings and the addition
    np.testing.assert_array_equal(y_of(after), y_of(before))


def test_who_reads_the_array_behind_the_loop_finds_it_filled():
    before = (*body(), ufunc("exp", a, out=named("e")))
    after = starts(before, NONE)
    assert length(after) < length(before)
    kept = [values(b, x=X, first=np.arange(3.0))["e"] for b in (before, after)]
    np.testing.assert_array_equal(*kept)


def test_a_part_that_another_turn_reads_first_is_added(monkeypatch):
    before = body(1)
    assert starts(before, NONE) == before
    monkeypatch.setattr(starting, "_same", lambda *_: True)
    assert abs(y_of(starts(before, NONE)) - y_of(before)).max() > 0.1


def test_an_array_that_is_not_emptied_is_added_to():
    empty, *rest = body()
    filled = (replace(empty, text="np.copyto({out}, {0})", inputs=(x,)), *rest)  # type: ignore[type-var]
    assert starts(filled, NONE) == filled


def test_a_source_that_is_written_over_before_the_loop_is_added_where_it_was(monkeypatch):
    over = Call("np.copyto({out}, {0})", ("5.0",), full("first", I))
    before = body(N - 1, over)
    assert starts(before, NONE) == before
