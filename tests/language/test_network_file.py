"""Network files and tables become Specs: their structure, and equality."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from symbp.language.network_file import from_tables, load
from symbp.language.spec import Data, Train
from tests.language.networks import DENSE, MANUAL, network

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        file = tmp_path / "net.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return to_file


def test_article_from_a_file_equals_the_same_tables_from_python():
    h = {"type": "dense", "name": "h", "units": 3, "activation": "sigmoid"}
    y = {"type": "dense", "name": "y", "units": 1, "activation": "sigmoid"}
    tables = {
        "name": "article",
        "title": "Two layers of sigmoid neurons learn XOR",
        "input": {"shape": (np.int64(2),)},
        "layers": (h, y),
        "loss": {"type": "mse", "reduction": "sum"},
        "train": {"learning_rate": np.float64(0.5), "epochs": 5000, "batch_size": np.int32(4)},
        "data": {"source": "xor"},
    }
    file = Path(__file__).parents[2] / "symbp" / "examples" / "article.toml"
    assert from_tables(tables) == load(file)
    assert hash(from_tables(tables)) == hash(load(file))


def test_literal_example_of_the_manual_is_read(write):
    spec = load(write(MANUAL))
    assert spec.train == Train(
        learning_rate=0.5, momentum=0.9, epochs=5000, batch_size=4, clip_norm=1.0, held_out=0.2
    )
    assert (spec.name, spec.input_shape, spec.data) == ("xor", (2,), Data("xor"))


def test_spec_remembers_its_file_and_the_folder_of_its_data(write):
    file = write(MANUAL)
    spec = load(file)
    assert (spec.file, spec.base) == (str(file), str(file.parent))


def test_equal_networks_differ_by_no_line_or_spelling(write):
    inline = write('input = { shape = [4] }\nlayer = [{ type = "dense", units = 3 }]\n'
                   "\n\n[loss]\ntype = 'mse'")  # fmt: skip
    assert load(inline) == network()


def test_byte_order_mark_and_windows_line_ends_are_no_obstacle(tmp_path):
    file = tmp_path / "n.toml"
    file.write_bytes(b"\xef\xbb\xbf" + MANUAL.replace("\n", "\r\n").encode())
    plain = tmp_path / "m.toml"
    plain.write_text(MANUAL)
    assert load(file) == load(plain)
    assert [x.line for x in load(file).layers] == [x.line for x in load(plain).layers]


def test_chains_inside_residual_and_repeat():
    inner = {"type": "residual", "layers": [{"type": "layernorm"}, DENSE]}
    spec = network({"type": "repeat", "times": 5, "layers": [inner]})
    repeat = spec.layers[0]
    assert repeat.options == (("times", 5),)
    assert [x.type for x in repeat.layers[0].layers] == ["layernorm", "dense"]


def test_none_from_python_counts_as_not_given():
    assert network(train={"clip_norm": None, "batch_size": None}) == network()


def test_single_loss_makes_one_output_of_the_last_layer():
    (output,) = network(target={"name": "goal"}).outputs
    assert (output.source, output.target, output.weight) == (None, "goal", 1.0)


def test_several_outputs_have_losses_and_weights_of_their_own():
    tables = {
        "input": {"shape": [4]},
        "layer": [{**DENSE, "name": "a"}, {**DENSE, "name": "b"}],
        "output": [
            {"from": "a", "target": "s", "loss": {"type": "huber", "delta": 2}, "weight": 3},
            {"from": "b", "target": "t", "loss": {"type": "mse", "reduction": "sum"}},
        ],
    }
    first, second = from_tables(tables).outputs
    assert (first.source, first.target, first.weight) == ("a", "s", 3.0)
    assert first.loss.options == (("delta", 2.0),)
    assert (second.loss.reduction, second.weight) == ("sum", 1.0)


def test_sharing_layer_takes_over_what_shapes_the_parameters():
    owner = {"type": "dense", "name": "a", "units": 4, "bias": False, "activation": "tanh"}
    shared = network(owner, {"type": "dense", "share": "a"}).layers[1]
    assert shared.share == "a"
    expected = {"units": 4, "bias": False, "activation": None, "init": None}
    assert dict(shared.options) == expected


def test_sharing_a_sharing_layer_means_its_owner():
    owner = {"type": "dense", "name": "a", "units": 4}
    spec = network(owner, {"type": "dense", "name": "b", "share": "a"},
                   {"type": "dense", "share": "b"})  # fmt: skip
    assert spec.layers[2].share == "a"


def test_shared_formula_is_taken_over_with_its_parameters():
    owner = {"type": "formula", "name": "a", "formula": "g*x", "parameters": {"g": 2.0}}
    first, second = network(owner, {"type": "formula", "share": "a"}).layers
    assert (second.formula, second.options) == (first.formula, first.options)
