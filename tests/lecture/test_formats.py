"""``symbp lecture --format notebook`` and ``--format slides``."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import here, symbp

__all__ = ["here", "symbp"]


def test_a_notebook_is_written_under_the_networks_name(symbp, here):
    said = symbp("lecture", "article", "--format", "notebook")
    assert (said.exit_code, said.stderr) == (0, "")
    assert json.loads((here / "article.ipynb").read_text())["nbformat"] == 4


def test_slides_are_written_into_a_folder(symbp, here):
    said = symbp("lecture", "article", "--format", "slides", "--lang", "zh")
    assert (said.exit_code, said.stderr) == (0, "")
    assert "xelatex slides.tex" in said.stdout
    assert (here / "article_slides" / "slides.tex").is_file()
    assert (here / "article_slides" / "backward.tex").is_file()


@pytest.mark.parametrize("form", ["notebook", "slides"])
def test_its_own_files_are_written_again_and_no_others(form, symbp, here):
    target = {"notebook": "a.ipynb", "slides": "a"}[form]
    assert symbp("lecture", "article", "--format", form, "-o", target).exit_code == 0
    assert symbp("lecture", "article", "--format", form, "-o", target).exit_code == 0
    file = here / target if form == "notebook" else here / target / "loss.tex"
    file.write_text("mine")
    said = symbp("lecture", "article", "--format", form, "-o", target)
    assert said.exit_code == 2
    assert "symbp did not write it" in said.stderr
    assert file.read_text() == "mine"


def test_slides_do_not_go_into_a_file(symbp, here):
    (here / "a").write_text("mine")
    said = symbp("lecture", "article", "--format", "slides", "-o", "a")
    assert said.exit_code == 2
    assert "give a folder" in said.stderr
