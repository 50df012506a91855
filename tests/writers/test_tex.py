"""Derivations on paper: every fragment compiles with amsmath alone and stays between the margins."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import symbp
from symbp import examples
from symbp.writers.derivation import NOTATIONS
from tests import peers
from tests.examples import example

WIDEST = 10.0  # points beyond the margin
PACKAGES = {"en": "", "zh": r"\usepackage[fontset=fandol]{ctex}"}
ENGINES = {"en": "pdflatex", "zh": "xelatex"}
DOCUMENT = r"""\documentclass[a4paper]{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
%s
\begin{document}
%s
\end{document}
"""


def compiled(fragments: dict[str, str], lang: str, folder: Path) -> str:
    """The log of one document that inputs every fragment; each is announced in it by its name."""
    peers.tex()
    inputs = []
    for name, text in fragments.items():
        (folder / f"{name}.tex").write_text(text, encoding="utf-8")
        inputs.append(rf"\typeout{{== {name}}}\input{{{name}.tex}}\clearpage")
    body = DOCUMENT % (PACKAGES[lang], "\n".join(inputs))
    (folder / "document.tex").write_text(body, encoding="utf-8")
    command = [ENGINES[lang], "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    subprocess.run(
        command, cwd=folder, capture_output=True, check=False, env=_environment(), timeout=300
    )
    log = (folder / "document.log").read_text(encoding="utf-8", errors="replace")
    assert (folder / "document.pdf").is_file(), _about(log, "!")
    return log


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "max_print_line": "1000"}


def complaints(log: str) -> list[str]:
    """Errors, commands that are not defined, and lines that stick out; each with its fragment."""
    found, name = [], ""
    for line in log.splitlines():
        if line.startswith("== "):
            name = line[3:]
        wide = re.match(r"Overfull \\hbox \(([\d.]+)pt too wide\)", line)
        if (
            line.startswith("!")
            or "Undefined control" in line
            or "Missing character" in line
            or (wide and float(wide[1]) > WIDEST)
        ):
            found.append(f"{name}: {line}")
    return found


def _about(log: str, sign: str) -> str:
    lines = log.splitlines()
    places = [k for k, line in enumerate(lines) if line.startswith(sign)]
    return "\n".join("\n".join(lines[k : k + 6]) for k in places[:3])


def fragments(names: list[str], lang: str) -> dict[str, str]:
    return {
        f"{name}-{notation}": example(name).derive(notation=notation, lang=lang).render("tex")
        for name in names
        for notation in NOTATIONS
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_article_compiles(lang, tmp_path):
    assert complaints(compiled(fragments(["article"], lang), lang, tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_example_compiles_and_keeps_to_its_margins(lang, tmp_path):
    assert complaints(compiled(fragments(examples.names(), lang), lang, tmp_path)) == []


LAYERS = {
    "batchnorm": [{"type": "batchnorm"}],
    "rmsnorm": [{"type": "rmsnorm"}],
    "gelu": [{"type": "activation", "function": "gelu_tanh"}],
    "selu": [{"type": "activation", "function": "selu"}],
    "hardtanh": [{"type": "activation", "function": "hardtanh"}],
    "copies": [
        {
            "type": "repeat",
            "times": 3,
            "layers": [
                {"type": "residual", "layers": [{"type": "dense", "units": 4}, {"type": "rmsnorm"}]}
            ],
        }
    ],
    "inside": [
        {
            "type": "repeat",
            "times": 2,
            "layers": [
                {"type": "repeat", "times": 3, "layers": [{"type": "dense", "units": 4}]},
                {"type": "add", "inputs": ["two_words", "two_words"]},
            ],
        }
    ],
}


@pytest.mark.slow
def test_other_layers_compile_with_names_of_two_words(tmp_path):
    made = {}
    for name, layers in LAYERS.items():
        network = symbp.Network(
            name=f"with_{name}",
            input={"shape": [3], "name": "input_1"},
            target={"name": "wanted_value"},
            layer=[
                {"type": "dense", "units": 4, "name": "two_words"},
                *layers,
                {"type": "dense", "units": 2, "activation": "sigmoid", "name": "y_hat"},
            ],
            loss={"type": "huber"},
            regularization={"l2": 0.001, "l1": 1e-7},
            train={"optimizer": "rmsprop", "momentum": 0.9, "weight_decay": 1e-4},
        )
        for notation in NOTATIONS:
            made[f"{name}-{notation}"] = network.derive(notation=notation).render("tex")
    assert complaints(compiled(made, "en", tmp_path)) == []
