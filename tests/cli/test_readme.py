"""What the README shows is what symbp prints, but for the rounding of the proofs."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Run

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROUNDING = re.compile(r" *\d\.\de-\d\d")


def block(kind: str) -> str:
    """The first block of the README in that language."""
    found = re.search(rf"```{kind}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def shown(text: str) -> list[str]:
    """Lines without what another machine may round otherwise."""
    return [ROUNDING.sub(" #", line).rstrip() for line in text.rstrip().splitlines()]


def test_the_worked_example_is_true(symbp: Run, here: Path) -> None:
    (here / "net.toml").write_text(block("toml"))
    for session in block("console").split("$ symbp ")[1:]:
        command, _, expected = session.partition("\n")
        command, _, word = command.partition(" | grep ")
        printed = symbp(*command.split()).stdout
        lines = [line for line in printed.splitlines() if word in line]
        assert shown("\n".join(lines)) == shown(expected)


def test_every_verb_is_in_the_table(symbp: Run) -> None:
    verbs = re.findall(
        r"^  (\w+)  ", symbp("--help").stdout.partition("Commands:")[2], re.MULTILINE
    )
    assert verbs and set(verbs) == set(re.findall(r"^\| `symbp (\w+)", README, re.MULTILINE))
