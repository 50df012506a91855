"""``symbp exercise``."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_exercise_writes_a_worksheet_and_its_solution(symbp: Run, here: Path) -> None:
    result = symbp("exercise", "article", "--seed", "3")
    assert result.exit_code == 0, result.output
    written = sorted(path.name for path in (here / "article_exercise").iterdir())
    assert written == ["solution.md", "solution.tex", "worksheet.md", "worksheet.tex"]


def test_exercise_writes_a_faulty_sheet_and_its_key(symbp: Run, here: Path) -> None:
    result = symbp("exercise", "article", "--faulty", "--lang", "zh", "-o", "sheets")
    assert result.exit_code == 0, result.output
    written = sorted(path.name for path in (here / "sheets").iterdir())
    assert written == ["faulty.md", "faulty.tex", "key.md", "key.tex"]
    assert "错误" in (here / "sheets" / "key.md").read_text(encoding="utf-8")


def test_exercise_leaves_files_of_others_alone(symbp: Run, here: Path) -> None:
    (here / "sheets").mkdir()
    (here / "sheets" / "solution.md").write_text("mine", encoding="utf-8")
    result = symbp("exercise", "article", "-o", "sheets")
    assert result.exit_code == 2
    assert [path.name for path in (here / "sheets").iterdir()] == ["solution.md"]


def test_exercise_refuses_a_network_that_is_too_large(symbp: Run, here: Path) -> None:
    result = symbp("exercise", "digits_conv")
    assert result.exit_code == 2
    assert "by hand" in result.stderr
    assert not list(here.iterdir())


def test_check_judges_a_solution_right_and_a_faulty_sheet_wrong(symbp: Run, here: Path) -> None:
    symbp("exercise", "article", "-o", "sheets")
    symbp("exercise", "article", "--faulty", "-o", "sheets")
    assert symbp("check", "article", "sheets/solution.md").exit_code == 0
    assert symbp("check", "article", "sheets/faulty.md").exit_code == 1
