"""Equations as trees of array operations: which products meet, and in which order."""

from __future__ import annotations

import sympy as sp

from symbp.arrays.align import align
from symbp.arrays.expressions import Frame
from symbp.arrays.lower import lower
from symbp.arrays.nodes import (
    Align,
    Contract,
    Einsum,
    Lin,
    Prod,
    Reduce,
    Ref,
    Select,
    is_indicator,
    spans,
)
from symbp.arrays.places import shared_places
from symbp.calculus.equation import Equation
from symbp.calculus.expression import Compare, Entry, Iverson, MeanOver, SumOver, Where, letter

I, J, K, N, P, U = map(letter, "ijknpu")
ORDER = {"∂y": 0, "x": 1, "z": 2, "W": 3, "b": 4}


def tree(target: Entry, rhs: sp.Expr):
    return lower(Equation(target, rhs), Frame(ORDER)).tree


X, W, DY, B = Entry("x", N, I), Entry("W", I, J), Entry("∂y", N, J), Entry("b", J)


def test_two_matrices_meet_in_a_product():
    node = tree(Entry("y", N, J), SumOver(X * W, I))
    assert isinstance(node, Contract)
    assert (node.a, node.b) == (Ref("x", (N, I), (N, I)), Ref("W", (I, J), (I, J)))


def test_operands_come_in_the_order_of_the_result():
    node = tree(Entry("∂W", I, J), SumOver(X * DY, N))
    assert isinstance(node, Contract)
    assert [node.a.name, node.b.name] == ["x", "∂y"]  # type: ignore[union-attr]
    assert node.axes == (I, J)


def test_what_lies_within_another_is_multiplied_first():
    node = tree(Entry("∂x", N, I), SumOver(DY * Entry("z", N, J) * W, J))
    assert isinstance(node, Contract)
    assert isinstance(node.a, Prod)


def test_a_row_sum_is_no_diagonal_of_a_matrix_product():
    node = tree(Entry("s", N), SumOver(Entry("x", N, I) * Entry("z", N, I), I))
    assert isinstance(node, Reduce)
    assert isinstance(node.x, Prod)
    assert node.x.axes == (N, I)


def test_a_private_letter_is_summed_before_it_meets_others():
    node = tree(Entry("y", N), SumOver(X * Entry("V", I, K), I, K))
    assert isinstance(node, Contract)
    assert isinstance(node.b, Reduce)


def test_three_operands_are_an_einsum():
    node = tree(Entry("y", N, J), SumOver(X * Entry("A", I, K, J) * Entry("x", N, K), I, K))
    assert isinstance(node, Einsum)


def test_a_bias_broadcasts_without_a_word():
    node = tree(Entry("y", N, J), SumOver(X * W, I) + B)
    assert isinstance(node, Lin)
    assert node.terms[1][1] == Ref("b", (J,), (J,))


def test_a_number_for_each_row_is_aligned():
    node = tree(Entry("y", N, J), Entry("z", N, J) / Entry("s", N))
    assert isinstance(node, Prod)
    assert node.under == (Align(Ref("s", (N,), (N,)), (N, J)),)
    assert spans(node) == {N, J}


def test_a_mean_that_is_broadcast_back_spans_no_letter():
    back = align(tree(Entry("m", N), MeanOver(Entry("z", N, J), J)), (N, J))
    assert spans(back) == {N}


def test_transposes_are_pushed_to_the_leaves():
    both = Lin(((1, Ref("a", (I, J), (I, J))), (1, Ref("b", (J,), (J,)))), (I, J))
    moved = align(both, (J, I))
    assert isinstance(moved, Lin)
    assert [type(term).__name__ for _, term in moved.terms] == ["Align", "Align"]
    assert align(align(both, (J, I)), (I, J)).axes == (I, J)


def test_an_indicator_is_one_or_zero():
    node = tree(Entry("y", N, J), Iverson(Compare(">", Entry("z", N, J), sp.S.Zero)))
    assert isinstance(node, Select)
    assert is_indicator(node)
    other = tree(Entry("y", N, J), Where(Compare(">", Entry("z", N, J), sp.S.Zero), B, sp.S.One))
    assert not is_indicator(other)


def test_a_window_has_its_offsets_behind():
    node = tree(Entry("y", N, P), MeanOver(Entry("x", N, 2 * P + U), U))
    assert isinstance(node, Reduce)
    assert node.x.axes == (N, P, U)


FRAME = Frame(ORDER, size_of={N: None, P: 9, U: 3, I: 3}.get)


def test_a_scatter_runs_over_the_offsets():
    target = Entry("∂x", N, 2 * P + U)
    lowered = lower(Equation(target, Entry("∂y", N, P)), FRAME)
    (added,) = lowered.added
    assert lowered.tree is None
    assert added.loops == (U,)
    assert added.tree.axes == (N, P)


def test_a_scatter_of_equal_strides_runs_over_what_does_not_come_in():
    rhs = Entry("∂y", N, P) * Entry("w", I)
    lowered = lower(Equation(Entry("∂x", N, I + P), rhs), FRAME)
    assert lowered.added[0].loops == (I,)


def test_letters_in_several_places_have_one_axis():
    assert shared_places((N, I, I)) == (1, 3)
    assert shared_places((N, I, J)) is None
    node = tree(Entry("y", N, I), Entry("x", N, I, I))
    assert node.axes == (N, I)
    assert lower(Equation(Entry("∂x", N, I, I), Entry("∂y", N, I)), FRAME).added
