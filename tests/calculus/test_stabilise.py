"""Stable forms: proved equal to the textbook forms, and held against mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

from symbp.calculus.expression import Compare, MaxOver, Where
from symbp.calculus.functions import U
from symbp.calculus.stabilise import shifted_exponentials, stable, stable_function
from symbp.network.template import named_bodies
from symbp.proof.module import load
from symbp.writers.helpers import helpers
from tests.calculus.exact import POINTS, arguments, distance, exact
from tests.calculus.textbook import POSITIVE, K, softmax_unit, spelled, textbook

# -- proofs -------------------------------------------------------------------------------------


def same(first: sp.Expr, second: sp.Expr) -> bool:
    """Whether two formulas in ``u`` are equal for u > 0, u = 0 and u < 0, proved by SymPy."""
    for u in (POSITIVE, sp.S.Zero, -POSITIVE):
        difference = textbook(first, u) - textbook(second, u)
        difference = sp.expand_log(sp.logcombine(sp.simplify(difference), force=True), force=True)
        if sp.simplify(sp.powsimp(difference)) != 0:
            return False
    return True


E = sp.exp(U)
RULES = {
    "log of one and an exponential": sp.log(1 + E),
    "logistic": E / (1 + E),
    "its complement": 1 / (1 + E),
    "logistic in a product": 3 * U * E / (1 + E),
    "an exponential less one": E - 1,
    "its square": 1 / (1 + sp.exp(-U)) ** 2,
    "its derivative": sp.exp(-U) / (1 + sp.exp(-U)) ** 2,
    "a square over a cube": sp.exp(2 * U) / (1 + sp.exp(U)) ** 3,
    "a multiple of it": 2 * E - 2,
    "one less an exponential": 1 - E,
    "a branch below zero": Where(Compare(">", U, sp.S.Zero), U, E - 1),
    "a branch above zero": Where(Compare("<", U, sp.S.Zero), sp.exp(U), U + 1),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_an_identity(rule):
    assert stable(RULES[rule]) != RULES[rule]
    assert same(stable(RULES[rule]), RULES[rule])


SIMPLE = [n for n in sorted(named_bodies()) if n not in ("hardtanh",)]


@pytest.mark.parametrize("name", SIMPLE)
def test_a_stable_function_is_the_function(name):
    assert same(stable_function(named_bodies()[name]), named_bodies()[name])


def test_softmax_does_not_change_when_it_is_shifted():
    unit = softmax_unit()
    shown = {e.name: e for e in unit.equations}
    run = {**shown, **shifted_exponentials(unit, ("y",))}
    assert run["e"] != shown["e"] and run["e"].rhs.has(MaxOver)
    for k in range(3):
        difference = spelled(run["y"].rhs, run, {K: k}) - spelled(shown["y"].rhs, shown, {K: k})
        assert sp.simplify(difference) == 0


def test_exponentials_that_something_else_reads_are_not_shifted():
    assert not shifted_exponentials(softmax_unit(), ("e",))
    assert not shifted_exponentials(softmax_unit(), ("s",))


# -- against mpmath -----------------------------------------------------------------------------


def generated(name: str):
    source = "\n".join(["import numpy as np", *helpers(f"{name}(u)")])
    return getattr(load(source), name, None) or getattr(np, name)


@pytest.mark.parametrize("name", sorted(named_bodies()))
def test_a_generated_function_is_exact(name):
    points = arguments()
    assert len(points) == POINTS
    if name == "sin":  # of 1e300 only its last digits matter
        points = points[np.abs(points) < 1e6]
    with mpmath.workdps(50), np.errstate(all="raise", under="ignore"):
        wanted = [exact(name, u) for u in points]
        assert distance(generated(name)(points), wanted, 1e-300) < 1e-13
