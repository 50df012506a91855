"""Derivatives by the complex step: the generated code itself, run on complex parameters.

f(p + i h d) = f(p) + i h f'(p) d + O(h²): with h = 1e-30 the imaginary part is the derivative to
the last digit, as nothing is subtracted (Squire and Trapp 1998, SIAM Review 40(1), eq. 1).

It applies where the loss is analytic at the point: everywhere for smooth networks, and for others
at every point that is not a kink itself. NumPy orders complex numbers by their real part first, so
that comparisons, maxima and minima take the branch of the real code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from symbp.proof import module

STEP = 1e-30
Array = np.ndarray
Target = Array | Mapping[str, Array]


class _Analytic:
    """NumPy, with the functions that look at modulus and phase looking at the real part instead."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def abs(u: Array) -> Array:
        return np.where(np.real(u) < 0, -u, u)

    @staticmethod
    def sign(u: Array) -> Array:
        return np.sign(np.real(u))


def _erf(u: Array) -> Array:
    """erf(a + ib) = erf(a) + ib 2/sqrt(pi) exp(-a²), for b far below rounding."""
    a, b = np.real(u), np.imag(u)
    value = np.vectorize(math.erf, otypes=[float])(a)
    return value + 1j * b * 2 / math.sqrt(math.pi) * np.exp(-(a**2))


def load(source: str) -> ModuleType:
    """A module that symbp generated, ready for complex parameters."""
    loaded = module.load(source, "analytic")
    vars(loaded)["np"] = _Analytic()
    vars(loaded)["erf"] = _erf
    vars(loaded)["stop_gradient"] = np.real  # what is stopped does not move
    return loaded


def slope(
    loaded: ModuleType,
    params: Mapping[str, Array],
    x: Array,
    t: Target,
    name: str,
    direction: Array,
    *,
    training: bool = False,
    seed: int = 0,
    smooth: bool = False,
) -> float:
    """The derivative of the loss along ``direction`` of one parameter.

    ``loaded`` comes from ``load``; dropout masks are those of ``seed``. NaN at a kink, where a step
    back tells another slope; nobody looks for one where the network is known to be ``smooth``.
    """
    x = x.astype(complex) if x.dtype.kind == "f" else x
    prepared = loaded._targets(t) if hasattr(loaded, "_targets") else t
    params = {k: v.astype(complex) for k, v in params.items()}

    def along(step: float) -> float:
        moved = {**params, name: params[name] + 1j * step * direction}
        rng = np.random.default_rng(seed)
        cache = loaded._forward(moved, x, training, rng)[1]
        return float(np.imag(loaded._loss(moved, cache, prepared)) / step)

    forwards = along(STEP)
    if smooth:
        return forwards
    backwards = along(-STEP)
    scale = max(abs(forwards), abs(backwards))
    return forwards if abs(forwards - backwards) <= 1e-9 * scale else math.nan
