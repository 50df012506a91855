"""Activations: elementwise formulas in ``x``. Kinks follow PyTorch: relu'(0) = 0, leaky_relu'(0) = 0.01."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Activation:
    """``formula`` in x; ``latex`` is how a reader knows it, ``plain`` the same without LaTeX where
    that is not the name.

    ``named`` activations stay a named function in formulas and in code; the others are written out,
    so that the parts of their formula are computed once and used again by the gradient.
    """

    formula: str
    latex: str
    named: bool = True
    plain: str = ""


SELU_SCALE = "1.0507009873554804934193349852946"  # Klambauer et al. 2017, eq. 14
SELU_ALPHA = "1.6732632423543772848170429916717"

ACTIVATIONS: Mapping[str, Activation] = {
    "identity": Activation("x", r"\mathrm{id}", named=False),
    "sigmoid": Activation("1/(1 + exp(-x))", r"\sigma", plain="σ"),
    "tanh": Activation("tanh(x)", r"\tanh"),
    "sin": Activation("sin(x)", r"\sin"),
    "relu": Activation("where(x > 0, x, 0)", r"\mathrm{ReLU}"),
    "leaky_relu": Activation("where(x > 0, x, 0.01*x)", r"\mathrm{LeakyReLU}"),
    "elu": Activation("where(x > 0, x, exp(x) - 1)", r"\mathrm{ELU}"),
    "selu": Activation(
        f"{SELU_SCALE}*where(x > 0, x, {SELU_ALPHA}*(exp(x) - 1))", r"\mathrm{SELU}"
    ),
    "softplus": Activation("log(1 + exp(x))", r"\mathrm{softplus}"),
    "hardtanh": Activation("where(x > -1 and x < 1, x, where(x > 0, 1, -1))", r"\mathrm{hardtanh}"),
    "silu": Activation("x*sigmoid(x)", r"\mathrm{SiLU}", named=False),
    "gelu": Activation("x*(1 + erf(x/sqrt(2)))/2", r"\mathrm{GELU}", named=False),
    "gelu_tanh": Activation(
        "x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))/2", r"\mathrm{GELU}", named=False
    ),
}
