"""The notebook runs from top to bottom, and its checks would see a wrong number."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from functools import cache
from typing import Any

import nbformat
import pytest

from symbp.lecture.notebook import notebook
from symbp.lecture.notebook_cells import escaped
from symbp.writers.equations import equations
from tests.lecture.networks import network

KINDS = ("article", "repeated", "conv", "recurrent", "stopped", "hostile")


@cache
def written(name: str, lang: str = "en") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(notebook(network(name), lang))
    return found


def codes(name: str, lang: str = "en") -> dict[str, str]:
    cells = written(name, lang)["cells"]
    return {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "code"}


def texts(name: str, lang: str = "en") -> str:
    cells = written(name, lang)["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def run(cells: dict[str, str]) -> tuple[str, dict[str, Any]]:
    names: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()) as out:
        for id, source in cells.items():
            exec(compile(source, id, "exec"), names)  # ours alone, and what a notebook does
    return out.getvalue(), names


@cache
def ran(name: str, lang: str = "en") -> tuple[str, dict[str, Any]]:
    return run(codes(name, lang))


@pytest.mark.parametrize("name", KINDS)
def test_every_cell_runs_in_turn(name):
    said, names = ran(name)
    assert "all gradients as in the module" in said
    assert said.count("differs from central differences by") == len(names["grads"])
    assert names["history"]["loss"]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_is_a_valid_notebook(name, lang):
    nbformat.validate(nbformat.reads(json.dumps(written(name, lang)), as_version=4))


def test_the_chinese_one_runs_too():
    said, _ = ran("hostile", "zh")
    assert "所有梯度与模块一致" in said


@pytest.mark.parametrize("name", KINDS[:-1])
def test_every_equation_of_the_passes_has_its_code_in_a_cell(name):
    pieces = "\n".join(s for id, s in codes(name).items() if not id.startswith("module"))
    for entry in equations(network(name).program):
        if entry.part in ("forward", "backward"):
            assert all(line in pieces for line in entry.code), entry.id


def test_a_wrong_line_is_caught_by_its_check():
    cells = codes("article")
    place = "backward-code-2"
    assert "dz1 = dh * h * (1 - h)" in cells[place]
    cells[place] = cells[place].replace("dz1 = dh * h * (1 - h)", "dz1 = dh * h * (1 + h)")
    with pytest.raises(AssertionError, match="the gradient of W1 is wrong"):
        run(cells)


def test_a_value_that_is_not_the_modules_is_caught():
    cells = codes("article")
    assert cells["forward-code-2"].startswith("h = sigmoid(z1)")
    cells["forward-code-2"] = "h = np.tanh(z1)"
    with pytest.raises(AssertionError, match="h is not the module's"):
        run(cells)


def test_formula_code_and_check_follow_each_other():
    kinds = [c["id"].rsplit("-", 1)[0] for c in written("article")["cells"]]
    assert "forward-text forward-code forward-check-code" in " ".join(kinds)
    assert "backward-text backward-code backward-check-code" in " ".join(kinds)


def test_the_loss_is_drawn_without_a_library():
    _, names = ran("article")
    last = codes("article")["training-code-1"].splitlines()[-1]
    curve = eval(last, names)
    assert curve._repr_svg_().startswith("<svg") and "polyline" in curve._repr_svg_()
    assert repr(curve).startswith("loss: 0.5")


def test_ids_and_bytes_are_the_same_each_time():
    ids = [c["id"] for c in written("article")["cells"]]
    assert len(ids) == len(set(ids))
    assert notebook(network("article")) == notebook(network("article"))


def test_text_of_the_network_file_stands_in_it_as_it_is():
    assert escaped("<b>*x*</b> $1") == r"\<b\>\*x\*\</b\> \$1"
    assert r"\</script\>" in texts("hostile")


def test_symbp_knows_its_own_notebook_by_its_head():
    assert "Written by symbp" in notebook(network("article"))[:1024]
    assert "Written by symbp" in notebook(network("hostile"), "zh")[:1024]
