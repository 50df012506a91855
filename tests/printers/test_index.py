"""Index form: every read with its indices, every sum with its letters."""

from __future__ import annotations

import pytest

from tests.printers.equations import LATEX, PLAIN, equations, formula

FORMULAS = {
    ("dense", "y"): r"y_{nj} = \sum_{i} x_{ni} W_{ij} + b_{j}",
    ("dense", "∂x"): r"∂x_{ni} = \sum_{j} ∂y_{nj} W_{ij}",
    ("dense", "∂W"): r"∂W_{ij} = \sum_{n} x_{ni} ∂y_{nj}",
    ("dense", "∂b"): r"∂b_{j} = \sum_{n} ∂y_{nj}",
    ("sigmoid", "y"): r"y_{nj} = \sigma(x_{nj})",
    ("sigmoid", "∂x"): r"∂x_{nj} = ∂y_{nj} y_{nj} (1 - y_{nj})",
    ("softmax", "s"): r"s_{n} = \sum_{k} u_{nk}",
    ("softmax", "y"): r"y_{nk} = \frac{u_{nk}}{s_{n}}",
    ("layernorm", "m"): r"m_{n} = \frac{1}{4} \sum_{d} x_{nd}",
    ("layernorm", "v"): r"v_{n} = \frac{1}{4} \sum_{d} (x_{nd} - m_{n})^2",
    ("layernorm", "xhat"): r"xhat_{nd} = \frac{x_{nd} - m_{n}}{s_{n}}",
    ("batchnorm", "m"): r"m_{c} = \frac{1}{N} \sum_{n} x_{nc}",
    ("batchnorm", "∂gamma"): r"∂gamma_{c} = \sum_{n} ∂y_{nc} xhat_{nc}",
}
PLAIN_FORMULAS = {
    ("dense", "y"): "y_{n,j} = Σ_i x_{n,i} W_{i,j} + b_{j}",
    ("sigmoid", "∂x"): "∂x_{n,j} = ∂y_{n,j} y_{n,j} (1 - y_{n,j})",
    ("layernorm", "s"): "s_{n} = √(v_{n} + 10⁻⁵)",
    ("mse", "∂y"): "∂y_{n,j} = (y_{n,j} - t_{n,j})/N",
    ("cross entropy", "∂x"): "∂x_{n,k} = (y_{n,k} - t_{n,k})/N",
}


@pytest.mark.parametrize("case", FORMULAS, ids=" ".join)
def test_an_equation_in_latex(case):
    name, defines = case
    assert formula(equations(name)[defines], "index", LATEX) == FORMULAS[case]


@pytest.mark.parametrize("case", PLAIN_FORMULAS, ids=" ".join)
def test_an_equation_in_plain_text(case):
    name, defines = case
    assert formula(equations(name)[defines], "index", PLAIN) == PLAIN_FORMULAS[case]


def test_a_bound_letter_that_is_in_use_gets_a_prime():
    found = formula(equations("softmax")["∂x"], "index", LATEX)
    assert found is not None
    assert r"\sum_{k'} ∂y_{nk'} y_{nk'}" in found


@pytest.mark.parametrize("name", ["mse", "cross entropy"])
def test_every_equation_has_an_index_form(name):
    for finished in equations(name).values():
        assert formula(finished, "index", LATEX)
        assert formula(finished, "index", PLAIN)
