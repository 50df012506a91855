"""A folder with hostile answers among others: each ends within its limits, alone, and leaves nothing."""

from __future__ import annotations

import csv
import os
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from symbp.cli import main
from symbp.judge.child import process
from symbp.judge.child.process import Limits
from tests.judge.corpus import table

HEAD = (
    "import os, subprocess, sys, time\nimport numpy as np\n\n\ndef gradients(params, x, t):\n    "
)
HOSTILE = {
    "allocates.py": HEAD + "return {'W1': np.ones(10**10 // 8)}\n",
    "deep.tex": r"\frac{\partial L}{\partial w_1} = " + "{" * 50_000 + "x" + "}" * 50_000,
    "expands.tex": "\\newcommand{\\a}{xxxxxxxxxx}\n"
    + "".join(f"\\newcommand{{\\{b}}}{{{f'{chr(92)}{a} ' * 10}}}\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))
    + r"\frac{\partial L}{\partial w_1} = \h",
    "forks.py": HEAD + "while True:\n        os.fork()\n",
    "large.txt": "dw1 = x\n" * 200_000,
    "leaves.py": HEAD + "os.fork() or (os.setsid(), time.sleep(60))\n    os._exit(0)\n",
    "loops.py": HEAD + "while True:\n        pass\n",
    "shell.py": HEAD + "os.system('sleep 60')\n",
    "writes.py": HEAD + "print('x' * 2_000_000)\n    open('f', 'wb').write(bytes(1 << 28))\n",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    limits = Limits(wall=2.0, processor=1, memory=600 << 20, processes=8)
    monkeypatch.setattr(process, "LIMITS", limits)
    made = tmp_path / "answers"
    made.mkdir()
    for name, text in HOSTILE.items():
        (made / name).write_text(text, encoding="utf-8")
    with zipfile.ZipFile(made / "many.zip", "w") as archive:
        for k in range(10_000):
            archive.writestr(f"{k}.txt", "")
    for name in ("gradients.py", "scalar.tex", "plain.txt"):
        (made / f"right_{name}").write_text(table.source("article", name), encoding="utf-8")
    return made


def test_hostile_answers_are_unusable_alone(folder: Path) -> None:
    points = folder.parent / "points.csv"
    start = time.monotonic()
    result = CliRunner().invoke(main, ["check", "article", str(folder), "--csv", str(points)])
    assert result.exit_code == 1
    assert f"3 of 13 answers are right, {len(HOSTILE) + 1} unusable." in result.stdout
    rows = {row["answer"]: row["sum"] for row in csv.DictReader(points.open(encoding="utf-8"))}
    assert rows == {
        **dict.fromkeys([*HOSTILE, "many.zip"], "0"),
        **dict.fromkeys(["right_gradients.py", "right_scalar.tex", "right_plain.txt"], "4"),
    }
    assert time.monotonic() - start < 60  # fifteen, on a machine with nothing else to do


@pytest.mark.skipif(
    not Path("/proc/self").exists() or os.geteuid() != 0, reason="ends what left its group as root"
)
def test_nothing_that_an_answer_started_is_left(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    CliRunner().invoke(main, ["check", "article", str(folder / "leaves.py")])
    assert not [p for p in Path("/proc").iterdir() if p.name.isdigit() and _runs_in(tmp_path, p)]


def _runs_in(folder: Path, place: Path) -> bool:
    try:
        return str(folder).encode() in (place / "cmdline").read_bytes()
    except OSError:
        return False
