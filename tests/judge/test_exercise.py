"""Exercise sheets: their own answers are judged right, planted mistakes wrong where they were planted."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from symbp.errors import InputError
from symbp.judge.exercise import Exercise, exercise
from symbp.judge.exercise_numbers import number, written
from symbp.judge.exercise_phrases import PHRASES
from tests import peers
from tests.examples import example
from tests.judge.corpus.judging import judged

pytestmark = pytest.mark.slow

BY_HAND = (
    "article", "iris_residual", "swish", "digits_mlp", "deep_sigmoid", "bilinear",
    "digits_softmax", "regression", "spirals",
)  # fmt: skip
TOO_LARGE = ("digits_conv", "copy_gru", "shakespeare_transformer", "detector", "deep_repeat")
BLANK = re.compile(r"\$(?P<left>[^$]+) =\$ _{5,}")


@cache
def made(name: str, seed: int = 1, faulty: bool = False, lang: str = "en") -> Exercise:
    return exercise(example(name), seed, faulty=faulty, lang=lang)


def page(name: str, file: str, **options: object) -> str:
    return dict(made(name, **options).files)[file].decode()  # type: ignore[arg-type]


def filled(sheet: str, solution: str) -> str:
    """The worksheet with the formulas of the solution on its lines."""
    formulas = dict(re.findall(r"\*\*\d+\.\*\* \$(\S.*?) = (.*)\$", solution))
    return BLANK.sub(lambda m: f"${m['left']} = {formulas[m['left']]}$", sheet)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_worksheet_filled_in_is_judged_right(name: str) -> None:
    text = filled(page(name, "worksheet.md"), page(name, "solution.md"))
    assert "=$ ___" not in text
    assert {j.verdict for j in judged(name, "w.md", text).parameters.values()} == {"right"}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_faulty_sheet_is_judged_wrong_at_the_planted_step(name: str) -> None:
    planted = made(name, faulty=True).planted
    assert planted is not None
    verdict = judged(name, "faulty.md", page(name, "faulty.md", faulty=True))
    blamed = {(b.kind, b.where) for j in verdict.parameters.values() for b in j.blames
              if not (b.following or b.also)}  # fmt: skip
    assert blamed == {(planted.mutation.kind, planted.mutation.where)}


def test_the_key_names_the_wrong_step_and_the_right_formula() -> None:
    planted = made("article", faulty=True).planted
    assert planted is not None
    ids = [step.id for step in made("article", faulty=True).sheet.backward]
    key = page("article", "key.md", faulty=True)
    assert f"Step {ids.index(planted.step.id) + 1} of the backward pass" in key
    right = next(s for s in made("article", faulty=True).sheet.backward if s.id == planted.step.id)
    assert planted.step.formula in key
    assert re.search(r"^In ∂L/∂", key, re.MULTILINE)
    assert right.formula in key
    faulty = page("article", "faulty.md", faulty=True)
    assert planted.step.formula in faulty
    assert right.formula not in faulty


def test_the_numbers_of_a_faulty_sheet_follow_from_its_wrong_step() -> None:
    sheet = made("article", faulty=True).sheet
    differ = [s.id for s, t in zip(sheet.shown, sheet.backward, strict=True)
              if not np.allclose(s.value, t.value, rtol=1e-6, atol=0)]  # fmt: skip
    assert sheet.planted is not None
    assert differ[0] == sheet.planted.step.id


def test_a_worksheet_gives_away_no_value_and_no_gradient() -> None:
    sheet = page("article", "worksheet.md")
    backward = sheet[sheet.index("## Backward pass") :]
    assert len(BLANK.findall(backward)) == 8
    assert not re.search(r"Value: [^_]", sheet)


def test_given_numbers_have_two_decimals_at_most() -> None:
    point = made("article").sheet.numbers.point
    for value in (point.x, point.t, *point.params.values()):
        assert np.array_equal(value, np.round(value, 2))


def test_a_seed_gives_the_same_bytes_and_another_seed_other_numbers() -> None:
    again = exercise(example("article"), 1)
    assert again.files == made("article").files
    assert made("article", seed=2).files != made("article").files


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_for_paper_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be worked through by hand"):
        exercise(example(name))


def test_a_sheet_in_chinese_has_no_english_sentence() -> None:
    for faulty, files in ((False, ("worksheet", "solution")), (True, ("faulty", "key"))):
        for file in files:
            text = page("article", f"{file}.md", faulty=faulty, lang="zh")
            english = [en for en, _ in PHRASES.values() if len(en) > 20 and "{" not in en]
            assert not [sentence for sentence in english if sentence in text]
            assert "网络" in text


def test_large_and_small_numbers_are_written_to_four_digits() -> None:
    assert [number(v) for v in (0.123456, -1.5, 3.2e-7, 0.0)] == ["0.1235", "-1.5", "3.2e-07", "0"]
    assert written(np.array([[1.0, 0.25]])) == "[[1, 0.25]]"


@pytest.mark.parametrize(("name", "lang"), [("bilinear", "en"), ("iris_residual", "zh")])
def test_sheets_compile_and_stay_between_the_margins(name: str, lang: str, tmp_path: Path) -> None:
    peers.tex()
    engine = ["xelatex", "-no-pdf"] if lang == "zh" else ["pdflatex", "-draftmode"]
    for file in ("worksheet.tex", "solution.tex", "key.tex"):
        text = page(name, file, faulty=file.startswith("key"), lang=lang)
        (tmp_path / file).write_text(text, encoding="utf-8")
        command = [*engine, "-interaction=nonstopmode", "-halt-on-error", file]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        log = run.stdout.decode("utf-8", "replace")
        assert run.returncode == 0, log[-600:]
        assert "Overfull" not in log, file
