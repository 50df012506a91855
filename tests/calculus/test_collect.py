"""Sums of contributions in their shortest form."""

from __future__ import annotations

import sympy as sp
from sympy.core.random import rng, seed

from symbp.calculus.collect import _shortest, compact
from symbp.calculus.expression import Entry, letter

N = letter("n")
Z, A = Entry("z", N), Entry("a", N)
SLOPE = sp.Rational(134145, 10**6)  # of gelu_tanh


def test_a_common_factor_stands_once():
    assert compact(Z * A + Z * Z, {}) == Z * (A + Z)


def test_a_number_with_decimals_stays_one_when_a_factor_is_taken_out():
    expected = Z * (1 + SLOPE * Z**2) * (1 - A**2)
    found = compact(sp.expand(expected), {})
    assert sp.expand(found - expected) == 0
    assert {abs(x) for x in found.atoms(sp.Rational)} <= {1, 2, SLOPE}


def test_factoring_draws_the_same_points_each_time():
    """With a few of the points that SymPy would draw at random, factoring takes minutes."""
    left = set()
    for start in (3, 6):
        seed(start)
        _shortest.cache_clear()
        compact(Z * A + Z * Z, {})
        left.add(rng.random())
    assert len(left) == 1
