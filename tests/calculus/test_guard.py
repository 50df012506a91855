"""The guard: silent on every derivation that is right, and loud on every rewrite that is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from symbp.calculus.derive import Derivation, derive
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import (
    Compare,
    Entry,
    Group,
    MeanOver,
    SumOver,
    Where,
    entries,
    letter,
    rebuild,
)
from symbp.calculus.guard import BATCH, GuardError, Laboratory, guard
from tests.calculus.units import CASES, text_of

N, I, J, K = map(letter, "nijk")


def changed(expr: sp.Basic) -> Iterator[tuple[str, sp.Basic]]:
    """Slips in a formula: one node at a time."""
    if expr.is_Mul or expr.is_Add:
        for k in range(len(expr.args)):
            rest = [a for m, a in enumerate(expr.args) if m != k]
            if expr.args[k] != 1:
                yield f"{expr.args[k]} is left out", expr.func(*rest)
    if isinstance(expr, Entry) and len(expr.indices) == 2 and expr.indices[0] != expr.indices[1]:
        yield f"{expr} is transposed", expr.at(*reversed(expr.indices))
    if isinstance(expr, MeanOver):
        yield "a sum stands for a mean", SumOver(*expr.args)
    if expr.is_Pow and expr.exp.is_Integer:
        yield "another power", expr.base ** (expr.exp + 1)
    for k, argument in enumerate(expr.args):
        if isinstance(expr, (Entry, Compare)) or (isinstance(expr, Where) and k == 0):
            break
        for name, other in changed(argument):
            yield name, rebuild(expr, [*expr.args[:k], other, *expr.args[k + 1 :]])


def faulty(derivation: Derivation) -> Iterator[tuple[str, Derivation]]:
    """The derivation with one slip in one of its adjoint equations."""
    for a, adjoint in enumerate(derivation.adjoints):
        for e, equation in enumerate(adjoint.equations):
            slips = [("a sign", -equation.rhs), ("a scale", equation.rhs * sp.Rational(101, 100))]
            for name, rhs in [*slips, *changed(equation.rhs)]:
                equations = list(adjoint.equations)
                equations[e] = Equation(equation.target, rhs)
                adjoints = list(derivation.adjoints)
                adjoints[a] = replace(adjoint, equations=tuple(equations))
                yield f"{adjoint.name}: {name}", replace(derivation, adjoints=tuple(adjoints))


def passes(derivation: Derivation) -> bool:
    try:
        guard(derivation)
    except (GuardError, ValueError, IndexError):  # a transpose may not even fit in shape
        return False
    return True


@pytest.mark.parametrize("name", CASES)
def test_a_right_derivation_passes(name):
    guard(text_of(name).derivation)


@pytest.mark.parametrize(
    "name", ["dense", "softmax", "layernorm", "rmsnorm", "bilinear", "heads", "swish", "pooling"]
)
def test_every_slip_is_found(name):
    slips = list(faulty(text_of(name).derivation))
    assert len(slips) >= 4
    assert not [slip for slip, derivation in slips if passes(derivation)]


def test_the_error_shows_both_formulas():
    wrong = next(d for slip, d in faulty(text_of("dense").derivation) if slip.startswith("W"))
    with pytest.raises(GuardError) as error:
        guard(wrong)
    assert "raw:\n  W[i, j] += ∂y[n, j] * x[n, i]" in str(error.value)
    assert "rewritten:\n  ∂W[i, j] = " in str(error.value)


def test_a_wrong_fact_is_found():
    unit = Unit(
        (Equation(Entry("y", N, K), Entry("x", N, K) * SumOver(Entry("x", N, J), J)),),
        ("x",),
        (),
        {"x": (N, K), "y": (N, K)},
        {"n": None, "k": 4, "j": 4},
        {"n": "n", "k": "k", "j": "k"},
    )
    guard(derive(unit))
    believing = replace(unit, given=((SumOver(Entry("x", N, K), K), sp.Integer(2)),))
    with pytest.raises(GuardError):
        guard(replace(derive(believing), unit=unit))


def test_targets_that_sum_to_one_are_drawn_so():
    row = (SumOver(Entry("t", N, K), K), sp.S.One)
    loss = MeanOver(SumOver(Entry("t", N, K) * sp.log(Entry("x", N, K)), K), N)
    unit = Unit(
        (Equation(Entry("L"), loss),),
        ("x",),
        (),
        {"x": (N, K), "t": (N, K), "L": ()},
        {"n": None, "k": 3},
        {"n": "n", "k": "k"},
        given=(row,),
    )
    tensors = Laboratory(unit).forward(lambda shape: np.full(shape, 7.0))
    assert tensors["t"].sum(axis=1) == pytest.approx([1.0] * BATCH)


def test_axes_are_small_whatever_the_network_says():
    unit = replace(text_of("dense").unit, sizes={"n": None, "i": 10**6, "j": 10**6})
    assert max(Laboratory(unit).sizes.values()) <= 5


def test_composite_indices_stay_inside():
    unit = text_of("convolution").unit
    laboratory = Laboratory(unit)
    read = next(r for r in entries(unit.equations[0].rhs) if r.name == "x")
    reach = 2 * (laboratory.size(letter("p")) - 1) + laboratory.size(letter("u"))
    assert laboratory.shape("x")[2] == reach
    assert not read.plain and not any(isinstance(i, Group) for i in read.indices)


def test_formulas_with_a_domain_are_checked_inside_it():
    good = text_of("log").derivation
    guard(good)
    assert not any(passes(d) for slip, d in faulty(good) if "a scale" in slip or "a sign" in slip)


def test_the_guard_is_cheap():
    derivation = text_of("layernorm").derivation
    start = time.process_time()
    guard(derivation)
    assert time.process_time() - start < 0.2
