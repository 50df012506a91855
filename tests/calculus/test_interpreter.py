"""The literal interpreter against loops written by hand, and every line of code against it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from symbp import examples
from symbp.arrays.scan import Inside
from symbp.calculus.equation import Equation, adjoint_name
from symbp.calculus.expression import (
    Compare,
    Entry,
    FirstMax,
    Group,
    Iverson,
    MaxOver,
    MeanOver,
    Size,
    SumOver,
    Where,
    entries,
    letter,
)
from symbp.calculus.functions import U
from symbp.calculus.interpreter import Grid, accumulate
from symbp.network.template import named_bodies
from symbp.network.unit_text import UnitText
from symbp.network.vocabulary import bounds
from tests.calculus.units import CASES, computed, interpreted, shape_in, text_of
from tests.examples import example

I, J, K = letter("i"), letter("j"), letter("k")
SIZES = {"i": 2, "j": 3, "k": 4}
X = np.arange(6.0).reshape(2, 3) ** 2 - 5


def size(index):
    return SIZES[index.name.partition("_")[0]]


def value(expr, *letters, **tensors):
    return Grid(letters, size, {"x": X, **tensors}, named_bodies()).value(expr)


def test_an_entry_with_swapped_letters_is_a_transpose():
    assert (value(Entry("x", I, J), J, I) == X.T).all()


def test_a_sum_runs_over_its_letters_and_no_others():
    assert (value(SumOver(Entry("x", I, J), J), I) == X.sum(1)).all()


def test_a_sum_of_what_does_not_name_its_letter_counts():
    assert (value(SumOver(sp.S.One, K), I) == [4, 4]).all()


def test_a_bound_letter_hides_an_open_one():
    total = SumOver(Entry("x", I, J), I)
    assert (value(Entry("x", I, J) - total, I, J) == X - X.sum(0)).all()


def test_a_mean_divides_and_a_maximum_chooses():
    assert (value(MeanOver(Entry("x", I, J), I, J)) == X.mean()).all()
    assert (value(MaxOver(Entry("x", I, J), J), I) == X.max(1)).all()


def test_a_mask_marks_the_first_of_equal_maxima_in_row_major_order():
    tied = np.array([[1.0, 2, 0], [2, 2, 1]])
    mask = value(FirstMax(Entry("z", I, J), I, J), I, J, z=tied)
    assert (mask == [[0, 1, 0], [0, 0, 0]]).all()
    rows = value(FirstMax(Entry("z", I, J), J), I, J, z=tied)
    assert (rows == [[0, 1, 0], [1, 0, 0]]).all()


def test_letters_are_numbers_and_conditions_choose():
    chosen = Where(Compare("<", J, I + 1), Entry("x", I, J), sp.S.Zero)
    assert (value(chosen, I, J) == np.tril(X)).all()
    assert (value(Iverson(Compare("==", I, J)), I, J) == np.eye(2, 3)).all()
    assert (value(Size(K) + I, I) == [4, 5]).all()


def test_a_group_is_one_row_major_index():
    flat = np.arange(6.0)
    assert (value(Entry("f", Group(I, J)), I, J, f=flat) == flat.reshape(2, 3)).all()


@pytest.mark.parametrize("name", sorted(named_bodies()))
def test_a_named_function_is_its_formula_and_its_derivative(name):
    from symbp.calculus.unary import Apply, Prime

    at = Entry("x", I, J) + 0.3
    step = 1e-6
    up, down = (value(Apply(name, at + h), I, J) for h in (step, -step))
    found = value(Prime(name, at), I, J)
    assert np.allclose(found, (up - down) / (2 * step), atol=1e-8, rtol=1e-6)
    assert U in named_bodies()[name].free_symbols


def test_a_place_may_be_read_from_a_tensor():
    rows = np.array([1.0, 0, 1])
    read = Entry("x", Entry("rows", J), J)
    assert (value(read, J, rows=rows) == X[[1, 0, 1], [0, 1, 2]]).all()
    moved = Entry("x", I, Entry("rows", J) + I)
    assert (value(moved, I, J, rows=rows) == X[[[0], [1]], [[1, 0, 1], [2, 1, 2]]]).all()


def test_rows_that_are_written_twice_add_up():
    tensors = {"x": X, "rows": np.array([2.0, 2])}
    place = Entry("y", Entry("rows", I), J)
    accumulate(Equation(place, Entry("x", I, J)), (I, J), (4, 3), tensors, size, {})
    assert (tensors["y"] == [[0] * 3, [0] * 3, X.sum(0), [0] * 3]).all()


def test_a_row_below_zero_is_an_error():
    with pytest.raises(IndexError):
        value(Entry("x", Entry("rows", J), J), J, rows=np.array([0.0, -1, 1]))


def test_what_is_not_written_holds_the_fill():
    tensors = {"x": X}
    equation = Equation(Entry("y", I + 1, J), Entry("x", I, J))
    accumulate(equation, (I, J), (4, 3), tensors, size, {}, 7.0)
    assert (tensors["y"] == [[7] * 3, *X, [7] * 3]).all()


def test_targets_that_meet_add_up():
    tensors = {"x": X}
    place = Entry("y", I + J)
    accumulate(Equation(place, Entry("x", I, J)), (I, J), (4,), tensors, size, {})
    wanted = np.zeros(4)
    for i in range(2):
        for j in range(3):
            wanted[i + j] += X[i, j]
    assert (tensors["y"] == wanted).all()


def test_equations_for_one_tensor_add_up_and_leave_the_given_arrays_alone():
    tensors = {"x": X}
    for _ in range(2):
        accumulate(Equation(Entry("y", I, J), Entry("x", I, J)), (I, J), (2, 3), tensors, size, {})
    assert (tensors["y"] == 2 * X).all()
    accumulate(Equation(Entry("x", I, J), sp.S.One), (I, J), (2, 3), tensors, size, {})
    assert X[0, 0] == -5


def test_an_index_below_zero_is_an_error():
    with pytest.raises(IndexError):
        value(Entry("x", I, J - 1), I, J)


def differences(text: UnitText) -> list[tuple[str, float]]:
    """Every line of code of a unit, and how far it is from the literal interpreter."""
    rng = np.random.default_rng(0)
    unit, found = text.unit, []
    lines = [*text.forward, *(f for _, each in text.backward for f in each)]
    lines = [replace(f, inside=Inside()) for f in lines]  # for all steps of a recurrence at once
    made = {f.equation.name for f in lines}
    read = {r.name for f in lines for r in entries(f.equation.rhs)}
    output = {adjoint_name(unit.output)} & read
    names = sorted({*read, *unit.inputs, *unit.parameters} - made | output)
    tensors = {name: rng.uniform(0.2, 0.9, shape_in(unit, name)) for name in names}
    for name, bound in bounds(unit).items():
        tensors[name] = rng.integers(bound, size=shape_in(unit, name))
    for finished in lines:
        equation = finished.runs or finished.equation
        wanted = interpreted(equation, unit, tensors)
        result = computed(finished, tensors)
        assert result.shape == wanted.shape, equation
        scale = max(1.0, np.abs(wanted).max())
        found.append((f"{equation.target} = {equation.rhs}", np.abs(result - wanted).max() / scale))
        total = tensors.get(equation.name, 0) if equation.name in tensors else 0
        tensors[equation.name] = total + wanted
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_line_of_code_equals_its_equation(name):
    wrong = [line for line, error in differences(text_of(name)) if not error < 1e-12]
    assert not wrong


@pytest.mark.parametrize("name", examples.names())
def test_every_line_of_an_example_equals_its_equation(name):
    network = example(name)
    texts = [t.training for t in network.program.graph.library.templates.values()]
    texts += [head.text for head in network.program.heads]
    wrong = [line for text in texts for line, error in differences(text) if not error < 1e-12]
    assert not wrong
