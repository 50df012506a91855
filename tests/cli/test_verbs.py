"""``derive``, ``generate``, ``verify``, ``map`` and ``build``, as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import symbp as package
from symbp import examples
from symbp.proof import module as modules
from symbp.proof.report import Report, Row
from symbp.writers.files import is_ours
from tests.cli.conftest import Run

RESULTS = [
    r"\frac{\partial L}{\partial w_1} = "
    r"(y - t) \sigma'(w_2 h + b_2) w_2 \sigma'(w_1 x + b_1) x",
    r"\frac{\partial L}{\partial b_1} = "
    r"(y - t) \sigma'(w_2 h + b_2) w_2 \sigma'(w_1 x + b_1)",
    r"\frac{\partial L}{\partial w_2} = (y - t) \sigma'(w_2 h + b_2) h",
    r"\frac{\partial L}{\partial b_2} = (y - t) \sigma'(w_2 h + b_2)",
]
SMALL = """
name = "small"
[input]
shape = [2]
[[layer]]
type = "dense"
units = 3
[loss]
type = "mse"
[train]
epochs = 5
"""


# -- derive ----------------------------------------------------------------------------------------


def test_derive_prints_the_results_of_the_article_one_a_line(symbp: Run) -> None:
    done = symbp("derive", "article", "--notation", "scalar", "--result-only")
    assert done.stdout.splitlines() == RESULTS


def test_derive_takes_several_names(symbp: Run) -> None:
    arguments = ["--notation", "scalar", "--result-only", "--wrt", "w2", "--wrt", "h"]
    lines = symbp("derive", "article", *arguments).stdout.splitlines()
    assert lines[0] == RESULTS[2]
    assert lines[1].startswith(r"\frac{\partial L}{\partial h} = ")
    assert len(lines) == 2


@pytest.mark.parametrize("form", ["latex", "markdown", "tex", "text", "json"])
@pytest.mark.parametrize("options", [(), ("--result-only",)])
def test_derive_writes_what_it_prints_and_knows_it_again(
    symbp: Run, here: Path, form: str, options: tuple[str, ...]
) -> None:
    arguments = ["derive", "article", "--format", form, *options]
    printed = symbp(*arguments).stdout
    assert symbp(*arguments, "-o", "out").exit_code == 0
    assert (here / "out").read_text().endswith(printed)
    assert is_ours(here / "out")
    assert symbp(*arguments, "-o", "out").exit_code == 0


def test_derive_json_has_the_keys_of_the_contract(symbp: Run) -> None:
    document = json.loads(symbp("derive", "article", "--format", "json").stdout)
    assert list(document) == ["network", "equations"]
    keys = {"id", "pass", "layer", "defines", "uses", "latex", "code", "lines"}
    assert all(set(equation) == keys for equation in document["equations"])
    assert all(set(e["latex"]) <= {"scalar", "matrix", "index"} for e in document["equations"])


def test_derive_json_holds_what_leads_to_the_names_asked_for(symbp: Run) -> None:
    whole = json.loads(symbp("derive", "article", "--format", "json", "--wrt", "W2").stdout)
    ids = [equation["id"] for equation in whole["equations"]]
    assert ids[-1] == "backward.dW2"
    assert "backward.dW1" not in ids
    assert {use for equation in whole["equations"] for use in equation["uses"]} <= set(ids)


def test_derive_of_order_two_prints_products_with_the_hessian(symbp: Run) -> None:
    lines = symbp("derive", "article", "--order", "2").stdout.splitlines()
    assert lines[0].startswith("% Products with the Hessian of the network article.")
    lines = symbp("derive", "article", "--order", "2", "--result-only").stdout.splitlines()
    products = [rf"\mathcal{{R}}\left\{{\frac{{\partial L}}{{\partial {p}}}\right\}} = "
                for p in ("W_1", "b_1", "W_2", "b_2")]  # fmt: skip
    assert len(lines) == 4
    assert all(map(str.startswith, lines, products))


def test_derive_json_of_order_two_has_the_lines_of_the_module_with_products(symbp: Run) -> None:
    document = json.loads(symbp("derive", "article", "--order", "2", "--format", "json").stdout)
    source = symbp("generate", "article", "--hvp").stdout.splitlines()
    tangents = [e for e in document["equations"] if e["id"].endswith(".tangent")]
    assert tangents[0]["id"] == "forward.z1.tangent"
    assert {"backward.dW1.tangent", "backward.db2.tangent"} <= {e["id"] for e in tangents}
    for equation in tangents:
        first, last = equation["lines"]
        for code, line in zip(equation["code"], source[first - 1 : last], strict=True):
            assert line.strip().startswith(code)


# -- generate --------------------------------------------------------------------------------------


def test_generate_prints_the_module_that_it_writes(symbp: Run, here: Path) -> None:
    printed = symbp("generate", "article")
    symbp("generate", "article", "-o", "module.py")
    assert (here / "module.py").read_text() == printed.stdout
    assert printed.stderr == ""
    assert list(here.iterdir()) == [here / "module.py"]


def test_generate_puts_large_data_beside_the_module(symbp: Run, here: Path) -> None:
    printed = symbp("generate", "iris_residual")
    assert "iris_residual_data.npz" in printed.stdout
    assert printed.stderr == (
        "the data go beside it as iris_residual_data.npz; -o FILE writes both\n"
    )
    (here / "folder").mkdir()
    assert symbp("generate", "iris_residual", "-o", "folder/module.py").exit_code == 0
    with np.load(here / "folder" / "iris_residual_data.npz", allow_pickle=False) as data:
        assert data["x"].shape == (150, 4)
    assert "CC BY 4.0" in (here / "folder" / "module.py").read_text()


def test_generate_keeps_a_foreign_file_unless_forced(symbp: Run, here: Path) -> None:
    (here / "mine.py").write_text("print('mine')\n")
    done = symbp("generate", "article", "-o", "mine.py")
    assert (done.exit_code, done.stderr) == (
        2,
        "mine.py: exists, and symbp did not write it; --force overwrites it\n",
    )
    assert (here / "mine.py").read_text() == "print('mine')\n"
    assert symbp("generate", "article", "-o", "mine.py", "--force").exit_code == 0
    assert symbp("generate", "article", "-o", "mine.py").exit_code == 0


def test_generate_makes_parameters_of_the_type_asked_for(symbp: Run) -> None:
    module = modules.load(symbp("generate", "article", "--dtype", "float32").stdout)
    assert {value.dtype for value in module.init_params().values()} == {np.dtype("float32")}


def test_generate_adds_products_with_the_hessian_where_they_are_asked_for(symbp: Run) -> None:
    plain = modules.load(symbp("generate", "article").stdout)
    assert not hasattr(plain, "hessian_vector_product")
    done = symbp("generate", "article", "--hvp")
    assert done.exit_code == 0
    module = modules.load(done.stdout)
    params = module.init_params(0)
    x, t = np.eye(2), np.ones((2, 1))
    product = module.hessian_vector_product(params, x, t, params)
    step = 1e-6
    up, down = (
        module.loss_and_grads({k: (1 + h) * p for k, p in params.items()}, x, t)[1]
        for h in (step, -step)
    )
    for key, found in product.items():
        np.testing.assert_allclose(found, (up[key] - down[key]) / (2 * step), atol=1e-8)


def test_own_data_are_found_beside_the_network_file(symbp: Run, here: Path) -> None:
    (here / "nets").mkdir()
    text = SMALL.replace("units = 3", "units = 1")
    text += '[data]\nsource = "my.csv"\ntarget = ["c"]\n'
    (here / "nets" / "small.toml").write_text(text)
    (here / "nets" / "my.csv").write_text("a,b,c\n1,2,3.5\n4,5,6.5\n")
    done = symbp("generate", "nets/small.toml")
    assert "np.array([[3.5], [6.5]])" in done.stdout
    (here / "nets" / "my.csv").write_text("a,b,c\n1,2,3.5\n4,nan,6.5\n")
    done = symbp("generate", "nets/small.toml")
    assert done.exit_code == 2
    assert "my.csv" in done.stderr


def test_data_that_do_not_fit_are_told_at_their_line(symbp: Run, here: Path) -> None:
    (here / "small.toml").write_text(SMALL + '[data]\nsource = "iris"\n')
    done = symbp("generate", "small.toml")
    line = SMALL.count("\n") + 1
    assert done.exit_code == 2
    assert done.stderr.startswith(f"small.toml:{line}: iris has inputs of shape [4], but the input")


def test_held_out_share_that_takes_no_sample_is_refused(symbp: Run, here: Path) -> None:
    (here / "small.toml").write_text(SMALL + "held_out = 0.01\n")
    done = symbp("build", "small.toml")
    assert done.exit_code == 2
    assert "takes 0 of 16 samples" in done.stderr
    assert [file.name for file in here.iterdir()] == ["small.toml"]


# -- verify ----------------------------------------------------------------------------------------


def test_verify_prints_parameter_error_and_verdict(symbp: Run) -> None:
    done = symbp("verify", "article")
    assert done.exit_code == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[0] for row in rows if row and row[-1] == "right"] == ["W1", "b1", "W2", "b2"]


@pytest.mark.parametrize("verb", ["verify", "build"])
def test_wrong_gradient_exits_with_1(
    symbp: Run, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    report = Report("article", (Row("W1", "both", 0.5, None), Row("b1", "both", 0.0, None)))
    monkeypatch.setattr(package.Network, "verify", lambda network: report)
    done = symbp(verb, "article")
    assert done.exit_code == 1
    assert "The gradient of W1 is wrong." in done.stdout
    assert "loss" not in done.stdout


# -- map -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", examples.names())
def test_map_puts_every_formula_beside_its_code_in_100_columns(symbp: Run, name: str) -> None:
    done = symbp("map", name)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    shown = "".join(done.stdout.split())
    for equation in json.loads(symbp("map", name, "--format", "json").stdout)["equations"]:
        for line in equation["code"]:
            if len(line) <= 40:
                assert "".join(line.split()) in shown


def test_map_lines_count_in_the_generated_file(symbp: Run) -> None:
    source = symbp("generate", "article").stdout.splitlines()
    document = json.loads(symbp("map", "article", "--format", "json").stdout)
    assert document["equations"]
    for equation in document["equations"]:
        first, last = equation["lines"]
        assert len(equation["code"]) == last - first + 1
        for number, code in zip(range(first, last + 1), equation["code"], strict=True):
            assert source[number - 1].strip().startswith(code)


def test_map_text_has_formula_number_and_code_in_a_line(symbp: Run) -> None:
    lines = symbp("map", "article").stdout.splitlines()
    row = next(line for line in lines if "∂L/∂W2" in line)
    source = symbp("generate", "article").stdout.splitlines()
    number = next(k for k, line in enumerate(source, 1) if "dW2 = h.T @ dz2" in line)
    assert " ".join(row.split()) == f"∂L/∂W2 = hᵀ ∂L/∂z2 {number} dW2 = h.T @ dz2"


# -- build -----------------------------------------------------------------------------------------


def test_build_writes_derivation_and_module_and_solves_xor(symbp: Run, here: Path) -> None:
    done = symbp("build", "article")
    assert done.exit_code == 0, done.output
    files = sorted(file.name for file in (here / "article").iterdir())
    assert files == ["article.md", "article.py", "article.tex"]
    document = (here / "article" / "article.tex").read_text()
    assert RESULTS[0] in document.replace("&", "")
    assert "∂L/∂w1 = (y - t) σ'(w2 h + b2) w2 σ'(w1 x + b1) x" in done.stdout
    table = [line.split() for line in done.stdout.splitlines() if line.count(".") == 1]
    outputs = {" ".join(row[:2]): round(float(row[3])) for row in table if len(row) == 4}
    assert outputs == {"0 0": 0, "0 1": 1, "1 0": 1, "1 1": 0}
    assert "\x1b" not in done.output


def test_build_writes_the_same_module_as_generate(symbp: Run, here: Path) -> None:
    (here / "small.toml").write_text(SMALL)
    assert symbp("build", "small.toml", "-o", "out/deep").exit_code == 0
    assert (here / "out" / "deep" / "small.py").read_text() == symbp(
        "generate", "small.toml"
    ).stdout


def test_build_twice_is_allowed_but_a_foreign_file_stops_it(symbp: Run, here: Path) -> None:
    (here / "small.toml").write_text(SMALL)
    assert symbp("build", "small.toml").exit_code == 0
    assert symbp("build", "small.toml").exit_code == 0
    (here / "small" / "small.py").write_text("mine")
    (here / "small" / "small.md").unlink()
    assert symbp("build", "small.toml").exit_code == 2
    assert not (here / "small" / "small.md").exists()
    assert symbp("build", "small.toml", "--force").exit_code == 0


def test_build_refuses_a_name_that_hides_a_module(symbp: Run, here: Path) -> None:
    (here / "small.toml").write_text(SMALL.replace('"small"', '"random"'))
    done = symbp("build", "small.toml")
    assert (done.exit_code, done.stderr) == (
        2,
        "small.toml: its module, random.py, would hide Python's own; "
        "call the network random_network\n",
    )
    assert [file.name for file in here.iterdir()] == ["small.toml"]
