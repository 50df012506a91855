"""``symbp lecture``: a network as teaching material."""

from __future__ import annotations

from pathlib import Path

import symbp
from symbp.commandline.screen import say
from symbp.writers import files

ENDINGS = {"html": ".html"}


def lecture(network: str, output: Path | None, *, form: str, lang: str, force: bool) -> None:
    """Write the page; without ``-o`` as NAME.html in this folder."""
    loaded = symbp.load(network)
    target = output if output is not None else Path(f"{loaded.name}{ENDINGS[form]}")
    files.check(target, force=force)
    from symbp.lecture.page import page

    files.write({target: page(loaded, lang).encode()}, force=force)
    say(f"wrote {target}; open it in a browser")
