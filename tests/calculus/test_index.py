"""Letters: nothing is caught by a sum that binds the same letter."""

from __future__ import annotations

import sympy as sp

from symbp.calculus.expression import Entry, FirstMax, MaxOver, SumOver, letter
from symbp.calculus.index import base, canonical, fresh, freshen, signature, substitute

I, J, K, N = map(letter, "ijkn")
I1, I2 = letter("i_1"), letter("i_2")


def x(*indices: sp.Expr) -> Entry:
    return Entry("x", *indices)


def w(*indices: sp.Expr) -> Entry:
    return Entry("w", *indices)


def test_a_fresh_letter_is_a_copy_of_its_family():
    assert fresh(I, [I, J]) == I1
    assert fresh(I1, [I, I1]) == I2
    assert base(I2) == "i"


def test_letters_are_replaced_at_once():
    assert substitute(x(I, J), {I: J, J: I}) == x(J, I)


def test_a_bound_letter_that_would_be_caught_moves_aside():
    total = SumOver(w(I, J) * x(J), J)
    assert substitute(total, {I: J}) == SumOver(
        w(J, letter("j_1")) * x(letter("j_1")), letter("j_1")
    )


def test_a_bound_letter_is_not_replaced():
    total = SumOver(x(J), J)
    assert substitute(total, {J: I}) == total


def test_an_index_expression_takes_the_place_of_a_letter():
    assert substitute(x(I) * SumOver(w(I, J), J), {I: 2 * K + 1}) == x(2 * K + 1) * SumOver(
        w(2 * K + 1, J), J
    )


def test_the_letters_of_a_mask_are_open():
    mask = FirstMax(x(N, I), I)
    assert mask.free_symbols == {N, I}
    assert substitute(mask, {I: J}) == FirstMax(x(N, J), J)


def test_bound_letters_step_aside_for_what_arrives():
    assert freshen(SumOver(x(I), I), {I}) == SumOver(x(I1), I1)
    assert freshen(SumOver(x(I), I), {J}) == SumOver(x(I), I)


def test_the_first_free_name_of_a_family_is_canonical():
    assert canonical(SumOver(x(I2), I2)) == SumOver(x(I), I)
    nested = SumOver(x(I1) * SumOver(w(I1, I2), I2), I1)
    assert canonical(nested) == SumOver(x(I1) * SumOver(w(I1, I), I), I1)


def test_equal_up_to_letters_is_equal_text():
    first, free = signature(SumOver(w(I, J) * x(J), J))
    second, other = signature(SumOver(x(N) * w(K, N), N))
    assert first == second
    assert (free, other) == ((I,), (K,))


def test_other_tensors_and_other_sharing_are_other_text():
    assert signature(w(I, J))[0] != signature(x(I, J))[0]
    assert signature(x(I, I))[0] != signature(x(I, J))[0]
    assert signature(MaxOver(x(I), I))[0] != signature(SumOver(x(I), I))[0]
