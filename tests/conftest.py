"""The end of every run says aloud what could not be tested on this machine."""

from __future__ import annotations

import gc
import re
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from tests import peers

# The same examples in every run; ``--hypothesis-profile=default`` draws others, to search for more.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.load_profile("same")

PEER = Path(__file__).parent / "peer"
IMPORT = re.compile(r"^(?:from|import) (torch\b|tests\.peer\.\w+)", re.MULTILINE)


@cache
def needs_torch(file: Path) -> bool:
    """Whether a module imports PyTorch, itself or by way of the witness in ``tests/peer``."""
    found = IMPORT.findall(file.read_text(encoding="utf-8"))
    others = (PEER / f"{name.removeprefix('tests.peer.')}.py" for name in found if name != "torch")
    return "torch" in found or any(needs_torch(other) for other in others)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Modules that cannot be imported without PyTorch, where it is missing and may be."""
    if collection_path.suffix != ".py" or peers.required() or not peers.TORCH.lacks:
        return None
    return True if needs_torch(collection_path) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for peer in peers.PEERS:
        if peer.lacks:
            terminalreporter.section(f"{peer.name} is missing", yellow=True, bold=True)
            terminalreporter.line(f"NOT TESTED: {peer.proves}.")
            terminalreporter.line(f"To test it: {peer.install}")


QUICK_CASES = 1  # of a parametrised test, in the quick run: -m "not slow"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick run takes the first case of every parametrised test; the rest are marked slow."""
    seen: dict[tuple[str, str], int] = {}
    for item in items:
        if "[" not in item.name:
            continue
        key = (item.nodeid.partition("::")[0], item.name.partition("[")[0])
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > QUICK_CASES:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """What is there by now stays to the end, and formulas leave few cycles: looked through less often,
    they take a twelfth less time."""
    gc.freeze()
    gc.set_threshold(50_000)
