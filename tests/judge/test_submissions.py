"""Folders and archives of answers: each alone, in order, within limits."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from symbp.errors import InputError
from symbp.judge.answer import Unusable
from symbp.judge.submissions import submissions
from tests.judge.reading import network


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/x.tex", "a/.hidden", "__pycache__/c.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("dw1 = (y - t) x")
    with submissions(tmp_path) as found:
        assert [s.name for s in found] == ["a/x.tex", "b.txt"]
        assert found[0].read(network("article")).name == "a/x.tex"


def test_one_file_is_a_folder_of_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("dw1 = x")
    with submissions(path) as found:
        assert [s.name for s in found] == ["a.txt"]


def test_the_files_of_an_archive_are_answers(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("../../up.txt", "dw1 = x")
        archive.writestr("eve.tex", r"\frac{\partial L}{\partial w_1} = x")
    with submissions(tmp_path) as found:
        assert [s.name for s in found] == ["all.zip/../../up.txt", "all.zip/eve.tex"]
        assert all(s.read(network("article")).kind == "text" for s in found)
    assert not (tmp_path.parent / "up.txt").exists()


def test_an_archive_of_thousands_of_files_is_unusable_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for k in range(1_000):
            archive.writestr(f"{k}.txt", "")
    (tmp_path / "one.txt").write_text("dw1 = x")
    with submissions(tmp_path) as found:
        many, one = found
        with pytest.raises(Unusable, match="holds 1000 files"):
            many.read(network("article"))
        assert one.read(network("article")).kind == "text"


def test_an_archive_that_unpacks_to_gigabytes_is_unusable(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 30_000_000)
    with submissions(tmp_path / "bomb.zip") as found:
        assert "more than an answer needs" in str(found[0].problem)


def test_what_is_no_file_or_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 no")
    (tmp_path / "b.txt").symlink_to("/etc/passwd")
    with submissions(tmp_path) as found:
        assert all(s.problem is not None for s in found)


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"), submissions(tmp_path / "no") as found:
        assert not found
