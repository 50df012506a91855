"""Where long lines of generated code break: as ``ruff format`` has them, which leaves them alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import symbp
from symbp.writers.layout import WIDTH, broken
from symbp.writers.lines import Line
from tests.layers.proved import Table
from tests.network.networks import CE
from tests.network.real_networks import (
    IMAGES,
    POSITIONAL,
    RECURRENT,
    SCANS,
    attention,
    conv2d,
    dense,
    embedding,
    network,
    pool,
)

A, B, C = ("a" * 30, "b" * 30, "c" * 30)
STATEMENTS = {
    "arguments on one line": (
        f"y = f({A}, {B}, {C})",
        ["y = f(", f"    {A}, {B}, {C}", ")"],
    ),
    "arguments line by line": (
        f"y += f({A}, {B}, {C}, axes=([0, 2, 3], [0, 2, 3]))",
        ["y += f(", f"    {A},", f"    {B},", f"    {C},", "    axes=([0, 2, 3], [0, 2, 3]),", ")"],
    ),
    "the last of several calls": (
        f"return f({A}, {B}).max(axis=(4, 5), keepdims=True, initial=-np.inf)",
        [f"return f({A}, {B}).max(", "    axis=(4, 5), keepdims=True, initial=-np.inf", ")"],
    ),
    "a product that ends with a call": (
        f"y = {A} @ {B}.transpose(0, 2, 3, 1, 4, 5, 6, 7, 8, 9, 10)",
        [f"y = {A} @ {B}.transpose(", "    0, 2, 3, 1, 4, 5, 6, 7, 8, 9, 10", ")"],
    ),
    "a product that ends with a subscript": (
        f"y = {A} @ {B}[:, step] * {C}[:, None]",
        ["y = (", f"    {A}", f"    @ {B}[:, step]", f"    * {C}[:, None]", ")"],
    ),
    "a sum": (
        f"total = {A} + {B} - {C}",
        ["total = (", f"    {A} + {B} - {C}", ")"],
    ),
    "methods one behind the other": (
        f"result = ({A} @ {B}).transpose(0, 2, 1, 3).reshape(-1, 4)",
        ["result = (", f"    ({A} @ {B})", "    .transpose(0, 2, 1, 3)", "    .reshape(-1, 4)", ")"],
    ),
    "a loop": (
        f"for u, v in np.ndindex({A}, {B}, {C}):",
        ["for u, v in np.ndindex(", f"    {A}, {B}, {C}", "):"],
    ),
}  # fmt: skip

NETWORKS: dict[str, Table] = {
    "convolution with groups": IMAGES["groups with everything"],
    "convolutions": network(
        conv2d(6, 3, groups=2, padding=1, activation="relu"),
        pool("max", 2),
        pool("avg", [2, 1]),
        {"type": "flatten"},
        dense(3, "softmax"),
        shape=(4, 9, 9),
        loss=CE,
    ),
    "attention": network(
        embedding(6),
        POSITIONAL,
        attention(2, causal=True),
        dense(5, "softmax"),
        shape=(4,),
        loss=CE,
    ),
    "gru": RECURRENT["gru, shared and repeated"],
    "lstm": RECURRENT["lstm, shared and repeated"],
    "products in a loop": SCANS["delta rule"],
}


def laid_out(path: Path) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "100"]
    done = subprocess.run([*command, "--diff", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_long_statement_breaks_within_brackets(name: str) -> None:
    code, lines = STATEMENTS[name]
    assert broken(code, "") == lines


def test_long_statements_break_as_ruff_would_have_them(tmp_path: Path) -> None:
    text = ["def run():"]
    for code, _ in STATEMENTS.values():
        body = ["    pass"] * code.startswith("for")
        text += [*broken(f"    {code}", "    "), *(f"    {line}" for line in body)]
    (tmp_path / "module.py").write_text("\n".join(text) + "\n")
    laid_out(tmp_path)


def test_a_long_formula_stands_above_its_line() -> None:
    made = Line(f"y = {A} + {B}", "y = " + " + ".join([A] * 4)).render("    ")
    assert made == [f"    # y = {A} + {A} +", f"    #   {A} + {A}", f"    y = {A} + {B}"]


def test_a_line_that_has_no_formula_breaks_too() -> None:
    assert max(map(len, Line(f"y += f({A}, {B}, {C}, {A})").render("    "))) <= WIDTH


def test_modules_of_real_networks_are_laid_out_as_ruff_would(tmp_path: Path) -> None:
    for k, tables in enumerate(NETWORKS.values()):
        text = symbp.Network(**tables).generate()
        assert max(map(len, text.splitlines())) <= WIDTH
        (tmp_path / f"network{k}.py").write_text(text)
    laid_out(tmp_path)
