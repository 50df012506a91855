"""``symbp check`` and ``symbp.check``: whatever an answer is, and whatever it does."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import symbp
from symbp.cli import main
from symbp.errors import InputError
from tests.judge.answers import ARTICLE, SOURCE, answer

PYTHON = f"import numpy as np\n\ndef sigmoid(u):\n    return 1 / (1 + np.exp(-u))\n{SOURCE}"
WRONG = PYTHON.replace("dz2 = dy * y * (1 - y)", "dz2 = dy * y")
FORMULAS = r"""
\frac{\partial L}{\partial w_2} = (y - t)\, y (1 - y)\, h
\frac{\partial L}{\partial b_2} = (y - t)\, y (1 - y)
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The verb in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def check(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["check", "article", *arguments], prog_name="symbp")

    return check


def test_a_right_answer_leaves_with_0(run: Run) -> None:
    Path("answer.py").write_text(PYTHON)
    result = run("answer.py")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "All 4 gradients are right." in result.stdout


def test_the_articles_code_is_told_its_two_faults(run: Run) -> None:
    Path("article.py").write_text(ARTICLE)
    result = run("article.py", "--format", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)["parameters"]
    assert {k: v["verdict"] for k, v in found.items()} == {
        "W1": "wrong", "W2": "wrong", "b1": "missing", "b2": "missing"
    }  # fmt: skip
    for name in ("W1", "W2"):
        factor, loss = found[name]["diagnosis"]
        assert (factor["kind"], factor["where"]) == ("missing_factor", "backward.dz2")
        assert "the factor σ'(z2) = y ⊙ (1 - y) is missing. Here z2 = h W2 + b2." in factor["text"]
        assert loss["kind"] == "other_loss"
        assert "cross-entropy" in loss["text"]
    assert found["W1"]["diagnosis"][0]["following"]
    assert [found[b]["diagnosis"][0]["kind"] for b in ("b1", "b2")] == ["bias_missing"] * 2


def test_formulas_that_leave_something_out_leave_with_1(run: Run) -> None:
    Path("answer.tex").write_text(FORMULAS)
    result = run("answer.tex", "--format", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)["parameters"]
    assert [found[n]["verdict"] for n in ("W1", "b1", "W2", "b2")] == [
        "missing", "missing", "right", "right"
    ]  # fmt: skip


def test_an_answer_that_cannot_be_read_leaves_with_2_and_a_caret(run: Run) -> None:
    Path("answer.txt").write_text("dw1 = (y - t) * ) h\n")
    result = run("answer.txt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("answer.txt:1: ")
    assert "^" in result.stderr


def test_a_path_that_is_not_there_leaves_with_2(run: Run) -> None:
    result = run("nothing.py")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_an_unusable_answer_in_json_says_so(run: Run) -> None:
    Path("answer.py").write_text("x = 1\n")
    result = run("answer.py", "--format", "json")
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert document["parameters"] == {}
    assert "unusable" in document


def test_a_folder_is_judged_completely_whatever_is_in_it(run: Run) -> None:
    folder = Path("answers")
    folder.mkdir()
    (folder / "a_right.py").write_text(PYTHON)
    (folder / "b_wrong.py").write_text(WRONG)
    (folder / "c_hostile.py").write_text("raise SystemExit(0)\n")
    (folder / "d_broken.py").write_text("def gradients(params:\n")
    (folder / "e_formulas.tex").write_text(FORMULAS)
    result = run("answers", "--csv", "points.csv")
    assert result.exit_code == 1
    assert "1 of 5 answers are right, 2 unusable." in result.stdout
    rows = list(csv.DictReader(Path("points.csv").read_text().splitlines()))
    assert [[row[n] for n in ("answer", "W1", "b1", "W2", "b2", "sum")] for row in rows] == [
        ["a_right.py", "1", "1", "1", "1", "4"],
        ["b_wrong.py", "0", "0", "0", "0", "0"],
        ["c_hostile.py", "0", "0", "0", "0", "0"],
        ["d_broken.py", "0", "0", "0", "0", "0"],
        ["e_formulas.tex", "0", "0", "1", "1", "2"],
    ]
    assert [row["following"] for row in rows][1] == "3"


def test_a_folder_in_json_and_html_has_every_answer(run: Run) -> None:
    folder = Path("answers")
    folder.mkdir()
    (folder / "a.tex").write_text(FORMULAS)
    (folder / "b.txt").write_text("nothing to see\n")
    document = json.loads(run("answers", "--format", "json").stdout)
    assert list(document) == ["network", "answers"]
    assert list(document["answers"]) == ["a.tex", "b.txt"]
    assert document["answers"]["b.txt"]["parameters"] == {}
    assert run("answers", "--format", "html", "-o", "page.html").exit_code == 1
    page = Path("page.html").read_text()
    assert page.count('<section class="judge">') == 2


def test_what_symbp_wrote_is_written_anew_and_nothing_else(run: Run) -> None:
    Path("answer.tex").write_text(FORMULAS)
    for form, name in (("json", "a.json"), ("html", "a.html"), ("text", "a.txt")):
        for _ in range(2):
            assert run("answer.tex", "--format", form, "-o", name, "--csv", "p.csv").exit_code == 1
    Path("mine.json").write_text("{}")
    result = run("answer.tex", "-o", "mine.json")
    assert result.exit_code == 2
    assert Path("mine.json").read_text() == "{}"


def test_options_reach_the_report(run: Run) -> None:
    Path("answer.tex").write_text(FORMULAS.replace("y (1 - y)", "y"))
    assert "请再看看" in run("answer.tex", "--lang", "zh", "--hints", "1").stdout
    assert run("answer.tex", "--hints", "4").exit_code == 2


def test_functions_classes_texts_and_paths_can_be_checked(tmp_path: Path) -> None:
    network = symbp.load("article")
    assert symbp.check(network, answer()).ok
    assert not network.check(answer(dz2="dy")).ok
    made = symbp.check(network, FORMULAS)
    assert made.verdict.parameters["W2"].verdict == "right"
    path = tmp_path / "answer.tex"
    path.write_text(FORMULAS)
    assert symbp.check(network, path).as_json()["answer"] == "answer.tex"
    space: dict[str, Any] = {"np": np, "__name__": "notebook"}
    exec(ARTICLE, space)
    judged = symbp.check(network, space["NeuralNetwork"]).verdict.parameters
    assert [j.verdict for j in judged.values()] == ["wrong", "missing", "wrong", "missing"]


def test_a_function_that_fails_is_unusable_and_says_why() -> None:
    def gradients(params: Any, x: Any, t: Any) -> Any:
        raise ValueError("not yet written")

    made = symbp.check(symbp.load("article"), gradients)
    assert not made.ok
    assert "not yet written" in str(made)


def test_an_unknown_language_or_hint_is_an_input_error() -> None:
    network = symbp.load("article")
    with pytest.raises(InputError, match="unknown language 'de'"):
        symbp.check(network, answer(), lang="de")
    with pytest.raises(InputError, match="hints is 1, 2 or 3"):
        symbp.check(network, answer(), hints=4)


def test_a_notebook_shows_the_report_as_html() -> None:
    shown = symbp.check(symbp.load("article"), answer(dz2="dy"))._repr_html_()
    assert "<mark>" in shown
