"""Reading somebody's gradient, in whatever form it comes.

answer = read(network, "answer.tex")
for outcome in answer.evaluate(points(network, answer.notation)):
    outcome.gradients["W1"]
"""

from __future__ import annotations

import os
from pathlib import Path

from symbp.judge.outcome import Answer, Network, Outcome, Point, Problem, Unusable
from symbp.judge.points import points, scalar_twin

__all__ = [
    "Answer",
    "Network",
    "Outcome",
    "Point",
    "Problem",
    "Unusable",
    "points",
    "read",
    "scalar_twin",
]

LARGEST = 1_000_000  # bytes of an answer
TEXT = (".tex", ".md", ".markdown", ".txt", ".text", ".rst", ".latex", "")


def read(network: Network, path: str | os.PathLike[str]) -> Answer:
    """The answer in a file: Python by its suffix ``.py``, else text, Markdown or LaTeX.

    Text is parsed and never executed; Python runs in a child process when the answer is evaluated.
    Raises Unusable for a file that cannot be read as an answer.
    """
    path = Path(path)
    text = _content(path)
    if path.suffix.lower() == ".py":
        from symbp.judge.child.answer import read as read_python

        return read_python(network, path, text)
    if path.suffix.lower() not in TEXT:
        expected = "a .py file, or text as .tex, .md or .txt"
        raise Unusable(f"a {path.suffix} file is no answer; expected {expected}", path)
    from symbp.judge.text.answer import read as read_text

    return read_text(network, path, text)


def _content(path: Path) -> str:
    try:
        if path.is_dir():
            raise Unusable("is a folder; expected a file", path)
        if path.stat().st_size > LARGEST:
            raise Unusable(f"is larger than {LARGEST // 1000} kB; an answer is a few lines", path)
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable(f"is not UTF-8 text (byte {error.start})", path) from None
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror or error}", path) from None
