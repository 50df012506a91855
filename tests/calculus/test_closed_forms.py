"""The equations of the textbooks, exactly, each with the steps that lead there."""

from __future__ import annotations

import pytest
import sympy as sp

import symbp
from symbp.calculus.derive import Derivation
from symbp.calculus.functions import A, U, derivative
from symbp.calculus.rewrite import Adjoint
from symbp.network.template import named_bodies
from tests.layers.proved import Table, dense

ACTIVATIONS = {
    "sigmoid": ("(1 - y[n, j])*y[n, j]*∂y[n, j]", ["derivative", "names", "collect"]),
    "tanh": ("(1 - y[n, j]**2)*∂y[n, j]", ["derivative", "names"]),
    "softplus": ("Apply(sigmoid, x[n, j])*∂y[n, j]", ["derivative"]),
    "silu": (
        "(-(a[n, j] - 1)*y[n, j] + a[n, j])*∂y[n, j]",
        ["insert", "derivative", "names", "outputs", "collect"],
    ),
    "relu": ("∂y[n, j]*Iverson(Compare(>, x[n, j], 0))", ["derivative"]),
    "leaky_relu": ("∂y[n, j]*Where(Compare(>, x[n, j], 0), 1, 1/100)", ["derivative"]),
    "elu": ("∂y[n, j]*Where(Compare(>, x[n, j], 0), 1, exp(x[n, j]))", ["derivative"]),
    "sin": ("cos(x[n, j])*∂y[n, j]", ["derivative"]),
    "identity": ("∂y[n, j]", []),
}
NORM = "(-xhat[n, d]*mean(xhat[n, d]*∂xhat[n, d], d) + ∂xhat[n, d] - mean(∂xhat[n, d], d))/s[n]"
NORMS = {
    "layernorm": (NORM, ["insert", "sums", "outputs", "collect"]),
    "batchnorm": (
        NORM.replace("d]", "c]").replace(", d)", ", n)").replace("s[n]", "s[c]"),
        ["insert", "sums", "outputs", "collect"],
    ),
    "rmsnorm": (
        "(-xhat[n, k]*mean(xhat[n, d]*∂xhat[n, d], d) + ∂xhat[n, k])/s[n]",
        ["insert", "sums", "outputs", "collect"],
    ),
    "softmax": (
        "(∂y[n, k] - sum(y[n, k]*∂y[n, k], k))*y[n, k]",
        ["insert", "names", "sums", "outputs"],
    ),
}


def network(layer: Table, loss: Table | None = None, *shape: int) -> symbp.Network:
    return symbp.Network(
        name="one", input={"shape": shape or [4]}, layer=[layer], loss=loss or {"type": "mse"}
    )


def of_layer(layer: Table, *shape: int) -> Derivation:
    (template,) = network(layer, None, *shape).program.graph.library.templates.values()
    return template.training.derivation


def of_loss(layer: Table, loss: Table, *shape: int) -> Derivation:
    return network(layer, loss, *shape).program.heads[0].text.derivation


def known(adjoint: Adjoint | None) -> tuple[sp.Expr, list[str]]:
    assert adjoint is not None
    (equation,) = adjoint.equations
    return equation.rhs, [step.rule for step in adjoint.steps]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_in_its_own_output(name):
    found, rules = known(of_layer({"type": "activation", "function": name}).adjoint("x"))
    assert (str(found), rules) == ACTIVATIONS[name]


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_is_compact(name):
    found, rules = known(of_layer({"type": name}).adjoint("x"))
    assert (str(found), rules) == NORMS[name]


@pytest.mark.parametrize("name", ["layernorm", "batchnorm"])
def test_scale_and_shift_of_a_norm(name):
    derivation = of_layer({"type": name})
    letter = "c" if name == "batchnorm" else "d"
    beta, gamma = (known(derivation.adjoint(p))[0] for p in ("beta", "gamma"))
    assert str(beta) == f"sum(∂y[n, {letter}], n)"
    assert str(gamma) == f"sum(xhat[n, {letter}]*∂y[n, {letter}], n)"


def test_batchnorm_of_images_sums_over_positions_too():
    found, _ = known(of_layer({"type": "batchnorm"}, 2, 3, 4).adjoint("x"))
    assert "mean(∂xhat[n, c, p, q], n, p, q)" in str(found)


def test_a_norm_of_groups_by_formula_is_compact_too():
    formula = (
        "m[n,g] = mean(x[n,(g,c)], c)\nv[n,g] = mean((x[n,(g,c)] - m[n,g])**2, c)\n"
        "y[n,(g,c)] = (x[n,(g,c)] - m[n,g])/sqrt(v[n,g] + 0.01)"
    )
    layer = {"type": "formula", "formula": formula, "sizes": {"g": 2}}
    found, _ = known(of_layer(layer, 6).adjoint("x"))
    y, slope = "y[n, Group(g, c)]", "∂y[n, Group(g, c)]"
    assert str(found) == f"(-{y}*mean({y}*{slope}, c) + {slope} - mean({slope}, c))/s[n, g]"


@pytest.mark.parametrize(("reduction", "count"), [("mean", "/size(n)"), ("sum", "")])
def test_softmax_and_cross_entropy(reduction, count):
    loss = {"type": "cross_entropy", "reduction": reduction}
    derivation = of_loss({"type": "softmax"}, loss)
    found, rules = known(derivation.adjoint("x"))
    wanted = "-t[n, k] + y[n, k]"
    assert str(found) == (f"({wanted}){count}" if count else wanted)
    assert rules[0] == "insert"
    assert {"names", "outputs"} <= set(rules)
    everywhere = [s.rule for a in (*derivation.adjoints, *derivation.inserted) for s in a.steps]
    assert "facts" in everywhere
    assert derivation.unit.assumptions == ("one_hot",)


def test_softmax_and_cross_entropy_of_a_sequence():
    derivation = of_loss({"type": "softmax"}, {"type": "cross_entropy"}, 3, 4)
    found, _ = known(derivation.adjoint("x"))
    assert str(found) == "(-t[n, s, k] + y[n, s, k])/(size(n)*size(s))"


@pytest.mark.parametrize(
    ("reduction", "wanted"),
    [("mean", "-(t[n, j] - y[n, j])/size(n)"), ("sum", "-t[n, j] + y[n, j]")],
)
def test_sigmoid_and_binary_cross_entropy(reduction, wanted):
    loss = {"type": "binary_cross_entropy", "reduction": reduction}
    derivation = of_loss({"type": "activation", "function": "sigmoid"}, loss)
    found, rules = known(derivation.adjoint("x"))
    assert str(found) == wanted
    assert rules == ["insert", "derivative", "names", "collect"]
    assert not derivation.unit.assumptions


LOSSES = {
    "mse": "(-t[n, j] + y[n, j])/size(n)",
    "mae": "Sign(-t[n, j] + y[n, j])/size(n)",
    "huber": "Where(Compare(<=, Abs(-t[n, j] + y[n, j]), 1), -t[n, j] + y[n, j], "
    "Sign(-t[n, j] + y[n, j]))/size(n)",
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss(name):
    found, _ = known(of_loss(dense(3), {"type": name}).adjoint("y"))
    assert str(found) == LOSSES[name]


def test_dense():
    derivation = of_layer(dense(3))
    found = {a.name: str(a.equations[0].rhs) for a in derivation.adjoints}
    assert found == {
        "x": "sum(W[i, j]*∂y[n, j], j)",
        "W": "sum(x[n, i]*∂y[n, j], n)",
        "b": "sum(∂y[n, j], n)",
    }


def test_every_step_keeps_the_value():
    """Each step starts where the one before ended, and the last is the equation that runs."""
    for kind in ("layernorm", "softmax", "batchnorm", "rmsnorm"):
        for adjoint in of_layer({"type": kind}).adjoints:
            for first, second in zip(adjoint.steps, adjoint.steps[1:], strict=False):
                assert first.after == second.before
            if adjoint.steps:
                assert adjoint.steps[-1].after == adjoint.equations[0].rhs


def test_a_function_is_written_in_its_value_only_where_that_is_exact():
    bodies = named_bodies()
    sigmoid = derivative(bodies["sigmoid"])
    assert sigmoid.in_value
    assert sp.expand(sigmoid.result - A * (1 - A)) == 0
    assert not derivative(bodies["relu"]).in_value
    assert not derivative(U**2).in_value  # two arguments for one value
    assert derivative(sp.tanh(U)).result == 1 - A**2
