"""Derivations of order two: values beside their directional derivatives, products as results."""

from __future__ import annotations

import pytest

import symbp
from symbp.network.second import second
from symbp.writers.equations import as_json
from symbp.writers.package import package
from tests.examples import example
from tests.layers.proved import dense, network
from tests.network.networks import BRANCHES, REPEATS

ARTICLE = example("article")
W2 = (
    r"\mathcal{R}\left\{\frac{\partial L}{\partial W_2}\right\} = "
    r"\mathcal{R}\{h\}^\top \frac{\partial L}{\partial z_2} + "
    r"h^\top \mathcal{R}\left\{\frac{\partial L}{\partial z_2}\right\}"
)


def lines(network: symbp.Network = ARTICLE, result_only: bool = False, **options) -> list[str]:
    return network.derive(order=2, **options).render("latex", result_only).splitlines()


def test_its_title_names_the_hessian_in_every_language():
    assert lines()[0].startswith("% Products with the Hessian of the network article.")
    assert lines(lang="zh")[0].startswith("% 网络 article 的海森矩阵与向量之积")


def test_the_direction_is_introduced_before_it_is_used():
    text = lines()
    said = next(k for k, line in enumerate(text) if line.startswith(r"% $\mathcal{R}\{u\}$ is the"))
    used = next(k for k, line in enumerate(text) if line.startswith(r"\mathcal{R}"))
    assert said < used


def test_every_value_stands_before_its_directional_derivative():
    text = [line for line in lines() if not line.startswith("%")]  # shapes stand between them
    place = text.index("h = \\sigma(z_1)")
    assert text[place + 1] == r"\mathcal{R}\{h\} = \mathcal{R}\{z_1\} \odot h \odot (1 - h)"
    place = text.index(r"z_2 = h W_2 + b_2")
    assert text[place + 1] == (
        r"\mathcal{R}\{z_2\} = h \mathcal{R}\{W_2\} + \mathcal{R}\{h\} W_2 + \mathcal{R}\{b_2\}"
    )


def test_results_are_the_products_of_the_parameters():
    found = lines(result_only=True)
    assert len(found) == 4
    assert W2 in found
    assert all(line.startswith(r"\mathcal{R}\left\{\frac{\partial L}{\partial ") for line in found)


def test_a_result_is_given_for_each_name_that_is_asked_for():
    assert lines(result_only=True, wrt=("W2",)) == [W2]


def test_a_product_in_index_form():
    (found,) = lines(result_only=True, wrt=("b2",), notation="index")
    assert found == (
        r"\mathcal{R}\left\{\frac{\partial L}{\partial b_{2,j}}\right\} = "
        r"\sum_{n} \mathcal{R}\left\{\frac{\partial L}{\partial z_{2,nj}}\right\}"
    )


def test_a_parameter_that_the_loss_does_not_reach_has_the_product_zero():
    network = symbp.Network(**BRANCHES["dead branch"])
    found = [line for line in lines(network, result_only=True) if line.endswith("} = 0")]
    assert len(found) == 2


def test_order_one_is_what_it_was():
    assert not [
        line for line in ARTICLE.derive().render("latex").splitlines() if "mathcal{R}" in line
    ]


@pytest.mark.parametrize("form", ["latex", "markdown", "tex", "text"])
def test_every_format_has_every_product(form):
    text = ARTICLE.derive(order=2).render(form)
    mark = "R{" if form == "text" else r"\mathcal{R}"
    assert text.count(mark) >= 16


TABLES = {
    "dense": network(dense(3, "tanh"), dense(2)),
    "repeat": REPEATS["plain"],
    "lstm": network({"type": "lstm", "units": 2}, shape=(4, 3)),
    "convolution": network({"type": "conv1d", "filters": 2, "kernel": 3}, shape=(2, 5)),
}


@pytest.mark.parametrize("name", TABLES)
def test_equations_of_order_two_stand_at_their_lines_of_the_module(name):
    program = symbp.Network(**TABLES[name]).program
    module = package(program, hvp=True).module
    source = module.source.splitlines()
    start = next(k for k, line in enumerate(source, 1) if "def hessian_vector_product" in line)
    equations = as_json(second(program).program, module)["equations"]
    ids = [e["id"] for e in equations]
    assert len(ids) == len(set(ids))
    tangents = [e for e in equations if e["id"].endswith(".tangent")]
    assert tangents
    for equation in equations:
        first, last = equation["lines"]
        there = [line.partition("#")[0].strip() for line in source[first - 1 : last]]
        assert there == equation["code"]
        if equation["id"].endswith(".tangent"):
            assert first > start
