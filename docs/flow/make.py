"""Writes the outputs and the plots of docs/flow.md again: ``python docs/flow/make.py``.

Every block that begins with ``$ symbp`` is a command, run in docs/; what it prints takes the place of
what stands below it. ``…`` on a line of its own stands for lines that the page leaves out.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

DOCS = Path(__file__).resolve().parent.parent
PAGE = DOCS / "flow.md"
BLOCK = re.compile(r"```console\n\$ symbp (?P<command>[^\n]*)\n(?P<shown>.*?)```", re.DOTALL)
LEFT_OUT = "…"
WORDS = 3  # by which a line is found again


@dataclass(frozen=True)
class Block:
    """A command of the page, and the lines that the page shows of its output."""

    command: str
    shown: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return shlex.split(self.command)


def blocks(text: str) -> Iterator[Block]:
    """The commands of a page, in order."""
    for found in BLOCK.finditer(text):
        yield Block(found["command"], tuple(found["shown"].rstrip("\n").split("\n")))


def output(words: list[str]) -> list[str]:
    """What a command prints, run in docs/."""
    from symbp.cli import main

    with contextlib.chdir(DOCS):
        result = CliRunner().invoke(main, words, catch_exceptions=False)
    if result.exit_code:
        raise SystemExit(f"symbp {shlex.join(words)}: {result.stderr}")
    return result.stdout.rstrip("\n").split("\n")


def parts(lines: tuple[str, ...] | list[str]) -> list[list[str]]:
    """The lines between those that are left out."""
    made: list[list[str]] = [[]]
    for line in lines:
        if line == LEFT_OUT:
            made.append([])
        else:
            made[-1].append(line)
    return made


def again(block: Block, lines: list[str]) -> list[str]:
    """The output with the same lines left out as before; all of it where nothing is shown yet."""
    if block.shown == ("",):
        return lines
    made: list[str] = []
    here = 0
    for k, part in enumerate(parts(block.shown)):
        if k:
            made.append(LEFT_OUT)
        if k and part:
            here = _found(part[0], lines, here, block)
        made += lines[here : here + len(part)]
        here += len(part)
    return made


def _found(start: str, lines: list[str], here: int, block: Block) -> int:
    """The line that begins with the same words."""
    words = start.split()[:WORDS]
    for k in range(here, len(lines)):
        if lines[k].split()[: len(words)] == words:
            return k
    raise SystemExit(f"symbp {block.command} prints no line that begins with: {' '.join(words)}")


def main() -> None:
    """Run every command, plots included."""

    def replaced(found: re.Match[str]) -> str:
        block = Block(found["command"], tuple(found["shown"].rstrip("\n").split("\n")))
        lines = again(block, output(block.words))
        print(f"symbp {block.command}")
        return f"```console\n$ symbp {block.command}\n" + "\n".join(lines) + "\n```"

    PAGE.write_text(BLOCK.sub(replaced, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
