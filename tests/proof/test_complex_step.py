"""The complex step: exact where the code is analytic, and honest about kinks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symbp.proof import complex_step

MODULE = """
import numpy as np


def _forward(params, x, training, rng):
    W = params["W"]
    return W, {"y": FORMULA}


def _loss(params, cache, t):
    return (t * cache["y"]).sum()


def erf(u):
    return None
"""
W, T = np.array([-1.3, -0.2, 0.4, 2.1]), np.array([1.0, -0.5, 2.0, 0.3])
FORMULAS = {
    "np.abs(W)": np.sign(W),
    "W * np.sign(W)": np.sign(W),
    "np.maximum(W, 0) ** 2": 2 * np.maximum(W, 0),
    "np.minimum(W, 0.3 * W)": np.where(W > 0, 0.3, 1),
    "np.where(W > 0, W, np.expm1(W))": np.where(W > 0, 1, np.exp(W)),
    "np.where((W > -1) & (W < 1), W, 1.0)": (np.abs(W) < 1) * 1.0,
    "W * (W > 0)": (W > 0) * 1.0,
    "erf(W)": 2 / math.sqrt(math.pi) * np.exp(-(W**2)),
    "np.tanh(W)": 1 - np.tanh(W) ** 2,
    "np.log1p(np.exp(-np.abs(W)))": -np.sign(W) / (1 + np.exp(np.abs(W))),
    "W**3": 3 * W**2,
    "np.power(np.abs(W), 1.5)": 1.5 * np.sqrt(np.abs(W)) * np.sign(W),
    "np.arctan(W) + np.cosh(W) + np.sin(W)": 1 / (1 + W**2) + np.sinh(W) + np.cos(W),
    "np.arcsin(W / 3)": 1 / np.sqrt(9 - W**2),
    "W.max() + 0 * W": (W.max() == W) * T.sum() / T,
}


def slopes(formula: str, at: np.ndarray, smooth: bool = False) -> np.ndarray:
    module = complex_step.load(MODULE.replace("FORMULA", formula))
    return np.array(
        [
            complex_step.slope(module, {"W": at}, np.zeros((1, 1)), T, "W", d, smooth=smooth)
            for d in np.eye(4)
        ]
    )


@pytest.mark.parametrize("formula", FORMULAS)
def test_away_from_kinks_it_is_exact(formula):
    assert slopes(formula, W) == pytest.approx(T * FORMULAS[formula], rel=1e-14, abs=1e-15)


def test_at_a_kink_there_is_no_number():
    at = np.array([0.0, 1.0, -1.0, 0.0])
    assert list(np.isnan(slopes("np.maximum(W, 0)", at))) == [True, False, False, True]


def test_an_inner_function_that_grows_does_not_drown_it():
    at = np.full(4, 30.0)
    assert slopes("np.exp(W)", at, smooth=True) == pytest.approx(T * np.exp(30.0), rel=1e-14)
