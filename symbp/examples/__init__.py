"""The built-in example networks: TOML files beside this one, each with a comment on why it exists.

names()             # ["article", "bilinear", ...]
path("article")     # the file
locate("article")   # the same, or any file of that name: what the command line takes
"""

from __future__ import annotations

import os
from pathlib import Path

from symbp.errors import InputError
from symbp.language.wording import unknown

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of all examples, sorted."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def path(name: str) -> Path:
    """The file of an example; InputError where there is none of that name."""
    if name not in names():
        raise InputError(unknown("example {}", name, names()))
    return FOLDER / f"{name}.toml"


def locate(network: str | os.PathLike[str]) -> Path:
    """A network file by its path, or an example by its name; a name with no suffix or folder is
    looked up among the files first. InputError where there is neither."""
    file = Path(network)
    if file.suffix or len(file.parts) > 1 or (file.is_file() if file.parts else False):
        return file
    return path(os.fspath(network))
