"""What a fresh machine may lack: PyTorch, TeX and a browser. Every test that needs one asks here.

Without it the test is skipped, and the end of the run says what was not tested. Where the environment
says ``SYMBP_REQUIRE_PEERS=1`` the test fails instead.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import pytest


@dataclass(frozen=True)
class Peer:
    """``proves`` is what goes untested without it, ``install`` the way to get it."""

    name: str
    proves: str
    install: str
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()  # of TeX

    @property
    def lacks(self) -> list[str]:
        found = [m for m in self.modules if importlib.util.find_spec(m) is None]
        found += [p for p in self.programs if shutil.which(p) is None]
        return found or [s for s in self.styles if not _has_style(s)]


@cache
def _has_style(style: str) -> bool:
    found = subprocess.run(["kpsewhich", style], capture_output=True, check=False)
    return found.returncode == 0


TORCH = Peer(
    "PyTorch",
    "agreement with PyTorch (gradients, random networks, optimizers), and the planted faults",
    "python -m pip install '.[peers]'",
    modules=("torch",),
)
TEX = Peer(
    "TeX",
    "that derivations compile with pdflatex and xelatex",
    "apt-get install texlive-latex-extra texlive-xetex texlive-lang-chinese",
    programs=("kpsewhich", "pdflatex", "xelatex"),
    styles=("amsmath.sty", "ctex.sty"),
)
BROWSER = Peer(
    "Chromium",
    "that the lecture page works in a browser: links, steps, numbers, no request, no error",
    "apt-get install chromium && python -m pip install '.[test]'",
    modules=("playwright",),
    programs=("chromium",),
)
PEERS = (TORCH, TEX, BROWSER)


def required() -> bool:
    """Whether a missing peer is a failure."""
    return os.environ.get("SYMBP_REQUIRE_PEERS") == "1"


def ask(peer: Peer) -> None:
    """Skip the test, or the module that is being imported, where the peer is not there."""
    if not peer.lacks:
        return
    message = f"{peer.name} is not installed ({', '.join(peer.lacks)} missing): {peer.install}"
    if required():
        pytest.fail(message, pytrace=False)
    pytest.skip(message, allow_module_level=True)


def torch() -> Any:
    """The module ``torch``."""
    ask(TORCH)
    module: ModuleType = importlib.import_module("torch")
    return module


def tex() -> None:
    """pdflatex, xelatex, amsmath and ctex are there behind this line."""
    ask(TEX)
