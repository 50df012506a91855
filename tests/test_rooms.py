"""Imports between the rooms of the house run one way, also those that serve types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import symbp

CODE = Path(symbp.__file__).parent
ORDER = (
    "errors", "language", "examples", "layers", "calculus", "meanfield", "arrays", "printers", "network", "data",
    "writers", "fast", "proof", "judge", "flow", "lecture", "api", "commandline", "cli",
)  # fmt: skip


def imported(file: Path) -> Iterator[str]:
    """The rooms that a file reads from; ``symbp`` itself hands on what api offers."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            first, _, rest = name.partition(".")
            if first == "symbp":
                room = rest.partition(".")[0]
                yield room if room in ORDER or room == "__version__" else "api"


@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_from_rooms_before_it_alone(room: str) -> None:
    known = {*ORDER[: ORDER.index(room) + 1], "__version__"}
    files = sorted((CODE / room).rglob("*.py")) or [CODE / f"{room}.py"]
    for file in files:
        assert set(imported(file)) <= known, file.name


def test_every_room_has_its_place() -> None:
    found = {path.stem for path in CODE.iterdir() if path.suffix in ("", ".py")}
    assert {name for name in found if not name.startswith("_")} == set(ORDER)
