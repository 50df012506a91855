"""An answer in text, Markdown or LaTeX: parsed, never executed."""

from __future__ import annotations

from pathlib import Path

from symbp.judge.outcome import Answer, Network, Unusable


def read(network: Network, path: Path, text: str) -> Answer:
    """The formulas of a text. Raises Unusable for a line that cannot be read."""
    raise Unusable("holds no formula", path)
