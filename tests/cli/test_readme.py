"""What the README shows is what symbp prints, but for the rounding of the proofs."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
JUDGE = (ROOT / "docs" / "judge.md").read_text(encoding="utf-8")
ROUNDING = re.compile(r" *\d\.\de-\d\d")


def blocks(kind: str, page: str = README) -> list[str]:
    """The blocks of a page in that language."""
    found = re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)
    assert found
    return found


def shown(text: str) -> list[str]:
    """Lines without what another machine may round otherwise."""
    return [ROUNDING.sub(" #", line).rstrip() for line in text.rstrip().splitlines()]


def is_true(console: str, symbp: Run) -> None:
    """Every command prints what is shown behind it."""
    for session in console.split("$ symbp ")[1:]:
        command, _, expected = session.partition("\n")
        command, _, word = command.partition(" | grep ")
        printed = symbp(*command.split()).stdout
        lines = [line for line in printed.splitlines() if word in line]
        assert shown("\n".join(lines)) == shown(expected)


def test_the_worked_example_is_true(symbp: Run, here: Path) -> None:
    (here / "net.toml").write_text(blocks("toml")[0])
    is_true(blocks("console")[0], symbp)


def test_the_judge_says_what_its_page_shows(symbp: Run, here: Path) -> None:
    (here / "mine.py").write_text(blocks("python", JUDGE)[0])
    (here / "sheet.tex").write_text(blocks("latex", JUDGE)[0])
    for console in blocks("console", JUDGE):
        is_true(console, symbp)


def test_every_verb_is_in_the_table(symbp: Run) -> None:
    verbs = re.findall(
        r"^  (\w+)  ", symbp("--help").stdout.partition("Commands:")[2], re.MULTILINE
    )
    assert verbs and set(verbs) == set(re.findall(r"^\| `symbp (\w+)", README, re.MULTILINE))
