"""The small functions that a generated module needs, written from their formulas in stable form."""

from __future__ import annotations

import re

import sympy as sp

from symbp.arrays.lower import lower_value
from symbp.calculus.expression import Entry
from symbp.calculus.functions import U
from symbp.calculus.stabilise import stable_function
from symbp.layers.activations import ACTIVATIONS
from symbp.network.template import named_bodies
from symbp.printers.base import CAST, fill
from symbp.printers.numpy import UFUNCS, NumPy

DOCS = {
    "sigmoid": "1/(1 + exp(-u)), by the sign of u: nothing overflows.",
    "softplus": "log(1 + exp(u)), without overflow.",
    "relu": "max(u, 0).",
    "leaky_relu": "u where u > 0, else 0.01 u.",
    "elu": "u where u > 0, else exp(u) - 1.",
    "selu": "The self-normalising unit of Klambauer et al. (2017), eq. 2.",
    "hardtanh": "u, held between -1 and 1.",
}
ERF = '''def _erf_table():
    """Taylor's coefficients of the error function at 0, 1/64, .., 6, a row for each order."""
    x = np.arange(385) / 64
    rows = [np.array([math.erf(v) for v in x]), 2 / math.sqrt(math.pi) * np.exp(-x * x)]
    rows.append(-2 * x * rows[1])
    for k in range(1, 6):
        rows.append(-2 * x * rows[k + 1] - 2 * k * rows[k])
    return [row / math.factorial(k) for k, row in enumerate(rows)]


ERF = _erf_table()


def erf(u):
    """The error function, by Taylor's formula around the nearest of points 1/64 apart."""
    u = np.asarray(u)
    a = np.minimum(np.abs(u), 6.0).astype(float)
    k = np.rint(64 * np.nan_to_num(a)).astype(int)
    a -= k / 64
    value = ERF[-1][k]
    for row in ERF[-2::-1]:
        value = value * a + row[k]
    return np.copysign(value, u).astype(u.dtype)'''
FIRST_MAX = '''def first_max(a, axis):
    """1 where a takes its maximum along the axes for the first time in row-major order, else 0."""
    kept = [k for k in range(a.ndim) if k not in axis]
    order = kept + sorted(axis)
    flat = a.transpose(order).reshape(*(a.shape[k] for k in kept), -1)
    first = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]
    mask = first.reshape([a.shape[k] for k in order])
    return mask.transpose(np.argsort(order)).astype(a.dtype)'''
STOP_GRADIENT = '''HOLD = []  # while gradients are checked: what stop_gradient does instead


def stop_gradient(u):
    """u as a constant: gradients are checked with its value where nothing is moved."""
    return HOLD[0](u) if HOLD else u


def _held_loss(values, *point, **mode):
    """The loss with these values for stop_gradient; an empty list notes those of this point."""
    left = iter(tuple(values))
    HOLD[:] = [(lambda u: next(left)) if values else (lambda u: values.append(u) or u)]
    try:
        return loss(*point, **mode)
    finally:
        HOLD.clear()'''
ADD_AT = '''def add_at(total, rows, values):
    """total[rows] += values where rows may repeat: sorted, and summed run by run."""
    order = np.argsort(rows, axis=None, kind="stable")
    places = rows.reshape(-1)[order]
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    flat = values.reshape(rows.size, *total.shape[1:])[order]
    total[places[starts]] += np.add.reduceat(flat, starts, axis=0)'''
WHOLE = {"erf": ERF, "add_at": ADD_AT, "first_max": FIRST_MAX, "stop_gradient": STOP_GRADIENT}


def helpers(code: str) -> list[str]:
    """The definitions of all functions that ``code`` calls, and of those that they call."""
    found: dict[str, str] = {}

    def visit(text: str) -> None:
        for name in _called(text):
            if name not in found:
                found[name] = ""
                found[name] = definition(name)
                visit(found[name])

    visit(code)
    return [found[name] for name in sorted(found)]


def _called(text: str) -> list[str]:
    known = [n for n, a in ACTIVATIONS.items() if a.named and n not in UFUNCS]
    known += list(WHOLE)
    called = set(re.findall(r"(?<![\w.])(\w+)\(", re.sub(r"#.*", "", text)))
    return [n for n in known if n in called]


def definition(name: str) -> str:
    """The source of one function."""
    if name in WHOLE:
        return WHOLE[name]
    body = stable_function(named_bodies()[name])
    lines = [f"def {name}(u):", f'    """{DOCS[name]}"""']
    repeated = [e for e in sorted(body.atoms(sp.exp), key=str) if body.count(e) > 1]
    for exponential in repeated[:1]:
        lines.append(f"    e = {_code(exponential)}")
        body = body.xreplace({exponential: sp.Symbol("e")})
    lines.append(f"    return {_code(body)}")
    return "\n".join(lines)


def _code(expr: sp.Expr) -> str:
    entries = expr.xreplace({U: Entry("u"), sp.Symbol("e"): Entry("e")})
    tree = lower_value(entries, {"u": 0, "e": 1})
    text = NumPy(lambda index: None).text(tree)
    return fill(text, lambda name, *_: ".astype(u.dtype)" if name == CAST else name)
