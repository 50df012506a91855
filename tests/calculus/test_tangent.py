"""Directional derivatives of equations, by central differences of the literal interpreter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from symbp.calculus.derive import derive
from symbp.calculus.equation import Equation, Unit, adjoint_name
from symbp.calculus.expression import Entry, FirstMax, Iverson, entries, letter
from symbp.calculus.tangent import tangent
from symbp.network.twins import TANGENT, tangent_name
from tests.calculus.made import RNN, RNN_PARAMETERS, made
from tests.calculus.units import CASES, interpreted, shape_in, text_of

STEP = 3e-5  # of differences of order four
I, J, N = map(letter, "ijn")
Arrays = dict[str, np.ndarray]
LSTM = (
    "z[n,t,m] = sum(x[n,t,i]*Wx[i,m], i) + sum(h[n,t-1,k]*Wh[k,m], k)\n"
    "c[n,t,j] = sigmoid(z[n,t,(0,j)])*tanh(z[n,t,(1,j)]) + sigmoid(z[n,t,(2,j)])*c[n,t-1,j]\n"
    "h[n,t,j] = sigmoid(z[n,t,(3,j)])*tanh(c[n,t,j])\ny[n,t,j] = h[n,t,j]"
)
RECURRENT = {
    "rnn": (RNN, RNN_PARAMETERS, {}),
    "two steps back and a start": (
        "h[n,-1,d] = s[d]**2\nh[n,t,d] = tanh(h[n,t-1,d]*h[n,t-2,d] + x[n,t,d])\ny[n,t,d] = h[n,t,d]",
        {"s": ("d",)},
        {},
    ),
    "lstm": (LSTM, {"Wx": ("i", 8), "Wh": ("j", "m")}, {"m": 8, "j": 2}),
    "border": ("y[n,t,d] = sum(pad(x[n,t+u-1,d], 2)**2*w[u], u)", {"w": (3,)}, {}),
    "maximum in a border": ("y[n,t,d] = max(pad(x[n,t+u-1,d], -inf), u)", {}, {"u": 3}),
    "sum into places": ("y[n,t+u,d] += x[n,t,d]**2*w[u,d]", {"w": (3, "d")}, {}),
}
CONSTANT = ("frozen",)  # a stop_gradient is constant to derivatives and not to differences


def doubled(unit: Unit) -> Unit:
    """The unit with room for directional derivatives."""
    twins = {TANGENT + name: own for name, own in unit.letters.items()}
    return replace(unit, letters={**unit.letters, **twins})


def moving(equation: Equation, unit: Unit) -> list[str]:
    """What an equation reads that has a derivative."""
    masks = {e.name for e in unit.equations if isinstance(e.rhs, FirstMax)}
    names = dict.fromkeys(r.name for r in entries(equation.rhs))
    return [name for name in names if name not in masks]


def holds(equation: Equation, unit: Unit, tensors: Arrays, names: Collection[str]) -> None:
    """The tangent of an equation, along a random direction of what it reads, is a difference."""
    rng = np.random.default_rng(1)
    twins = {name: tangent_name(name) for name in (*names, equation.name)}
    found = tangent(equation, unit, names, twins)
    ways = {name: rng.normal(size=tensors[name].shape) for name in names}

    def at(step: float) -> np.ndarray:
        moved = {k: tensors[k] + step * STEP * v for k, v in ways.items()}
        return interpreted(equation, unit, {**tensors, **moved})

    with np.errstate(invalid="ignore"):  # a border of minus infinity stays where it is
        near, far = at(1) - at(-1), at(2) - at(-2)
        wanted = np.nan_to_num((8 * near - far) / (12 * STEP))
    if found is None:
        assert not wanted.any(), equation
        return
    assert found.name == twins[equation.name]
    moved = {**tensors, **{twins[k]: v for k, v in ways.items()}}
    slope = interpreted(found, doubled(unit), moved)
    scale = max(1.0, np.abs(wanted).max())
    assert np.abs(slope - wanted).max() <= 1e-7 * scale, equation


def every_tangent_holds(unit: Unit, adjoints: list[Equation]) -> None:
    """For the equations forward, and for those backward: their tangents are products with a Hessian."""
    rng = np.random.default_rng(0)
    delayed = {name for link in unit.links for name in link.shares}
    given = [*unit.inputs, *unit.parameters, *delayed]
    tensors = {name: rng.uniform(0.2, 0.9, shape_in(unit, name)) for name in given}
    masks = {e.name for e in unit.equations if isinstance(e.rhs, FirstMax)}
    for equation in unit.equations:
        tensors[equation.name] = interpreted(equation, unit, tensors) + tensors.get(
            equation.name, 0
        )
        if equation.name not in masks:
            holds(equation, unit, tensors, moving(equation, unit))
    back = [adjoint_name(name) for name in (*tensors,) if name not in masks]
    tensors |= {name: rng.normal(size=shape_in(unit, name)) for name in back}
    for equation in adjoints:
        holds(equation, unit, tensors, moving(equation, unit))


@pytest.mark.parametrize("name", [name for name in CASES if name not in CONSTANT])
def test_tangents_are_differences_forward_and_backward(name):
    text = text_of(name)
    every_tangent_holds(text.unit, [f.equation for _, each in text.backward for f in each])


@pytest.mark.parametrize("name", RECURRENT)
def test_tangents_of_recurrences_and_borders_are_differences(name):
    text, parameters, sizes = RECURRENT[name]
    derivation = derive(made(text, shape=(5, 2), parameters=parameters, sizes=sizes))
    unit = replace(derivation.forward, letters={**derivation.unit.letters})
    every_tangent_holds(unit, [e for a in derivation.adjoints for e in a.equations])


# -- what moves -------------------------------------------------------------------------------------


def one(rhs: sp.Expr) -> tuple[Equation, Unit]:
    names = ("x", "y", "w")
    unit = Unit(
        equations=(),
        inputs=("x",),
        parameters=("w",),
        letters=dict.fromkeys(names, (N, J)),
        sizes={"n": None, "j": 4},
        axes={"n": "n", "j": "j"},
    )
    return Equation(Entry("y", N, J), rhs), unit


X, W = Entry("x", N, J), Entry("w", N, J)
NAMES = {"x": "Rx", "w": "Rw", "y": "Ry"}


def test_where_nothing_moves_there_is_no_tangent():
    equation, unit = one(X * W)
    assert tangent(equation, unit, (), NAMES) is None


def test_what_is_constant_has_no_tangent():
    equation, unit = one(Iverson(X))
    assert tangent(equation, unit, ("x",), NAMES) is None


def test_terms_that_cancel_leave_no_tangent():
    equation, unit = one(X - X + 3)
    assert tangent(equation, unit, ("x",), NAMES) is None


def test_only_what_moves_has_a_term():
    equation, unit = one(X * W)
    found = tangent(equation, unit, ("w",), NAMES)
    assert found == Equation(Entry("Ry", N, J), X * Entry("Rw", N, J))


def test_a_product_has_a_term_for_each_factor():
    equation, unit = one(X * W)
    found = tangent(equation, unit, ("x", "w"), NAMES)
    assert found is not None
    assert sp.expand(found.rhs - (X * Entry("Rw", N, J) + W * Entry("Rx", N, J))) == 0


def test_a_tangent_goes_to_the_places_of_its_equation():
    unit = made("y[n,t+u,d] += x[n,t,d]*w[u,d]", parameters={"w": (3, "d")})
    (equation,) = unit.equations
    found = tangent(equation, unit, ("x",), NAMES)
    assert found is not None
    assert found.target.indices == equation.target.indices
