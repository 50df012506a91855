"""Functions to many digits, by mpmath, at numbers of every size."""

from __future__ import annotations

import mpmath
import numpy as np

POINTS = 2000


def arguments() -> np.ndarray:
    """Numbers of every size and both signs, the awkward ones among them."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-300, 300, POINTS - 1000)
    usual = np.abs(rng.standard_normal(980)) * 20
    awkward = [0.0, 1e-320, 1e-17, 36.0, 37.5, 709.0, 710.0, 745.0, 746.0, 1e300]
    signs = rng.choice([-1.0, 1.0], POINTS - 20)
    return np.array([*(signs * [*sizes, *usual]), *awkward, *np.negative(awkward)])


def exact(name: str, u: float) -> mpmath.mpf:
    x = mpmath.mpf(u)
    scale, alpha = (
        mpmath.mpf("1.0507009873554804934193349852946"),
        "1.6732632423543772848170429916717",
    )
    match name:
        case "sigmoid":
            return 1 / (1 + mpmath.exp(-x))
        case "softplus":
            return mpmath.log1p(mpmath.exp(x)) if x < 1000 else x
        case "relu":
            return max(x, mpmath.mpf(0))
        case "leaky_relu":
            return x if x > 0 else x / 100
        case "elu":
            return x if x > 0 else mpmath.expm1(x)
        case "selu":
            return scale * (x if x > 0 else mpmath.mpf(alpha) * mpmath.expm1(x))
        case "hardtanh":
            return max(min(x, mpmath.mpf(1)), mpmath.mpf(-1))
        case "tanh":
            return mpmath.tanh(x)
    return mpmath.sin(x)


def distance(found: np.ndarray, wanted: list[mpmath.mpf], floor: float) -> float:
    """The largest error, relative to the wanted number or to ``floor`` where that is larger."""
    return max(
        float(abs(mpmath.mpf(float(a)) - b) / max(abs(b), mpmath.mpf(floor)))
        for a, b in zip(found, wanted, strict=True)
    )
