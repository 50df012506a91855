"""The functions of the language in PyTorch, and where each has a kink."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": partial(F.leaky_relu, negative_slope=0.01),
    "elu": F.elu,
    "selu": F.selu,
    "softplus": partial(F.softplus, threshold=300.0),  # torch goes linear at 20, 2e-9 off
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "hardtanh": F.hardtanh,
    "sin": torch.sin,
}

FUNCTIONS: dict[str, Callable[..., Tensor]] = ACTIVATIONS | {
    name: getattr(torch, name)
    for name in (
        *("exp", "log", "sqrt", "abs", "sign", "minimum", "maximum", "erf", "erfc"),
        *("cos", "tan", "asin", "acos", "atan", "sinh", "cosh"),
    )
}

# Points where a derivative jumps, the second one included: a central difference errs there too.
KINKS: dict[str, tuple[float, ...]] = {
    "relu": (0.0,),
    "leaky_relu": (0.0,),
    "elu": (0.0,),
    "selu": (0.0,),
    "hardtanh": (-1.0, 1.0),
    "abs": (0.0,),
    "sign": (0.0,),
}


def distance_to_kink(function: str, *arguments: Tensor) -> float:
    """How far the nearest entry is from a kink of ``function``; inf where there is none."""
    arguments = tuple(argument.detach() for argument in arguments)
    if function in ("minimum", "maximum"):
        return float((arguments[0] - arguments[1]).abs().min())
    points = KINKS.get(function, ())
    return min((float((arguments[0] - k).abs().min()) for k in points), default=float("inf"))
