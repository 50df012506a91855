"""``generated/``: exactly what symbp writes for the examples, formatted as ruff would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from symbp.writers import generated

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    generated.regenerate(folder)
    return folder


def test_checked_in_files_are_what_is_generated_now() -> None:
    assert generated.differences() == [], "run: python -m symbp.writers.generated"


def test_modules_are_formatted_as_ruff_would() -> None:
    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "100"]
    done = subprocess.run([*command, generated.FOLDER], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_regenerated_folder_has_no_differences(folder: Path) -> None:
    assert generated.differences(folder) == []


@pytest.mark.slow
def test_missing_stale_and_changed_files_are_named_and_put_right(folder: Path) -> None:
    (folder / "article" / "article.md").unlink()
    (folder / "article" / "article.py").write_text("changed")
    (folder / "gone").mkdir()
    (folder / "gone" / "gone.py").write_text("stale")
    found = generated.differences(folder)
    assert [line.partition(": ")[::2] for line in found] == [
        ("article/article.md", "missing"),
        ("gone/gone.py", "stale, nothing generates it"),
        ("article/article.py", "differs from what is generated now"),
    ]
    generated.regenerate(folder)
    assert generated.differences(folder) == []
    assert not (folder / "gone").exists()
