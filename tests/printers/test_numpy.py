"""NumPy as a person would write it."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.printers.constants import decimal_of
from tests.layers.proved import dense, formula, lines, module_of, network, sample
from tests.printers.equations import code, equations

CODE = {
    ("dense", "y"): "y = x @ W + b",
    ("dense", "∂x"): "∂x = ∂y @ W.T",
    ("dense", "∂W"): "∂W = x.T @ ∂y",
    ("dense", "∂b"): "∂b = ∂y.sum(axis=0)",
    ("sigmoid", "y"): "y = sigmoid(x)",
    ("sigmoid", "∂x"): "∂x = ∂y * y * (1 - y)",
    ("softmax", "u"): "u = np.exp(x - x.max(axis=-1, keepdims=True))",
    ("softmax", "s"): "s = u.sum(axis=-1)",
    ("softmax", "y"): "y = u / s[:, None]",
    ("softmax", "∂x"): "∂x = (∂y - (∂y * y).sum(axis=-1, keepdims=True)) * y",
    ("layernorm", "m"): "m = x.mean(axis=-1)",
    ("layernorm", "s"): "s = np.sqrt(v + 1e-05)",
    ("layernorm", "xhat"): "xhat = (x - m[:, None]) / s[:, None]",
    ("layernorm", "y"): "y = gamma * xhat + beta",
    ("layernorm", "∂gamma"): "∂gamma = (∂y * xhat).sum(axis=0)",
    ("batchnorm", "m"): "m = x.mean(axis=0)",
    ("batchnorm", "xhat"): "xhat = (x - m) / s",
    ("mse", "∂y"): "∂y = (y - t) / N",
    ("cross entropy", "∂x"): "∂x = (y - t) / N",
}


@pytest.mark.parametrize("case", CODE, ids=" ".join)
def test_an_equation_as_code(case):
    name, defines = case
    assert code(equations(name)[defines]) == CODE[case]


def test_a_norm_is_one_expression():
    assert code(equations("batchnorm")["∂x"]) == (
        "∂x = (∂xhat - ∂xhat.mean(axis=0) - xhat * (xhat * ∂xhat).mean(axis=0)) / s"
    )


# one line of a network: formula behind a dense layer -> what the line says
LINES = {
    "transpose": ("y[n,j,i] = x[n,i,j]", (3, 4), {}, "y = z1.swapaxes(-1, -2)"),
    "rows of a split axis": ("y[n,(c,p)] = x[n,c,p]", (3, 4), {}, "y = z1.reshape(-1, 12)"),
    "every second": ("y[n,j] = x[n,2*j]", (7,), {}, "y = z1[:, :7:2]"),
    "from the second": ("y[n,j] = x[n,2*j+1]", (7,), {}, "y = z1[:, 1:6:2]"),
    "backwards": ("y[n,j] = x[n,size(j)-1-j] + x[n,j]", (5,), {}, "y = z1 + z1[:, 4::-1]"),
    "one place": ("y[n,d] = x[n,0,d]", (3, 4), {}, "y = z1[:, 0]"),
    "diagonal": ("y[n,i] = x[n,i,i]", (4, 4), {}, "y = z1[:, np.arange(4), np.arange(4)]"),
    "letters as numbers": ("y[n,d] = d*x[n,d]", (4,), {}, "y = z1 * np.arange(4.0)"),
    "letters compared": (
        "y[n,d] = where(d < 2, x[n,d], 0)", (4,), {}, "y = np.where(np.arange(4) < 2, z1, 0)",
    ),
    "constants chosen": (
        "y[n,d] = where(x[n,d] > 0, 1, -1)*x[n,d]",
        (4,), {}, "y = z1 * np.where(z1 > 0, 1.0, -1.0)",
    ),
    "larger": ("maximum(x, 0.5)", (4,), {}, "y = np.maximum(z1, 0.5)"),
    "cube": ("x**3", (4,), {}, "y = z1 * z1 * z1"),
    "root of a size": ("y[n,d] = x[n,d]/sqrt(size(d))", (5,), {}, "y = z1 / math.sqrt(5)"),
    "a masked product": (
        "y[n,t] = sum(x[n,u]*W[t,u], u, u <= t)",
        (5,), {"parameters": {"W": [5, "u"]}},
        "y = z1 @ (W2 * (np.arange(5) <= np.arange(5)[:, None])).T",
    ),
    "a row for every sample": (
        "y[n,j] = b[j] + 0*x[n,j]", (5,), {"parameters": {"b": ["j"]}},
        "y = np.broadcast_to(b2, (n, 5))",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_a_formula_as_a_line(name):
    text, shape, beside, wanted = LINES[name]
    assert wanted in lines(network(dense(shape[-1]), formula(text, **beside), shape=shape))


def test_masks_that_are_added_count():
    """NumPy's ``True + True`` is True, and ``-True`` an error."""
    text = "where(x > 0, 1, 0)*x + where(x > 0.1, 1, 0)*x - where(x < 1, 1, 0)"
    tables = network(dense(3), formula(text), shape=(3,))
    module = module_of(tables)
    params, x, _ = sample(module, tables)
    z = x @ params["W1"] + params["b1"]
    wanted = (z > 0) * z + (z > 0.1) * z - 1.0 * (z < 1)
    np.testing.assert_allclose(module.forward(params, x), wanted)


def test_float32_stays_float32_beside_letters_and_choices():
    text = "y[n,k] = sum(x[n,i]*cos(i*k), i) + where(k < 2, 1, 0)"
    tables = network(dense(3), formula(text, sizes={"k": 4}), shape=(3,))
    module = module_of(tables, "float32")
    params, x, _ = sample(module, tables)
    few = {name: value.astype(np.float32) for name, value in params.items()}
    assert module.forward(few, x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("value", "text"), [("1/2", "0.5"), ("1/100000", "1e-05"), ("1/3", None), ("3", None)]
)
def test_decimals_are_exact_or_not_there(value, text):
    import sympy as sp

    assert decimal_of(sp.Rational(value)) == text
