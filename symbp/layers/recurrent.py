"""Recurrent layers: each reads its own past along the time axis t, zero before the first step."""

from __future__ import annotations

from dataclasses import replace

from symbp.language.parser import parse
from symbp.language.tree import Equation, Formula, Name
from symbp.language.walk import rebuild
from symbp.layers.activations import ACTIVATIONS
from symbp.layers.definition import Definition

WHOLE = "y[n,t,j] = h[n,t,j]"
LAST = "y[n,j] = h[n,size(t)-1,j]"


def rnn(units: int, activation: str, sequences: bool) -> Definition:
    """h_t = f(x_t Wx + h_{t-1} Wh + b) (Elman 1990; Goodfellow et al. 2016, eqs. 10.8 and 10.9).

    (t, i) -> (t, units), or (units,) of the last step; Wx (i, units), Wh (units, units),
    b (units,). ``activation`` is a name, or the text of a formula in x.
    """
    inner = "sum(x[n,t,i]*Wx[i,j], i) + sum(h[n,t-1,k]*Wh[k,j], k) + b[j]"
    output = WHOLE if sequences else LAST
    formula: str | Formula = f"h[n,t,j] = {activation}({inner})\n{output}"
    if activation not in ACTIVATIONS:
        formula = _with(activation, f"z[n,t,j] = {inner}\nh[n,t,j] = z[n,t,j]\n{output}")
    return Definition(
        formula=formula,
        parameters={"Wx": ("i", "j"), "Wh": ("k", "j"), "b": ("j",)},
        sizes={"j": units},
        regularized=("Wx", "Wh"),
    )


def _with(activation: str, equations: str) -> Formula:
    """The equations, with ``activation``, a formula in x, of what h is set to."""
    body = parse(activation).elementwise

    def insert(equation: Equation) -> Equation:
        if equation.name != "h":
            return equation
        inner = equation.rhs
        rhs = rebuild(body, lambda node: inner if node == Name("x") else node)
        return replace(equation, rhs=rhs, text="")

    return Formula(tuple(map(insert, parse(equations).equations)))


def lstm(units: int, sequences: bool) -> Definition:
    """Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000, gates i, f, g, o.

    (t, d) -> (t, units), or (units,) of the last step; Wx (d, 4*units), Wh (units, 4*units),
    b (4*units,).
    """
    output = WHOLE if sequences else LAST
    return Definition(
        formula=(
            "z[n,t,m] = sum(x[n,t,d]*Wx[d,m], d) + sum(h[n,t-1,k]*Wh[k,m], k) + b[m]\n"
            "i[n,t,j] = sigmoid(z[n,t,(0,j)])\n"
            "f[n,t,j] = sigmoid(z[n,t,(1,j)])\n"
            "g[n,t,j] = tanh(z[n,t,(2,j)])\n"
            "o[n,t,j] = sigmoid(z[n,t,(3,j)])\n"
            "c[n,t,j] = f[n,t,j]*c[n,t-1,j] + i[n,t,j]*g[n,t,j]\n"
            "h[n,t,j] = o[n,t,j]*tanh(c[n,t,j])\n"
            f"{output}"
        ),
        parameters={"Wx": ("d", "m"), "Wh": ("k", "m"), "b": ("m",)},
        sizes={"j": units, "m": 4 * units},
        regularized=("Wx", "Wh"),
    )


def gru(units: int, sequences: bool) -> Definition:
    """Cho et al. 2014, eqs. 5 to 8, with the reset gate behind the product, as in PyTorch.

    The parts of an axis 3*units are r, z and the candidate g. (t, d) -> (t, units), or (units,)
    of the last step; Wx (d, 3*units), Wh (units, 3*units), bx and bh (3*units,).
    """
    output = WHOLE if sequences else LAST
    return Definition(
        formula=(
            "u[n,t,m] = sum(x[n,t,d]*Wx[d,m], d) + bx[m]\n"
            "v[n,t,m] = sum(h[n,t-1,k]*Wh[k,m], k) + bh[m]\n"
            "r[n,t,j] = sigmoid(u[n,t,(0,j)] + v[n,t,(0,j)])\n"
            "z[n,t,j] = sigmoid(u[n,t,(1,j)] + v[n,t,(1,j)])\n"
            "g[n,t,j] = tanh(u[n,t,(2,j)] + r[n,t,j]*v[n,t,(2,j)])\n"
            "h[n,t,j] = (1 - z[n,t,j])*g[n,t,j] + z[n,t,j]*h[n,t-1,j]\n"
            f"{output}"
        ),
        parameters={"Wx": ("d", "m"), "Wh": ("k", "m"), "bx": ("m",), "bh": ("m",)},
        sizes={"j": units, "m": 3 * units},
        regularized=("Wx", "Wh"),
    )
