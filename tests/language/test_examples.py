"""The built-in examples and the starter file: valid, trainable, and found by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbp import examples
from symbp.errors import InputError
from symbp.language.network_file import load
from symbp.language.starter import starter


@pytest.mark.parametrize("name", examples.names())
def test_example_is_a_network_of_its_name_with_title_training_and_data(name):
    file = examples.path(name)
    spec = load(file)
    assert spec.name == name
    assert spec.title and spec.data is not None
    assert "[train]\n" in file.read_text()
    assert file.read_text().startswith("# ")


def test_examples_are_listed_in_order():
    assert examples.names() == sorted(examples.names())
    assert "article" in examples.names()


def test_article_is_the_network_of_the_article():
    spec = load(examples.path("article"))
    assert [dict(layer.options) for layer in spec.layers] == [
        {"units": 3, "bias": True, "activation": "sigmoid", "init": None},
        {"units": 1, "bias": True, "activation": "sigmoid", "init": None},
    ]
    assert [layer.name for layer in spec.layers] == ["h", "y"]
    loss = spec.outputs[0].loss
    assert (spec.input_shape, loss.type, loss.reduction) == ((2,), "mse", "sum")
    assert spec.data is not None and spec.data.source == "xor"


def test_unknown_example_is_named_with_the_known_ones():
    with pytest.raises(InputError, match=r"did you mean article\?"):
        examples.path("artcle")


def test_network_is_located_as_a_file_first_and_by_name_then(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert examples.locate("article") == examples.path("article")
    assert examples.locate("missing/net.toml") == Path("missing/net.toml")
    Path("article").mkdir()  # what `build` writes
    assert examples.locate("article") == examples.path("article")
    Path("own").write_text(starter("own"))
    assert examples.locate("own") == Path("own")
    with pytest.raises(InputError):
        examples.locate("")


def test_starter_is_a_valid_network_that_trains(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(starter("mine"))
    spec = load(file)
    assert spec.name == "mine"
    assert spec.data is not None and spec.train.epochs > 1


@pytest.mark.parametrize("name", ["", "1a", "a b", "a-b", "class", "a" * 33, 'a"', "é", "../a"])
def test_starter_refuses_what_is_no_identifier(name):
    with pytest.raises(InputError, match="identifier"):
        starter(name)
