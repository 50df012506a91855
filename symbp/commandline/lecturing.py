"""``symbp lecture``: a network as teaching material."""

from __future__ import annotations

from pathlib import Path

import symbp
from symbp.api import Network
from symbp.commandline.screen import say
from symbp.writers import files

ENDINGS = {"html": ".html", "notebook": ".ipynb"}
HINTS = {"html": "open it in a browser", "notebook": "open it in Jupyter"}
ENGINES = {"en": "pdflatex", "zh": "xelatex"}


def lecture(network: str, output: Path | None, *, form: str, lang: str, force: bool) -> None:
    """Write a page, a notebook or slides; without ``-o`` as NAME.html, NAME.ipynb, NAME_slides/."""
    loaded = symbp.load(network)
    if form == "slides":
        _slides(loaded, output or Path(f"{loaded.name}_slides"), lang, force)
        return
    target = output if output is not None else Path(f"{loaded.name}{ENDINGS[form]}")
    files.check(target, force=force)
    files.write({target: _text(loaded, form, lang).encode()}, force=force)
    say(f"wrote {target}; {HINTS[form]}")


def _text(network: Network, form: str, lang: str) -> str:
    if form == "notebook":
        from symbp.lecture.notebook import notebook

        return notebook(network, lang)
    from symbp.lecture.page import page

    return page(network, lang)


def _slides(network: Network, folder: Path, lang: str, force: bool) -> None:
    from symbp.lecture.slides import MAIN, slides

    made = {folder / name: text.encode() for name, text in slides(network, lang).items()}
    files.make_folder(folder)
    files.write(made, force=force)
    say(f"wrote {folder}; run {ENGINES[lang]} {MAIN} in it, twice")
