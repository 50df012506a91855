"""How factors are turned so that a product reads as a person writes it."""

from __future__ import annotations

import pytest

from symbp.arrays.expressions import Frame
from symbp.arrays.lower import lower
from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, letter
from symbp.printers.base import fill
from symbp.printers.numpy import NumPy

A, B, C, D = (Entry(name, letter("n")) for name in "abcd")
PRODUCTS = {
    "-d * (a - 1)": (-D * (A - 1), "d * (1 - a)"),
    "d * (a - 1)": (D * (A - 1), "d * (a - 1)"),
    "d * (a - 1) * (b - 1)": (D * (A - 1) * (B - 1), "d * (1 - a) * (1 - b)"),
    "-d * (a - 1) * (b - 1)": (-D * (A - 1) * (B - 1), "-d * (1 - a) * (1 - b)"),
    "(a - 1) * (b - c)": ((A - 1) * (B - C), "(1 - a) * (c - b)"),
    "d * (1 + a) * (1 - a)": (D * (1 + A) * (1 - A), "d * (1 - a**2)"),
    "(b - 1) * (a - 1) * (a + 1)": ((B - 1) * (A - 1) * (A + 1), "(1 - a**2) * (1 - b)"),
    "a sum": (B - D * (A - 1) * (B - 1), "b - d * (1 - a) * (1 - b)"),
    "a sum of sums": (C + (A - 1) * (B - 1) * (D - 1), "c - (1 - d) * (1 - a) * (1 - b)"),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_factors_are_turned(name: str) -> None:
    value, code = PRODUCTS[name]
    order = {name: k for k, name in enumerate("dabc")}
    tree = lower(Equation(Entry("y", letter("n")), value), Frame(order)).tree
    assert tree is not None
    text = fill(NumPy(lambda index: 3).text(tree), lambda name, *_: name)
    assert text == code
