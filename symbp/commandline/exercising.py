"""``symbp exercise``: a worksheet with its solution, or one with a mistake to be found and its key."""

from __future__ import annotations

from pathlib import Path

import symbp
from symbp.commandline.screen import say
from symbp.judge.exercise import exercise as make
from symbp.writers import files


def exercise(
    network: str, output: Path | None, *, seed: int, faulty: bool, lang: str, force: bool
) -> None:
    """Write both sheets as Markdown and as TeX."""
    loaded = symbp.load(network)
    made = make(loaded, seed, faulty=faulty, lang=lang)
    folder = output if output is not None else Path(f"{loaded.name}_exercise")
    files.make_folder(folder)
    files.write({folder / name: content for name, content in made.files}, force=force)
    engine = "xelatex" if lang == "zh" else "pdflatex"
    say(f"wrote {', '.join(name for name, _ in made.files)} into {folder}; {engine} sets the .tex")
