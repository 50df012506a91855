"""The cells of a notebook, and the file that they make (nbformat 4.5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

Cell = dict[str, Any]
HIDDEN = {"jupyter": {"source_hidden": True}}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class Cells:
    """Makes cells, each with an id of its own that is the same for the same network."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def text(self, id: str, source: str) -> Cell:
        """Markdown."""
        kind = "markdown"
        return {
            "cell_type": kind,
            "id": self.id(f"{id}-text"),
            "metadata": {},
            "source": _lines(source),
        }

    def code(self, id: str, source: str, hidden: bool = False) -> Cell:
        """Python; ``hidden`` cells show their first line until they are opened."""
        return {
            "cell_type": "code",
            "execution_count": None,
            "id": self.id(f"{id}-code"),
            "metadata": HIDDEN if hidden else {},
            "outputs": [],
            "source": _lines(source),
        }

    def id(self, key: str) -> str:
        self.counts[key] = self.counts.get(key, 0) + 1
        return f"{key}-{self.counts[key]}"

    def has(self, key: str) -> bool:
        return key in self.counts


def document(cells: Iterable[Cell]) -> str:
    """The text of the ``.ipynb``."""
    whole = {"cells": list(cells), "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def escaped(text: str) -> str:
    """Text of a network file in Markdown, as it stands."""
    return re.sub(r"([\\`*_{}\[\]()<>#+.!|$~&-])", r"\\\1", " ".join(text.split()))


def _lines(source: str) -> list[str]:
    return source.rstrip("\n").splitlines(keepends=True)
