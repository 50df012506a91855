"""Positions that are read from a tensor: gradients collect the rows, whole numbers have none."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.calculus.derive import Derivation, derive
from symbp.calculus.guard import guard
from tests.calculus.made import made
from tests.calculus.units import interpreted

WHOLE = {"integers": frozenset({"x"})}
ROWS = {"E": (7, 3)}


def derived(text: str, shape: tuple[int, ...] = (5,), **declared) -> Derivation:
    declared = {"parameters": ROWS, **WHOLE, **declared}
    return derive(made(text, shape=shape, **declared))


def adjoints(derivation: Derivation) -> dict[str, str]:
    return {str(e.target): str(e.rhs) for a in derivation.adjoints for e in a.equations}


def test_the_gradient_of_rows_is_added_where_they_were_read():
    assert adjoints(derived("y[n,t,d] = E[x[n,t],d]")) == {"∂E[x[n, t], d]": "∂y[n, t, d]"}


def test_whole_numbers_have_no_adjoint():
    derivation = derived("y[n,t,d] = E[x[n,t],d]**2")
    assert [a.name for a in derivation.adjoints] == ["E"]


def test_two_reads_of_one_place_share_an_equation():
    found = adjoints(derived("y[n,t,d] = E[x[n,t],d]*w[d] + E[x[n,t],d]**2",
                             parameters={**ROWS, "w": ("d",)}))  # fmt: skip
    assert len([target for target in found if target.startswith("∂E")]) == 1


def test_reads_of_other_places_have_their_own():
    found = adjoints(derived("y[n,t,d] = E[x[n,t],d] + E[x[n,size(t)-1-t],d]*2"))
    assert set(found) == {"∂E[x[n, t], d]", "∂E[x[n, -t + size(t) - 1], d]"}


def test_a_tied_table_sums_rows_and_a_product():
    """Look-up and output with one table: two ways lead back to it."""
    found = derived("h[n,t,d] = E[x[n,t],d]\ny[n,t,v] = sum(h[n,t,d]*E[v,d], d)").adjoint("E")
    assert found is not None
    whole, rows = found.equations
    assert str(whole.target) == "∂E[v, d]"
    assert str(rows.target) == "∂E[x[n, t], d]"


@pytest.mark.parametrize(
    "text",
    [
        "y[n,t,d] = E[x[n,t],d]**2",
        "y[n,d] = mean(E[x[n,t],d]*E[x[n,t],d], t)",
        "h[n,t,d] = E[x[n,t],d]\ny[n,t,v] = sum(h[n,t,d]*E[v,d], d)",
        "y[n,d] = max(E[x[n,t],d], t)",
    ],
)
def test_collected_rows_are_the_gradient(text):
    """By central differences of the literal interpreter, within the guard."""
    guard(derived(text))


def test_rows_are_collected_as_often_as_they_were_read():
    derivation = derived("y[n,t,d] = E[x[n,t],d]")
    (equation,) = derivation.adjoint("E").equations
    tokens = np.array([[6.0, 0, 6, 6, 1], [0, 0, 0, 0, 0], [2, 3, 4, 5, 6]])
    found = interpreted(equation, derivation.unit, {"x": tokens, "∂y": np.ones((3, 5, 3))})
    counts = np.bincount(tokens.astype(int).ravel(), minlength=7)
    assert (found == counts[:, None]).all()
