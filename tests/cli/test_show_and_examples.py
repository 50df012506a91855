"""``new``, ``show`` and ``examples``."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbp import examples
from tests.cli.conftest import Run

REPEATED = """
name = "deep"
title = "A title with [red]markup[/red]"
[input]
shape = [4]
[[layer]]
type = "dense"
name = "first"
units = 4
[[layer]]
type = "dense"
units = 4
activation = "x*sigmoid(x)"
[[layer]]
type = "repeat"
times = 5
[[layer.layers]]
type = "dense"
units = 4
[[layer.layers]]
type = "batchnorm"
[[layer]]
type = "dense"
share = "first"
units = 4
[loss]
type = "mse"
"""


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_new_writes_a_network_that_can_be_shown(symbp: Run, here: Path) -> None:
    assert symbp("new", "mine").exit_code == 0
    assert symbp("show", "mine.toml").exit_code == 0
    assert [file.name for file in here.iterdir()] == ["mine.toml"]


def test_new_never_overwrites_unasked(symbp: Run, here: Path) -> None:
    symbp("new", "mine")
    starter = (here / "mine.toml").read_text()
    (here / "mine.toml").write_text("# changed")
    done = symbp("new", "mine")
    assert (done.exit_code, done.stderr) == (
        2,
        "mine.toml: exists already; --force overwrites it\n",
    )
    assert symbp("new", "mine", "--force").exit_code == 0
    assert (here / "mine.toml").read_text() == starter


@pytest.mark.parametrize("name", ["../up", "a b", "class", "", "random", "x" * 33, "a\nb"])
def test_new_refuses_what_cannot_name_a_module(symbp: Run, here: Path, name: str) -> None:
    assert symbp("new", name).exit_code == 2
    assert list(here.iterdir()) == []


def test_show_lists_layers_shapes_and_counts(symbp: Run) -> None:
    lines = symbp("show", "article").stdout.splitlines()
    assert lines[0] == "article: Two layers of sigmoid neurons learn XOR"
    assert cells(lines[4]) == ["x", "input", "[2]"]
    assert cells(lines[5]) == ["h", "dense, sigmoid", "[3]", "W1 [2, 3], b1 [3]", "9"]
    assert cells(lines[6]) == ["y", "dense, sigmoid", "[1]", "W2 [3, 1], b2 [1]", "4"]
    assert cells(lines[8]) == ["total", "13"]
    assert lines[-1] == "loss: mse, y [1] against t, sum over the batch"


def test_show_counts_copies_buffers_and_shared_parameters(symbp: Run, here: Path) -> None:
    (here / "deep.toml").write_text(REPEATED)
    done = symbp("show", "deep.toml")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "deep: A title with [red]markup[/red]"
    text = " ".join(done.stdout.split())
    assert "repeat, 5 times [4]" in text
    assert "dense, x*sigmoid(x)" in text
    assert "W3 [5, 4, 4], b3 [5, 4] 100" in text
    assert "running_mean4 [5, 4]" in text
    assert "those of first" in text
    assert "total 180" in text  # 20 + 20 + 5*(20 + 8)


@pytest.mark.parametrize("name", examples.names())
def test_show_fits_in_100_columns(symbp: Run, name: str) -> None:
    assert max(map(len, symbp("show", name).stdout.splitlines())) <= 100


def test_examples_lists_each_with_parameters_and_data(symbp: Run) -> None:
    done = symbp("examples")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:]] == examples.names()
    assert cells(lines[2]) == ["article", "Two layers of sigmoid neurons learn XOR", "13", "xor"]
    assert max(map(len, lines)) <= 100
