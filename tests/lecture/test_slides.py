"""Slides compile, stay on the slide, and mark the code of every equation that they state."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from symbp.lecture.slides import slides
from symbp.lecture.slides_code import COLUMNS, FUNCTIONS, rows
from symbp.lecture.slides_tex import code_text, words
from symbp.writers.equations import equations
from symbp.writers.module import write
from tests import peers
from tests.lecture.networks import network

pytestmark = pytest.mark.slow

ENGINES = {"en": ["pdflatex", "-draftmode"], "zh": ["xelatex", "-no-pdf"]}  # the log is enough
WIDEST = 2.0  # points beyond the margin


@cache
def written(name: str, lang: str = "en") -> dict[str, str]:
    return slides(network(name), lang)


def complaints(name: str, lang: str, folder: Path) -> list[str]:
    """What TeX says against the slides."""
    peers.tex()
    for file, text in written(name, lang).items():
        (folder / file).write_text(text, encoding="utf-8")
    command = [*ENGINES[lang], "-interaction=nonstopmode", "-halt-on-error", "slides.tex"]
    quiet = {**os.environ, "max_print_line": "1000"}
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, check=False, env=quiet, timeout=300
    )
    log = (folder / "slides.log").read_text(encoding="utf-8", errors="replace")
    assert ran.returncode == 0, log[log.find("\n!") :][:600]
    wide = re.findall(r"Overfull .box \((\d+\.\d+)pt.*", log)
    found = [f"{width} pt beyond the slide" for width in wide if float(width) > WIDEST]
    return found + re.findall(r"^!.*|Missing character.*|.*Undefined control.*", log, re.MULTILINE)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_article_compiles(lang, tmp_path):
    assert complaints("article", lang, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["recurrent", "hostile"])
def test_other_networks_compile(name, tmp_path):
    assert complaints(name, "en", tmp_path) == []


@pytest.mark.parametrize("name", ["article", "conv", "recurrent", "repeated"])
def test_the_code_of_every_equation_is_marked_once(name):
    program = network(name).program
    module = write(program)
    entries = equations(program, module)
    for part in FUNCTIONS:
        text = written(name)[f"{part}.tex"]
        for row in rows(part, module, entries):
            line = rf"{{{code_text(row.lines[0].strip())}}}".replace("{", "", 1)
            assert re.search(rf"\\stated<\d+-\d+>\{{~*{re.escape(line)}", text), row.lines


def test_a_line_of_the_derivation_comes_with_each_overlay():
    text = written("article")["backward.tex"]
    frame = text.split(r"\begin{frame}")[2]
    overlays = [int(k) for k in re.findall(r"\\new<(\d+)>", frame)]
    assert sorted(set(overlays)) == list(range(1, max(overlays) + 1))
    assert overlays == sorted(overlays)
    assert rf"\stated<{max(overlays)}-{max(overlays)}>" in frame


@pytest.mark.parametrize("name", ["article", "conv", "recurrent", "repeated"])
def test_code_fits_into_its_column(name):
    program = network(name).program
    module = write(program)
    for part in (*FUNCTIONS, "update"):
        found = rows(part, module, equations(program, module))
        assert found
        lines = [line.strip() for row in found for line in row.lines]
        assert all(len(line) <= COLUMNS for line in lines if " " in line), part


def test_the_main_file_inputs_every_fragment():
    files = written("article")
    inputs = re.findall(r"\\input\{(\w+)\}", files["slides.tex"])
    assert [f"{part}.tex" for part in inputs] == [name for name in files if name != "slides.tex"]


def test_chinese_fonts_are_named():
    main = written("article", "zh")["slides.tex"]
    assert r"\usepackage[fontset=none]{ctex}" in main
    assert "FandolHei-Regular.otf" in main and "FandolSong-Regular.otf" in main


def test_text_of_the_network_file_does_nothing_to_tex():
    assert words(r"\input{x} 50% $a_1$", False) == (
        r"\symbol{92}input\symbol{123}x\symbol{125} 50\symbol{37} \symbol{36}a\symbol{95}1\symbol{36}"
    )
    assert words("网络 é", False) == "?? é"
    assert words("网络 é", True) == "网络 é"
    assert r"\input{/etc" not in written("hostile")["slides.tex"]


def test_code_is_written_by_the_numbers_of_its_signs():
    assert code_text('    x_1 = a["b"] \\ 2') == (
        r"~~~~x\symbol{95}1~=~a[\symbol{34}b\symbol{34}]~\symbol{92}~2"
    )


def test_the_bytes_are_the_same_each_time():
    assert slides(network("repeated")) == slides(network("repeated"))


def test_symbp_knows_its_own_slides_by_their_heads():
    assert all(text.startswith("% Written by symbp.") for text in written("article").values())
