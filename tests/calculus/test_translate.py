"""From the parse tree to equations: which parts get a name, and why."""

from __future__ import annotations

from symbp.layers.definition import Definition
from symbp.network.template import Library, Place


def equations(text, shape=(4,), inputs=("x",), **declared):
    definition = Definition(text, inputs=inputs, output=text.split("\n")[-1][0], **declared)
    shapes = ((None, *shape),) * len(inputs)
    unit = Library().unit(definition, text, Place(shapes, None), True)[0]
    return {e.name: str(e.rhs) for e in unit.equations}


DENSE = {"parameters": {"W": ("i", 3), "b": ("j",)}}


def test_an_argument_with_a_contraction_is_named():
    found = equations("y[n,j] = tanh(sum(x[n,i]*W[i,j], i) + b[j])", **DENSE)
    assert found == {"z": "b[j] + sum(W[i, j]*x[n, i], i)", "y": "Apply(tanh, z[n, j])"}


def test_a_call_below_the_top_is_named():
    assert equations("y[n,i] = x[n,i]*sigmoid(x[n,i])") == {
        "a": "Apply(sigmoid, x[n, i])",
        "y": "a[n, i]*x[n, i]",
    }


def test_the_same_call_is_named_once():
    found = equations("y[n,i] = sigmoid(x[n,i]) + x[n,i]*sigmoid(x[n,i])")
    assert list(found) == ["a", "y"]


def test_a_reduction_in_a_factor_is_named():
    found = equations("y[n,d] = x[n,d]/sqrt(sum(x[n,k]**2, k))")
    assert found["s"] == "sqrt(sum(x[n, k]**2, k))" or "sum" in "".join(found.values())
    assert found["y"].startswith("x[n, d]/")


def test_what_stands_beside_a_parameter_is_named():
    text = "y[n,d] = g[d]*x[n,d]/sqrt(mean(x[n,k]**2, k) + 1e-5)"
    found = equations(text, parameters={"g": ("d",)})
    assert list(found)[-2:] == ["xhat", "y"]
    assert found["y"] == "g[d]*xhat[n, d]"


def test_softmax_is_a_ratio_of_exponentials():
    assert equations("p[n,k] = softmax(x[n,k], k)") == {
        "u": "exp(x[n, k])",
        "s": "sum(u[n, k_1], k_1)",
        "p": "u[n, k]/s[n]",
    }


def test_a_part_takes_no_name_of_the_user():
    found = equations("u[n,k] = 2*x[n,k]\ns[n,k] = u[n,k]**2\np[n,k] = softmax(s[n,k], k)")
    assert set(found) == {"u", "s", "p", "u2", "s2"}


def test_a_condition_is_a_factor_where_nothing_can_overflow():
    found = equations("y[n,t] = sum(x[n,u]*W[t,u], u, u <= t)", parameters={"W": (4, "u")})
    assert found["y"] == "sum(W[t, u]*x[n, u]*Iverson(Compare(<=, u, t)), u)"
    found = equations("y[n,t] = sum(exp(x[n,u]), u, u <= t)", sizes={"t": 4})
    assert "Where(Compare(<=, u, t), " in found["y"]


def test_a_mean_of_nothing_is_zero():
    found = equations("y[n,t] = mean(x[n,u], u, u < t)", sizes={"t": 4})
    assert ">=" in found["y"]


def test_a_minimum_is_a_maximum_upside_down():
    assert "max(-x[n, d], d)" in "".join(equations("y[n] = min(x[n,d], d)").values())
