"""Shapes that do not fit, and features of a later version: an error that names the line."""

from __future__ import annotations

import pytest

import symbp
from symbp.errors import InputError

HEAD = 'name = "net"\n[input]\nshape = {shape}\n\n'
LOSS = '\n[loss]\ntype = "mse"\n'
NAMED = '[[layer]]\ntype = "dense"\nunits = 5\nname = "a"\n\n'
ONE_NUMBER = '[[layer]]\ntype = "formula"\nname = "a"\nformula = "y[n] = sum(x[n,i], i)"\n\n'


def layer(kind: str, *lines: str) -> str:
    return "\n".join([f'[[layer]]\ntype = "{kind}"', *lines]) + "\n"


def formula(*equations: str, **beside: str) -> str:
    text = '"""\n' + "\n".join(equations) + '\n"""' if len(equations) > 1 else f'"{equations[0]}"'
    return layer("formula", f"formula = {text}", *(f"{k} = {v}" for k, v in beside.items()))


def inside(kind: str, *lines: str) -> str:
    return layer(kind, *lines) + '[[layer.layers]]\ntype = "dense"\nunits = 5\n'


# tables, shape of a sample, what the message says, the line it blames
CASES = {
    "residual": (
        inside("residual"),
        "[4]",
        "must give the shape of its input, [4], not [5]",
        "[[layer]]",
    ),
    "repeat": (
        inside("repeat", "times = 2"),
        "[4]",
        "the shape of its input, [4], not [5]",
        "[[layer]]",
    ),
    "add": (
        NAMED + layer("add", 'inputs = ["a", "x"]'),
        "[4]",
        "inputs of one shape, not [5], [4]",
        "[[layer]]",
    ),
    "concat along no axis": (
        NAMED + layer("concat", 'inputs = ["a", "x"]', "axis = 1"),
        "[4]",
        "axis = 1 does not exist in a sample of shape [5]",
        "[[layer]]",
    ),
    "concat": (
        NAMED + layer("concat", 'inputs = ["a", "x"]', "axis = 0"),
        "[2, 4]",
        "inputs that differ along axis 0 alone, not [2, 5], [2, 4]",
        "[[layer]]",
    ),
    "reshape": (
        layer("reshape", "shape = [3, 2]"),
        "[4]",
        "cannot reshape [4] (4 entries) to [3, 2] (6 entries)",
        "[[layer]]",
    ),
    "batchnorm": (layer("batchnorm"), "[2, 4]", "[c] or [c, h, w], not [2, 4]", "[[layer]]"),
    **{
        f"{kind} of one number": (
            ONE_NUMBER + layer(kind, *more),
            "[4]",
            f"{kind} needs an input with at least one axis",
            "[[layer]]",
        )
        for kind, more in (
            ("dense", ["units = 2"]),
            ("softmax", []),
            ("layernorm", []),
            ("rmsnorm", []),
            ("flatten", []),
        )
    },
    "share": (
        NAMED + layer("dense", 'share = "a"'),
        "[4]",
        "has W of shape [4, 5], this layer needs [5, 5]",
        "[[layer]]",
    ),
    "sizes of a letter": (
        formula("h[n,i] = x[n,i]", "y[n,j] = sum(h[n,i]*W[i,j], i)", parameters="{ W = [3, 2] }"),
        "[4]",
        "index i has size 4 (axis 2 of x) and 3 (axis 1 of W)",
        "y[n,j] = sum(h[n,i]*W[i,j], i)",
    ),
    "too many indices": (
        formula("y[n,j] = x[n,j,k]"),
        "[4]",
        "gives 3 indices, x has 2 axes",
        "formula =",
    ),
    "not divisible": (
        formula("y[n,g,d] = x[n,(g,d)]", sizes="{ g = 3 }"),
        "[4]",
        "not divisible by size(g) = 3",
        "formula =",
    ),
    "outside": (
        formula("h[n,i] = x[n,i]", "y[n,i] = h[n,i-1]"),
        "[4]",
        "h[n,i-1] reads position -1",
        "y[n,i] = h[n,i-1]",
    ),
    "a maximum of nothing": (
        formula("y[n,t] = max(x[n,u], u, u < t)", sizes="{ t = 4 }"),
        "[4]",
        "max(...) has nothing to choose from at t = 0",
        "formula =",
    ),
    "a softmax of nothing": (
        formula("h[n,i] = x[n,i]", "y[n,t,u] = softmax(h[n,u], u, u > t + 1)", sizes="{ t = 4 }"),
        "[4]",
        "softmax(...) has nothing to choose from at t = 2",
        "y[n,t,u] = softmax",
    ),
    # recurrences
    "past and future": (
        formula("h[n,t] = 0.5*h[n,t-1] + 0.5*h[n,t+1] + x[n,t]"),
        "[4]",
        "h steps to t-1 and to t+1; a recurrence steps one way",
        "formula",
    ),
    "the same step": (
        formula("q[n,t] = 2*h[n,t]", "h[n,t] = q[n,t] + x[n,t]"),
        "[4]",
        "reads itself in the same step",
        "q[n,t] = 2*h[n,t]",
    ),
    # borders
    "a border along a read position": (
        formula("y[n,t] = pad(x[n,c[t]-1])", constants="{ c = [0, 1] }"),
        "[4]",
        "a pad(...) of a position that is read from a tensor is understood but not derived",
        "formula",
    ),
}


def refused(text: str, tmp_path) -> tuple[InputError, str]:
    path = tmp_path / "net.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        symbp.load(path)
    error = caught.value
    assert error.file == str(path)
    assert error.line is not None
    return error, text.splitlines()[error.line - 1]


@pytest.mark.parametrize("name", CASES)
def test_what_does_not_fit_is_refused_at_its_line(name, tmp_path):
    tables, shape, message, line = CASES[name]
    error, blamed = refused(HEAD.format(shape=shape) + tables + LOSS, tmp_path)
    assert message in error.message
    assert blamed.startswith(line)


def test_the_layer_that_is_blamed_is_the_last():
    """Of several layers the one that does not fit; the error counts from the top of the file."""
    tables = {"type": "dense", "units": 5}, {"type": "reshape", "shape": [2, 2]}
    with pytest.raises(InputError, match="cannot reshape"):
        symbp.Network(name="net", input={"shape": [4]}, layer=list(tables), loss={"type": "mse"})


LOSSES = {
    "rank": (
        "[2, 3, 4]",
        'type = "cross_entropy"',
        "takes an output of shape [c] or [t, c], not [2, 3, 5]",
        "[loss]",
    ),
    "constants": (
        "[4]",
        'formula = "L[n] = sum(w[k]*(y[n,k] - t[n,k])**2, k)"\nconstants = { w = [1, 2] }',
        "index k has size 2 (axis 1 of w) and 5 (axis 2 of y)",
        "formula =",
    ),
    "targets": (
        "[4]",
        'formula = "L[n] = sum((y[n,k] - t[n,k,k])**2, k)"',
        "'t[n,k,k]' gives 3 indices, t has 2 axes",
        "formula =",
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_does_not_fit_is_refused_at_its_line(name, tmp_path):
    shape, loss, message, line = LOSSES[name]
    text = HEAD.format(shape=shape) + layer("dense", "units = 5") + "\n[loss]\n" + loss + "\n"
    error, blamed = refused(text, tmp_path)
    assert message in error.message
    assert blamed.startswith(line)
