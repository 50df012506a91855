"""Matrix form: rows are samples, sums over an axis are products with ones."""

from __future__ import annotations

import pytest

import symbp
from tests.layers.proved import dense
from tests.layers.proved import formula as written
from tests.printers.equations import LATEX, PLAIN, equations, formula

FORMULAS = {
    ("dense", "y"): "y = x W + b",
    ("dense", "∂x"): "∂x = ∂y W^T",
    ("dense", "∂W"): "∂W = x^T ∂y",
    ("dense", "∂b"): r"∂b = \mathbf{1}^\top ∂y",
    ("sigmoid", "y"): r"y = \sigma(x)",
    ("sigmoid", "∂x"): r"∂x = ∂y \odot y \odot (1 - y)",
    ("softmax", "s"): r"s = u \mathbf{1}",
    ("softmax", "y"): r"y = u \oslash s",
    ("layernorm", "xhat"): r"xhat = (x - m) \oslash s",
    ("layernorm", "y"): r"y = gamma \odot xhat + beta",
    ("batchnorm", "m"): r"m = \frac{1}{N} \mathbf{1}^\top x",
    ("mse", "∂y"): r"∂y = \frac{1}{N} (y - t)",
    ("cross entropy", "∂x"): r"∂x = \frac{1}{N} (y - t)",
}


@pytest.mark.parametrize("case", FORMULAS, ids=" ".join)
def test_an_equation_in_latex(case):
    name, defines = case
    assert formula(equations(name)[defines], "matrix", LATEX) == FORMULAS[case]


def first(layer, shape):
    net = symbp.Network(
        name="one", input={"shape": list(shape)}, layer=[layer], loss={"type": "mse"}
    )
    text = net.program.graph.nodes[0].template.training
    return {
        f.equation.name: f for f in [*text.forward, *(f for _, fs in text.backward for f in fs)]
    }


def test_an_axis_too_many_becomes_a_label():
    found = first(dense(3), (2, 4))
    assert formula(found["y"], "matrix", LATEX) == "y^(n) = x^(n) W + b"
    assert formula(found["∂W"], "matrix", LATEX) == r"∂W = \sum_{n} x^(n)^T ∂y^(n)"


@pytest.mark.parametrize(
    "text", ["z[n,j] = sum(x[n,i]*A[i,k,j]*x[n,k], i, k)", "z[n,j] = x[n,2*j]*A[0,0,j]"]
)
def test_what_matrices_cannot_say_has_no_matrix_form(text):
    layer = written(text, parameters={"A": ["i", "k", 2] if "i, k" in text else [1, 1, "j"]})
    found = first(layer, (4,))
    assert formula(found["z"], "matrix", LATEX) is None
    assert formula(found["z"], "matrix", PLAIN) is None


def test_a_fraction_keeps_its_sum_together():
    found = first(written("a*tanh(x)/(1 + a**2)", parameters={"a": 1.5}), (4,))
    assert formula(found["y"], "matrix", PLAIN) == "y = a/(1 + a²) a2"
