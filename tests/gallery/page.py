"""What the manual's page on the formula language shows: its blocks, its links, its list of mistakes."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

Table = dict[str, Any]

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
SECTION = re.compile(r"^### (.+?)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^]]+)\]\((#[^)]+)\)")
MISTAKE = re.compile(r"^\| `(.+?)` \| (.+) \|$", re.MULTILINE)


@cache
def chapter(title: str) -> str:
    """The text of one chapter."""
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    return str(text)


@cache
def blocks(title: str) -> dict[str, Table]:
    """Title -> the tables of the one block of each section of a chapter."""
    return {name: tomllib.loads(_only(body)) for name, body in SECTION.findall(chapter(title))}


def examples() -> dict[str, Table]:
    return blocks("By example")


def gallery() -> dict[str, Table]:
    return blocks("The gallery")


def _only(body: str) -> str:
    (block,) = BLOCK.findall(body)
    return str(block)
