"""An array put into the middle of another: which equations are borders, and how wide."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp.arrays.border import border
from symbp.arrays.expressions import Frame
from symbp.arrays.lower import lower
from symbp.arrays.nodes import Ref
from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, SumOver, letter

I, J, N, U = map(letter, "ijnu")
SIZES = {"n": None, "i": 4, "j": 5, "u": 3}
LENGTHS = {0: None, 1: 6, 2: 5}


def widths(target: Entry, rhs: sp.Expr, lengths: dict = LENGTHS):
    lowered = lower(Equation(target, rhs), Frame({}, covers=lambda *_: False))
    found = border(lowered, lambda name, axis: lengths[axis], lambda index: SIZES[index.name])
    return found and found.widths


X = Entry("x", N, I, J)


def test_a_block_in_the_middle_is_a_border():
    assert widths(Entry("p", N, I + 1, J), X) == ((0, 0), (1, 1), (0, 0))


def test_a_border_may_be_on_one_side_alone():
    assert widths(Entry("p", N, I + 2, J), X) == ((0, 0), (2, 0), (0, 0))
    assert widths(Entry("p", N, I, J), X) == ((0, 0), (0, 2), (0, 0))


def test_a_border_keeps_what_stands_inside():
    lowered = lower(Equation(Entry("p", N, I + 1, J), X), Frame({}))
    found = border(lowered, lambda name, axis: LENGTHS[axis], lambda index: SIZES[index.name])
    assert found is not None
    assert found.tree == Ref("x", (N, I, J), (N, I, J))


@pytest.mark.parametrize(
    ("target", "rhs"),
    [
        (Entry("p", N, I - 1, J), X),
        (Entry("p", N, 2 * I, J), X),
        (Entry("p", N, 5 - I, J), X),
        (Entry("p", N, I + U, J), X * Entry("w", U)),
        (Entry("p", N + 1, I, J), X),
        (Entry("p", N, sp.S.One, J), SumOver(X, I)),
        (Entry("p", N, Entry("a", I), J), X),
    ],
    ids=["below", "stride", "countdown", "window", "batch", "one row", "gather"],
)
def test_other_places_are_no_border(target, rhs):
    assert widths(target, rhs) is None


def test_a_value_without_all_axes_is_no_border():
    """``np.pad`` does not broadcast."""
    assert widths(Entry("p", N, I + 1, J), Entry("x", N, I)) is None


def test_an_array_that_fills_its_target_is_no_border():
    lowered = lower(Equation(Entry("p", N, I, J), X), Frame({}))
    assert border(lowered, lambda name, axis: LENGTHS[axis], lambda i: SIZES[i.name]) is None
