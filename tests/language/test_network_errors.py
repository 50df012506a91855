"""What is wrong with a network is said in words, at the line of the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symbp.errors import InputError
from symbp.language.network_file import from_tables, load
from symbp.language.options import OPTIMIZERS
from tests.language.networks import DENSE, MANUAL, message, network

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        file = tmp_path / "net.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return to_file


LINES = [  # (old line, new line, line of the error, what it says)
    ('name = "xor"', 'name = "1"', 1, "identifier"),
    ("shape = [2]", "shape = [0]", 4, "sizes of at least 1"),
    ('name = "t"', 'name = "x"', 7, "belongs to the input"),
    ('name = "h"', 'name = "lambda"', 11, "'lambda' is reserved; write lam"),
    ('name = "y"', 'name = "h"', 17, "belongs to a layer"),
    ('name = "y"', 'name = "t"', 7, "belongs to a layer"),
    ("units = 3", "units = 3.5", 12, "units of a dense layer must be an integer"),
    ("units = 1", "unit = 1", 18, "unknown key 'unit' of a dense layer; known here: units, bias, "
     "activation, init, name, inputs, share, type (did you mean units?)"),
    ("units = 1", "", 15, "a dense layer needs units"),
    ('type = "mse"', 'type = "msa"', 22, "unknown loss 'msa'"),
    ('reduction = "sum"', 'reduction = "max"', 23, "known here: mean, sum"),
    ("l1 = 0.0", "l1 = -1", 27, "at least 0"),
    ('optimizer = "sgd"', 'optimizer = "adam"', 32, "momentum belongs to the optimizer"),
    ("epochs = 5000", "epoch = 5000", 34, "did you mean epochs?"),
    ("held_out = 0.2", "held_out = 1.0", 37, "at least 0 and below 1"),
    ('source = "xor"', 'source = "../xor.csv"', 41, "leaves the folder"),
    ("[data]", "[date]", 40, "did you mean data?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "words"), LINES)
def test_error_carries_the_line_of_its_key(write, old, new, line, words):
    file = write(MANUAL.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load(file)
    assert (caught.value.file, caught.value.line) == (str(file), line)
    assert words in caught.value.message
    assert str(caught.value).startswith(f"{file}:{line}: ")


def test_error_inside_a_formula_carries_the_line_of_its_equation(write):
    text = (
        "[input]\nshape = [4]\n[[layer]]\ntype = 'formula'\n"
        'formula = """\nq[n,i] = x[n,i]**2\n\ns[n,i] = q[n,i]*V[i]\n"""\n[loss]\ntype = "mse"\n'
    )
    with pytest.raises(InputError) as caught:
        load(write(text))
    assert caught.value.line == 8
    assert caught.value.message.startswith("unknown name 'V'; known here: q, s, x")
    with pytest.raises(InputError) as caught:
        load(write(text.replace("*V[i]", " ^ 2")))
    assert caught.value.line == 8
    good = load(write(text.replace("*V[i]", "")))
    assert good.layers[0].formula_line == 6


def test_error_deep_in_nested_layers_carries_its_line(write):
    text = MANUAL.replace(
        "[loss]",
        "[[layer]]\ntype = 'repeat'\ntimes = 2\n[[layer.layers]]\ntype = 'residual'\n"
        "[[layer.layers.layers]]\ntype = 'relu'\n[loss]",
    )
    with pytest.raises(InputError) as caught:
        load(write(text))
    assert caught.value.line == 27


def test_python_errors_say_where_without_lines():
    assert message(DENSE, {"type": "dense"}).startswith("layer 2: a dense layer needs units")


A = {**DENSE, "name": "a"}
REFUSED = [
    ([{"type": "dens"}], {}, "unknown layer type 'dens'"),
    ([{}], {}, "a layer needs a type"),
    ([A, {"type": "add", "inputs": ["a"]}], {}, "two inputs or more"),
    ([A, {"type": "add", "inputs": ["a", "b"]}], {}, "unknown earlier layer 'b'; known here: x, a"),
    ([{**DENSE, "inputs": ["y"]}, {**DENSE, "name": "y"}], {}, "unknown earlier layer 'y'"),
    ([A, {**DENSE, "inputs": ["a", "x"]}], {}, "takes one input"),
    ([A, {"type": "softmax", "share": "a"}], {}, "unknown key 'share' of a softmax layer"),
    ([A, {"type": "lstm", "share": "a"}], {}, "is of type dense"),
    ([A, {"type": "dense", "share": "b"}], {}, "unknown earlier dense layer 'b'"),
    ([A, {**A, "name": "b", "units": 5, "share": "a"}], {}, "has units = 3 as there, not 5"),
    ([{"type": "formula", "name": "a", "formula": "x*x"}, {"type": "formula", "share": "a"}], {},
     "has no parameters to share"),
    ([{"type": "repeat", "times": 2, "layers": [A]}, {**DENSE, "inputs": ["a"]}], {},
     "made inside a repeat"),
    ([{"type": "residual"}], {}, "needs layers"),
    ([{"type": "conv2d", "filters": 4, "kernel": 2, "padding": "same"}], {}, "odd kernels"),
    ([{"type": "conv2d", "filters": 4, "kernel": 3, "stride": 2, "padding": "same"}], {},
     "needs stride = 1"),
    ([{"type": "conv1d", "filters": 4, "kernel": 3, "groups": 3}], {}, "not divisible by groups"),
    ([{**DENSE, "activation": "sigmod"}], {}, "did you mean sigmoid?"),
    ([{**DENSE, "activation": "a*x"}], {}, "unknown name 'a'; known here: x"),
    ([{**DENSE, "activation": "1 + 1"}], {}, "does not depend on x"),
    ([{**DENSE, "activation": "z[n,i] = x[n,i]"}], {}, "bare expression"),
    ([{"type": "activation", "function": "relu", "parameters": {"a": 1}}], {}, "never used"),
    ([{"type": "activation", "function": "a*x", "parameters": {"a": [2]}}], {}, "learnable scalar"),
    ([{"type": "formula", "formula": "x*g", "parameters": {"g": 1, "s": 1}}], {},
     "parameter s is never used"),
    ([{"type": "formula", "formula": "x*x", "constants": {"c": 1}}], {},
     "constant c is never used"),
    ([{"type": "formula", "formula": "x*c", "constants": {"c": [[1], [2, 3]]}}], {}, "full array"),
    ([{"type": "formula", "formula": "x*W", "parameters": {"W": 1}, "constants": {"W": 1}}], {},
     "W is defined twice"),
    ([{"type": "formula", "formula": "g*g", "parameters": {"g": 1}}], {}, "does not depend on"),
    ([{"type": "formula", "formula": "x*g", "parameters": {"g": 1}, "init": {"g": "ones"}}], {},
     "its start is the number in parameters"),
    ([{"type": "formula", "formula": "x*g", "parameters": {"g": 1}, "regularized": ["h"]}], {},
     "unknown parameter 'h'"),
    ([{"type": "formula", "formula": "x*g", "parameters": {"g": 1},
       "latex": {"g": "\\input{a}"}}], {}, "latex of g must be"),
    ([{"type": "formula", "formula": "z[n,i] = x[n,i]", "sizes": {"q": 2}}], {},
     "unknown letter 'q'"),
    ([], {"loss": {"type": "mse", "formula": "y - t"}}, "not both"),
    ([], {"loss": {"formula": "t*t"}}, "does not depend on the output y"),
    ([], {"loss": {"formula": "z[n] = sum(y[n,i], i)"}}, "L[n]"),
    ([], {"loss": {"formula": "L = sum(y[n,i], n, i)", "reduction": "sum"}}, "leave reduction out"),
    ([], {"loss": {"formula": "a*y", "parameters": {"a": 1}}}, "unknown key 'parameters'"),
    ([A], {"output": [{"from": "a", "loss": {"type": "mse"}}]}, "exclude each other"),
    ([], {"target": {"name": "x"}}, "belongs to the input"),
    ([], {"layers": [DENSE]}, "mean the same"),
    ([], {"train": {"schedule": "step"}}, "needs step_size"),
    ([], {"train": {"gamma": 0.5}}, "gamma belongs to the schedule step, not to constant"),
    ([], {"train": {"optimizer": "adam", "momentum": 0.5}}, "momentum belongs to the optimizer"),
    ([], {"data": {"source": "a.csv"}}, "needs target"),
    ([], {"data": {"source": "iris", "target": ["a"]}}, "names columns of a .csv file"),
    ([], {"data": {"source": "iriss"}}, "did you mean iris?"),
    ([], {"data": {"source": "/etc/a.npz"}}, "no relative path"),
    ([], {"data": {"source": "a/../../b.npz"}}, "leaves the folder"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "more", "words"), REFUSED)
def test_what_does_not_fit_together_is_refused(layers, more, words):
    assert words in message(*layers, **more)


def test_output_without_single_loss_or_target_needs_a_source_each():
    tables = {"input": {"shape": [4]}, "layer": [A], "output": [{"loss": {"type": "mse"}}] * 2}
    with pytest.raises(InputError, match="each of several outputs needs from"):
        from_tables(tables)


def test_path_inside_the_folder_is_allowed():
    data = network(data={"source": "sets/../a.npz"}).data
    assert data is not None and data.source == "sets/../a.npz"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_optimizer_takes_a_key_that_is_not_its_own(optimizer):
    assert "unknown key 'nesterov'" in message(train={"optimizer": optimizer, "nesterov": True})
