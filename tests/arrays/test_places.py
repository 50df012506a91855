"""Index expressions: their letters, and what places they reach together."""

from __future__ import annotations

import pytest
import sympy as sp

from symbp.arrays.places import (
    has_gather,
    is_bare,
    is_window,
    letters_of,
    may_repeat,
    shared_places,
)
from symbp.calculus.expression import Entry, Group, Size, letter

I, J, N, P, T, U, V = map(letter, "ijnptuv")
TOKEN = Entry("a", N, T)


@pytest.mark.parametrize(
    ("index", "letters"),
    [
        (P, [P]),
        (sp.Integer(3), []),
        (2 * P + U, [P, U]),
        (P + 2 * U, [U, P]),
        (P - 3 * U + 1, [U, P]),
        (Size(I) - 1 - I, [I]),
        (Group(P, U), [P, U]),
        (Group(sp.Integer(0), J), [J]),
        (TOKEN, [N, T]),
        (TOKEN + U, [N, T, U]),
    ],
    ids=str,
)
def test_the_letters_of_a_position_start_with_the_largest_stride(index, letters):
    assert list(letters_of(index)) == letters


def test_letters_of_one_stride_keep_the_order_of_reading():
    assert letters_of(P + U) == letters_of(P + U)
    assert set(letters_of(P + U)) == {P, U}


@pytest.mark.parametrize(
    ("index", "window"),
    [(P, False), (2 * P + 1, False), (P + U, True), (Group(P, U), False), (TOKEN + U, False)],
    ids=str,
)
def test_a_window_is_moved_by_several_letters(index, window):
    assert is_window(index) is window
    assert not is_window(index, {P, U})


def test_only_letters_and_groups_of_letters_are_bare():
    assert is_bare(P)
    assert is_bare(Group(P, U))
    assert not any(map(is_bare, (P + 1, sp.Integer(0), Group(sp.Integer(0), J), TOKEN)))


def test_what_is_read_from_a_tensor_is_a_gather():
    assert has_gather(TOKEN)
    assert has_gather(TOKEN + 1)
    assert not has_gather(2 * P + U)


@pytest.mark.parametrize(
    ("indices", "block"),
    [
        ((N, I, J), None),
        ((N, 2 * P + U, J), None),
        ((I, I), (0, 2)),
        ((N, I, J, I), (1, 4)),
        ((TOKEN, J), (0, 1)),
        ((N, TOKEN), (0, 2)),
        ((J, TOKEN), (1, 2)),
        ((N, P - U), (1, 2)),
        ((N, P + U + V), (1, 2)),
        ((N, Size(I) - 1 - I), None),
    ],
    ids=str,
)
def test_advanced_indices_are_one_block(indices, block):
    assert shared_places(indices) == block


def test_a_letter_of_a_loop_is_shared_with_nothing():
    assert shared_places((I, I), {I}) is None
    assert shared_places((N, P - U), {U}) is None


def test_rows_that_are_read_from_a_tensor_may_repeat():
    assert may_repeat((TOKEN, J))
    assert not may_repeat((N, I))
    assert not may_repeat((2 * P + U,))


def test_rows_that_have_their_own_place_beside_do_not_repeat():
    """``y[n, a[n,t]]`` may repeat along t, ``y[n, t, a[n,t]]`` may not."""
    assert may_repeat((N, TOKEN))
    assert not may_repeat((N, T, TOKEN))
